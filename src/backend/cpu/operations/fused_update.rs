//! The strands' gradients added up in their order, and the update of all parameters by the sum.

use super::{CpuOperation, Split};
use crate::backend::cpu::context::ThreadContext;
use crate::backend::cpu::part::{Part, pieces};
use crate::backend::cpu::passes;
use crate::backend::cpu::shared::BoundBuffers;
use crate::kernels::FusedUpdate;

/// Parameters that are added up and updated at once: what the L1 cache holds.
const BLOCK: usize = 1024;

/// Parameters at which parts are cut: a cache line.
const GRAIN: usize = 16;

// SAFETY: a part writes its parameters, their state, and the sum of their gradients in the first
// strand's place; of the other strands' gradients it reads its part.
unsafe impl CpuOperation for FusedUpdate {
    fn split(&self) -> Split {
        Split::Parts
    }

    unsafe fn run(&self, bound: &BoundBuffers<'_>, part: Part, _: &mut ThreadContext<'_>) {
        let (buffers, count) = (bound.of(self), self.parameters);
        let range = part.share(count, GRAIN);
        // SAFETY: the control is only read.
        let control = unsafe { buffers.control.get() };
        let formula = self.hyper.at(self.update, self.lr * control.schedule, control.step);
        for block in pieces(range, BLOCK) {
            let of = |tensor: usize| tensor * count + block.start..tensor * count + block.end;
            // SAFETY: this range of all tensors is the part's; each is borrowed once.
            let (sum, parameters) =
                unsafe { (buffers.gradients.write(of(0)), buffers.parameters.write(of(0))) };
            for strand in 1..self.strands {
                // SAFETY: as above.
                passes::add(sum, unsafe { buffers.gradients.read(of(strand)) });
            }
            self.regularize(block.clone(), parameters, sum);
            // SAFETY: as above.
            let state =
                passes::state(self.update, |tensor| unsafe { buffers.state.write(of(tensor)) });
            passes::update(formula, parameters, sum, state);
        }
    }
}
