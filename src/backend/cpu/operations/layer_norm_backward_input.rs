//! The gradient of what a layer norm takes: d_z = (g − mean(g) − n mean(g ∘ n)) / σ, with
//! n = (z − mean) / σ and g = d_n ∘ γ, row by row of \[B,O\].

use super::{CpuOperation, Split, elements, rows_of};
use crate::backend::cpu::context::ThreadContext;
use crate::backend::cpu::lanes::Lanes as _;
use crate::backend::cpu::part::Part;
use crate::backend::cpu::passes::{LANES, load};
use crate::backend::cpu::shared::BoundBuffers;
use crate::backend::cpu::simd::widest;
use crate::kernels::{LayerNormBackwardInput, normalized};

// SAFETY: a part writes its rows of d_z.
unsafe impl CpuOperation for LayerNormBackwardInput {
    fn split(&self) -> Split {
        Split::Rows
    }

    unsafe fn run(&self, bound: &BoundBuffers<'_>, part: Part, _: &mut ThreadContext<'_>) {
        let (buffers, o) = (bound.of(self), self.columns);
        // SAFETY: all but d_z is only read, and these rows of it are the part's.
        let (d_n, z, moments, gamma, d_z) = unsafe {
            let rows = rows_of(part, &buffers.control);
            (
                buffers.d_n.read(elements(&rows, o)),
                buffers.z.read(elements(&rows, o)),
                buffers.moments.read(rows.clone()),
                buffers.parameters.read(0..o),
                buffers.d_z.write(elements(&rows, o)),
            )
        };
        widest(
            #[inline(always)]
            || {
                let read = d_n.chunks_exact(o).zip(z.chunks_exact(o)).zip(moments);
                for (((d_n, z), &moment), d_z) in read.zip(d_z.chunks_exact_mut(o)) {
                    row((d_n, z, moment), gamma, d_z);
                }
            },
        );
    }
}

#[inline(always)]
fn row((d_n, z, moment): (&[f32], &[f32], [f32; 2]), gamma: &[f32], d_z: &mut [f32]) {
    let (mut of_g, mut of_gn) = ([0.0; LANES], [0.0; LANES]);
    for at in (0..d_n.len()).step_by(LANES) {
        // Past the end d_n is 0, and so are both terms.
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
