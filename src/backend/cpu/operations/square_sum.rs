//! The squares of a layer's gradient, L1 and L2 added, summed in the contract's parts.

use super::{CpuOperation, Parts, Split};
use crate::backend::cpu::context::ThreadContext;
use crate::backend::cpu::part::{Part, pieces};
use crate::backend::cpu::passes;
use crate::backend::cpu::shared::BoundBuffers;
use crate::kernels::SquareSum;

/// Numbers that are copied, regularized and squared at once: what the L1 cache holds.
const BLOCK: usize = 1024;

// SAFETY: a part writes its partial sums.
unsafe impl CpuOperation for SquareSum {
    fn split(&self) -> Split {
        Split::Parts
    }

    fn parts(&self, _: usize) -> Parts {
        let parts = SquareSum::parts(self);
        Parts::Flexible { best: parts, most: parts }
    }

    unsafe fn run(&self, bound: &BoundBuffers<'_>, part: Part, _: &mut ThreadContext<'_>) {
        let buffers = bound.of(self);
        let own = part.share(SquareSum::parts(self), 1);
        let weights = self.outputs * self.inputs;
        // SAFETY: these partial sums are the part's.
        let partials =
            unsafe { buffers.partials.write(self.first + own.start..self.first + own.end) };
        for (partial, number) in partials.iter_mut().zip(own) {
            *partial = 0.0;
            for block in pieces(self.part(number), BLOCK) {
                // SAFETY: gradient and parameters are only read.
                let (gradient, parameters) = unsafe {
                    (buffers.gradient.read(block.clone()), buffers.parameters.read(block.clone()))
                };
                let mut copy = [0.0; BLOCK];
                let copy = &mut copy[..block.len()];
                copy.copy_from_slice(gradient);
                self.hyper.regularize(weights.saturating_sub(block.start), parameters, copy);
                *partial += passes::square_sum(copy);
            }
        }
    }
}
