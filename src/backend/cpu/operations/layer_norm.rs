//! A layer norm and the activation after it: y\[B,O\] = f(γ (z − mean) / σ + β), row by row.

use super::{CpuOperation, Split, elements, rows_of};
use crate::backend::cpu::context::ThreadContext;
use crate::backend::cpu::lanes::Lanes as _;
use crate::backend::cpu::part::Part;
use crate::backend::cpu::passes::{self, LANES};
use crate::backend::cpu::shared::BoundBuffers;
use crate::backend::cpu::simd::widest;
use crate::kernels::{LayerNorm, normalized};

/// Numbers that are normalized before the activation is applied to them: what the L1 cache holds.
const BLOCK: usize = 4096;

// SAFETY: a part writes its rows of the moments and of y.
unsafe impl CpuOperation for LayerNorm {
    fn split(&self) -> Split {
        Split::Rows
    }

    unsafe fn run(&self, bound: &BoundBuffers<'_>, part: Part, _: &mut ThreadContext<'_>) {
        let (buffers, o) = (bound.of(self), self.columns);
        // SAFETY: control, z and the parameters are only read; these rows of the moments and of y are
        // the part's.
        let (z, parameters, moments, y) = unsafe {
            let rows = rows_of(part, &buffers.control);
            (
                buffers.z.read(elements(&rows, o)),
                buffers.parameters.read(0..2 * o),
                buffers.moments.write(rows.clone()),
                buffers.y.write(elements(&rows, o)),
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
            passes::activate_all(self.function, y);
        }
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
