//! Layer norms: rows forward and back, and their γ and β by units, in vectors of units.

use std::ops::Range;

use super::lanes::Lanes as _;
use super::passes::{self, LANES, load};
use super::replay::Hands;
use super::rows::of;
use super::simd::widest;
use super::team::{Bound, Part};
use super::units;
use crate::kernels::{
    LayerNorm, LayerNormBackwardInput, LayerNormBackwardWeight, normalized, pairs, pairs_mut,
};

/// Numbers that are normalized before the activation comes to them: what the first cache holds.
const BLOCK: usize = 4096;

/// y = f(γ (z − mean) / σ + β)
///
/// # Safety
/// As [`super::rows::run`].
pub(super) unsafe fn forward(norm: &LayerNorm, bound: &Bound<'_>, rows: Range<usize>) {
    let o = norm.columns;
    // SAFETY: z and the parameters are only read; these rows of the moments and of y are ours.
    let (z, parameters, moments, y) = unsafe {
        (
            bound.read(1, of(&rows, o)),
            bound.read(2, 0..2 * o),
            pairs_mut(bound.words_mut(3, of(&rows, 2))),
            bound.write(4, of(&rows, o)),
        )
    };
    let affine = parameters.split_at(o);
    let at_once = (BLOCK / o).max(1);
    let blocks = z.chunks(at_once * o).zip(moments.chunks_mut(at_once));
    for ((z, moments), y) in blocks.zip(y.chunks_mut(at_once * o)) {
        widest(
            #[inline(always)]
            || {
                let rows = z.chunks_exact(o).zip(&mut *moments).zip(y.chunks_exact_mut(o));
                for ((z, moment), y) in rows {
                    *moment = row(z, affine, y);
                }
            },
        );
        passes::activate_all(norm.function, y);
    }
}

/// One row; returns its mean and 1/σ.
#[inline(always)]
fn row(z: &[f32], (gamma, beta): (&[f32], &[f32]), y: &mut [f32]) -> [f32; 2] {
    let count = z.len() as f32;
    let mean = sum_of(z, |z| z) / count;
    let squares = sum_of(z, |z| (z - mean) * (z - mean));
    let moment = [mean, 1.0 / (squares / count + LayerNorm::EPS).sqrt()];
    for ((y, z), (gamma, beta)) in y.iter_mut().zip(z).zip(gamma.iter().zip(beta)) {
        *y = gamma * normalized(*z, moment) + beta;
    }
    moment
}

/// Σ f(x), lane by lane and then the lanes.
#[inline(always)]
fn sum_of(x: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let (whole, rest) = x.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for x in whole {
        for lane in 0..LANES {
            sums[lane] += f(x[lane]);
        }
    }
    for (sum, x) in sums.iter_mut().zip(rest) {
        *sum += f(*x);
    }
    sums.sum()
}

/// d_z = (g − mean(g) − n mean(g ∘ n)) / σ, with n = (z − mean) / σ and g = d_n ∘ γ.
///
/// # Safety
/// As [`super::rows::run`].
pub(super) unsafe fn backward_input(
    norm: &LayerNormBackwardInput,
    bound: &Bound<'_>,
    rows: Range<usize>,
) {
    let o = norm.columns;
    // SAFETY: all but d_z is only read, and these rows of it are ours.
    let (d_n, z, moments, gamma, d_z) = unsafe {
        (
            bound.read(1, of(&rows, o)),
            bound.read(2, of(&rows, o)),
            pairs(bound.words(3, of(&rows, 2))),
            bound.read(4, 0..o),
            bound.write(5, of(&rows, o)),
        )
    };
    widest(
        #[inline(always)]
        || {
            let read = d_n.chunks_exact(o).zip(z.chunks_exact(o)).zip(moments);
            for (((d_n, z), &moment), d_z) in read.zip(d_z.chunks_exact_mut(o)) {
                row_back((d_n, z, moment), gamma, d_z);
            }
        },
    );
}

/// One row.
#[inline(always)]
fn row_back((d_n, z, moment): (&[f32], &[f32], [f32; 2]), gamma: &[f32], d_z: &mut [f32]) {
    let (mut of_g, mut of_gn) = ([0.0; LANES], [0.0; LANES]);
    for at in (0..d_n.len()).step_by(LANES) {
        // Past the end d_n is 0, and so is all that is made of it.
        let (d_n, gamma, z) = (load(d_n, at), load(gamma, at), load(z, at));
        for lane in 0..LANES {
            let g = d_n[lane] * gamma[lane];
            of_g[lane] += g;
            of_gn[lane] += g * normalized(z[lane], moment);
        }
    }
    let count = d_n.len() as f32;
    let (of_g, of_gn) = (of_g.sum() / count, of_gn.sum() / count);
    for ((d_z, z), (d_n, gamma)) in d_z.iter_mut().zip(z).zip(d_n.iter().zip(gamma)) {
        *d_z = (d_n * gamma - of_g - normalized(*z, moment) * of_gn) * moment[1];
    }
}

/// Words that a norm's gradient takes.
pub(super) fn scratch_words(norm: &LayerNormBackwardWeight) -> usize {
    norm.layer.count()
}

/// d_γ = Σ d_n ∘ (z − mean) / σ and d_β = Σ d_n of some units, row by row, and their update.
///
/// # Safety
/// While it runs, no other thread may use these units' parameters and what is remembered of them,
/// nor write to what it reads.
pub(super) unsafe fn backward_weight(
    norm: &LayerNormBackwardWeight,
    bound: &Bound<'_>,
    part: Part,
    hands: &mut Hands<'_>,
) {
    let o = norm.columns();
    let own = part.share(o, LANES);
    // SAFETY: control, d_n, z and the moments are only read.
    let (control, d_n, z, moments) = unsafe {
        let control = bound.control();
        let rows = 0..control.rows as usize;
        let moments = pairs(bound.words(3, of(&rows, 2)));
        (control, bound.read(1, of(&rows, o)), bound.read(2, of(&rows, o)), moments)
    };
    let layer = &norm.layer;
    let ranges = [own.clone(), o + own.start..o + own.end];
    let (of_gamma, of_beta) = hands.scratch[..2 * own.len()].split_at_mut(own.len());
    for (sums, range) in [&mut *of_gamma, &mut *of_beta].into_iter().zip(ranges.clone()) {
        match layer.goes_on(control) {
            // SAFETY: this range of the gradient is the part's own.
            true => sums.copy_from_slice(unsafe { bound.read(4, range) }),
            false => sums.fill(0.0),
        }
    }
    widest(
        #[inline(always)]
        || {
            for ((d_n, z), &moment) in d_n.chunks_exact(o).zip(z.chunks_exact(o)).zip(moments) {
                let terms = d_n[own.clone()].iter().zip(&z[own.clone()]);
                let sums = of_gamma.iter_mut().zip(of_beta.iter_mut());
                for ((of_gamma, of_beta), (d_n, z)) in sums.zip(terms) {
                    *of_gamma += d_n * normalized(*z, moment);
                    *of_beta += d_n;
                }
            }
        },
    );
    for (sums, range) in [of_gamma, of_beta].into_iter().zip(ranges) {
        // SAFETY: these parameters are the part's own.
        unsafe { units::apply(layer, control, (bound, 4), range, sums) };
    }
}
