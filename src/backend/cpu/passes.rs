//! Passes over tensors, between matrix products. Each runs on one thread with the widest SIMD that the
//! processor has, and calls nothing in its loops.

use super::lanes::{Arithmetic, Lanes as _, Plain, activate, bce, derive, exp_negative};
use super::simd::widest;
use crate::kernels::{Criterion, Formula, Function, State, Update, Views, floats};
use crate::spec::Loss;

/// Lanes of a pass: one register of AVX-512, two of AVX2, four of NEON.
pub(super) const LANES: usize = 16;

/// d_b += Σ d_z over the rows, in their order.
pub(super) fn add_rows(d_z: &[f32], bias: &mut [f32]) {
    widest(
        #[inline(always)]
        || {
            for row in d_z.chunks_exact(bias.len()) {
                add_lanes(bias, row);
            }
        },
    );
}

/// sum += part
pub(super) fn add(sum: &mut [f32], part: &[f32]) {
    widest(
        #[inline(always)]
        || add_lanes(sum, part),
    );
}

/// Σ x² of a few thousand numbers, lane by lane and then the lanes.
pub(super) fn square_sum(x: &[f32]) -> f32 {
    widest(
        #[inline(always)]
        || {
            let mut sums = [0.0; LANES];
            for at in (0..x.len()).step_by(LANES) {
                let x = load(x, at);
                for lane in 0..LANES {
                    sums[lane] += x[lane] * x[lane];
                }
            }
            sums.sum()
        },
    )
}

/// x *= scale
pub(super) fn scale(x: &mut [f32], scale: f32) {
    widest(
        #[inline(always)]
        || x.iter_mut().for_each(|x| *x *= scale),
    );
}

#[inline(always)]
fn add_lanes(sum: &mut [f32], part: &[f32]) {
    for (sum, part) in sum.iter_mut().zip(part) {
        *sum += part;
    }
}

/// y = f(z), in place.
pub(super) fn activate_all(function: Function, z: &mut [f32]) {
    if function != Function::Identity {
        widest(
            #[inline(always)]
            || {
                in_lanes(
                    z,
                    #[inline(always)]
                    |z| *z = activate::<Plain, _>(function, z),
                );
            },
        );
    }
}

/// f of all lanes of a slice; the last are padded with zeros.
#[inline(always)]
fn in_lanes(x: &mut [f32], f: impl Fn(&mut [f32; LANES])) {
    let (whole, rest) = x.as_chunks_mut::<LANES>();
    for x in whole {
        f(x);
    }
    if !rest.is_empty() {
        let mut padded = [0.0; LANES];
        padded[..rest.len()].copy_from_slice(rest);
        f(&mut padded);
        rest.copy_from_slice(&padded[..rest.len()]);
    }
}

/// d_z = d_y ∘ f′, in place, from what the forward pass kept.
pub(super) fn derive_all(function: Function, d: &mut [f32], kept: &[f32]) {
    if function != Function::Identity {
        widest(
            #[inline(always)]
            || derive_lanes(function, d, kept),
        );
    }
}

#[inline(always)]
fn derive_lanes(function: Function, d: &mut [f32], kept: &[f32]) {
    let (whole, rest) = d.as_chunks_mut::<LANES>();
    let (whole_kept, rest_kept) = kept.as_chunks::<LANES>();
    for (d, kept) in whole.iter_mut().zip(whole_kept) {
        derive::<Plain, _>(function, d, kept);
    }
    if !rest.is_empty() {
        let (mut padded, mut padded_kept) = ([0.0; LANES], [0.0; LANES]);
        padded[..rest.len()].copy_from_slice(rest);
        padded_kept[..rest.len()].copy_from_slice(rest_kept);
        derive::<Plain, _>(function, &mut padded, &padded_kept);
        rest.copy_from_slice(&padded[..rest.len()]);
    }
}

/// An optimizer's state whose tensors, or ranges of them, `tensor` gives by their number.
pub(super) fn state<'s>(
    update: Update,
    mut tensor: impl FnMut(usize) -> &'s mut [f32],
) -> State<Views<'s>> {
    match update {
        Update::Gradient | Update::Sgd => State::None,
        Update::Momentum => State::Momentum { momentum_buffer: tensor(0) },
        Update::Adam => State::Adam { exp_avg: tensor(0), exp_avg_sq: tensor(1) },
    }
}

/// The optimizer's step, on a range of the parameters and of its state.
pub(super) fn update(
    formula: Formula,
    parameters: &mut [f32],
    gradient: &[f32],
    mut state: State<Views<'_>>,
) {
    // Each kind in code of its own, so that it is not decided again for every parameter.
    match formula.update() {
        Update::Gradient => {}
        Update::Sgd => step::<0>(formula, parameters, gradient, &mut state),
        Update::Momentum => step::<1>(formula, parameters, gradient, &mut state),
        Update::Adam => step::<2>(formula, parameters, gradient, &mut state),
    }
}

