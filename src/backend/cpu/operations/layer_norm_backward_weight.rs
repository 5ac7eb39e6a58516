//! The gradient of a layer norm's parameters, d_γ\[O\] = Σ d_n ∘ (z − mean) / σ and d_β\[O\] = Σ d_n,
//! summed row by row in vectors of units, and their update.

use super::{CpuOperation, Split, elements, layer_update};
use crate::backend::cpu::context::{Scratch, ThreadContext};
use crate::backend::cpu::part::Part;
use crate::backend::cpu::passes::LANES;
use crate::backend::cpu::shared::BoundBuffers;
use crate::backend::cpu::simd::widest;
use crate::kernels::{LayerNormBackwardWeight, normalized};

// SAFETY: a part writes γ and β of its units, and their state.
unsafe impl CpuOperation for LayerNormBackwardWeight {
    fn split(&self) -> Split {
        Split::Parts
    }

    fn reserve(&self, scratch: &mut Scratch) {
        scratch.floats.grow_to(self.layer.count());
    }

    unsafe fn run(&self, bound: &BoundBuffers<'_>, part: Part, context: &mut ThreadContext<'_>) {
        let (buffers, o) = (bound.of(self), self.columns());
        let own = part.share(o, LANES);
        // SAFETY: control, d_n, z and the moments are only read.
        let (control, d_n, z, moments) = unsafe {
            let control = buffers.control.get();
            let rows = 0..control.rows as usize;
            (
                control,
                buffers.d_n.read(elements(&rows, o)),
                buffers.z.read(elements(&rows, o)),
                buffers.moments.read(rows),
            )
        };
        let layer = &self.layer;
        let ranges = [own.clone(), o + own.start..o + own.end];
        let sums = &mut context.scratch.floats[..2 * own.len()];
        let (of_gamma, of_beta) = sums.split_at_mut(own.len());
        for (sums, range) in [&mut *of_gamma, &mut *of_beta].into_iter().zip(ranges.clone()) {
            // SAFETY: these parameters are the part's.
            unsafe { layer_update::start(layer, control, &buffers.updated, range, sums) };
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
            // SAFETY: these parameters are the part's.
            unsafe { layer_update::apply(layer, control, &buffers.updated, range, sums) };
        }
    }
}