fn step<const KIND: usize>(
    formula: Formula,
    parameters: &mut [f32],
    gradient: &[f32],
    state: &mut State<Views<'_>>,
) {
    const KINDS: [Update; 3] = [Update::Sgd, Update::Momentum, Update::Adam];
    widest(
        #[inline(always)]
        || formula.with(KINDS[KIND]).apply(parameters, gradient, state),
    );
}

/// The lanes of a slice from `at` on, padded with zeros past its end.
#[inline(always)]
pub(super) fn load(x: &[f32], at: usize) -> [f32; LANES] {
    let rest = &x[at..];
    match rest.first_chunk() {
        Some(lanes) => *lanes,
        None => {
            let mut padded = [0.0; LANES];
            padded[..rest.len()].copy_from_slice(rest);
            padded
        }
    }
}

/// Stores lanes, as far as the slice reaches.
#[inline(always)]
pub(super) fn store(x: &mut [f32], at: usize, lanes: &[f32; LANES]) {
    let rest = &mut x[at..];
    let live = rest.len().min(LANES);
    match rest.first_chunk_mut() {
        Some(all) => *all = *lanes,
        None => rest.copy_from_slice(&lanes[..live]),
    }
}

/// Loss, score and d_z of some rows of a batch of `batch` rows, as [`Criterion::row`] defines them.
pub(super) fn loss<A: Arithmetic>(
    criterion: Criterion,
    outputs: usize,
    z: &[f32],
    targets: &[u32],
    d_z: &mut [f32],
    metrics: &mut [[f32; 2]],
    batch: usize,
) {
    widest(
        #[inline(always)]
        || loss_lanes::<A>(criterion, outputs, z, targets, d_z, metrics, batch),
    );
}

#[inline(always)]
fn loss_lanes<A: Arithmetic>(
    criterion: Criterion,
    outputs: usize,
    z: &[f32],
    targets: &[u32],
    d_z: &mut [f32],
    metrics: &mut [[f32; 2]],
    batch: usize,
) {
    match criterion.loss {
        Loss::Bce if outputs == 1 => {
            binary::<A>(criterion, z, floats(targets), d_z, metrics, batch);
        }
        Loss::CrossEntropy if criterion.label_smoothing == 0.0 => {
            classes::<A>(outputs, z, targets, d_z, metrics, batch);
        }
        // Other losses by their twin.
        _ => {
            let columns = criterion.target_columns(outputs);
            let rows = z.chunks_exact(outputs).zip(targets.chunks_exact(columns));
            let results = d_z.chunks_exact_mut(outputs).zip(metrics);
            for ((z, t), (d_z, metrics)) in rows.zip(results) {
                *metrics = criterion.row(z, t, d_z, batch);
            }
        }
    }
}

/// Binary cross-entropy of one output, rows side by side.
#[inline(always)]
fn binary<A: Arithmetic>(
    criterion: Criterion,
    z: &[f32],
    t: &[f32],
    d_z: &mut [f32],
    metrics: &mut [[f32; 2]],
    batch: usize,
) {
    for at in (0..z.len()).step_by(LANES) {
        let live = LANES.min(z.len() - at);
        let mut d = [0.0; LANES];
        let t = load(t, at).map(|t| criterion.smoothed(t));
        let [loss, score] = bce::<A, _>(&load(z, at), &t, &mut d, batch);
        store(d_z, at, &d);
        for (lane, metrics) in metrics[at..at + live].iter_mut().enumerate() {
            *metrics = [loss[lane], score[lane]];
        }
    }
}

/// Cross-entropy after softmax: the exponentials of all rows in one pass.
#[inline(always)]
fn classes<A: Arithmetic>(
    o: usize,
    z: &[f32],
    t: &[u32],
    d_z: &mut [f32],
    metrics: &mut [[f32; 2]],
    batch: usize,
) {
    let rows = z.chunks_exact(o).zip(t);
    for ((z, t), (d_z, metrics)) in rows.zip(d_z.chunks_exact_mut(o).zip(metrics.iter_mut())) {
        let target = (*t as usize).min(o - 1);
        let mut largest = (0, z[0]);
        for (index, &z) in z.iter().enumerate() {
            // NaN too, which a comparison alone would skip.
            if z > largest.1 || z.is_nan() {
                largest = (index, z);
            }
        }
        for (d_z, z) in d_z.iter_mut().zip(z) {
            *d_z = z - largest.1;
        }
        *metrics = [-d_z[target], if largest.0 == target { 1.0 } else { 0.0 }];
    }
    in_lanes(
        d_z,
        #[inline(always)]
        |z| *z = exp_negative::<A, _>(z),
    );
    for ((t, d_z), metrics) in t.iter().zip(d_z.chunks_exact_mut(o)).zip(metrics) {
        let sum: f32 = d_z.iter().sum();
        for d_z in d_z.iter_mut() {
            *d_z = *d_z / sum / batch as f32;
        }
        d_z[(*t as usize).min(o - 1)] -= 1.0 / batch as f32;
        metrics[0] += sum.ln();
    }
}
