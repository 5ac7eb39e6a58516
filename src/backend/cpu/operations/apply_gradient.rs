//! The update of a layer's parameters by the clipped gradient.

use super::layer_update::state_of;
use super::{CpuOperation, Split};
use crate::backend::cpu::context::ThreadContext;
use crate::backend::cpu::part::{Part, pieces};
use crate::backend::cpu::passes;
use crate::backend::cpu::shared::BoundBuffers;
use crate::kernels::{ApplyGradient, Updated};

/// Numbers that are copied, regularized and applied at once: what the L1 cache holds.
const BLOCK: usize = 1024;

/// Parameters at which parts are cut: a cache line.
const GRAIN: usize = 16;

// SAFETY: a part writes its parameters and their state.
unsafe impl CpuOperation for ApplyGradient {
    fn split(&self) -> Split {
        Split::Parts
    }

    unsafe fn run(&self, bound: &BoundBuffers<'_>, part: Part, _: &mut ThreadContext<'_>) {
        let (layer, buffers) = (&self.layer, bound.of(self));
        let Updated::Parameters { parameters, state } = &buffers.updated else {
            unreachable!("a gradient that is kept is not applied")
        };
        let weights = layer.weights();
        let own = part.share(layer.count(), GRAIN);
        // SAFETY: control and clip are only read.
        let (control, scale) = unsafe { (buffers.control.get(), buffers.clip.read(0..1)[0]) };
        let formula = layer.formula(control);
        for block in pieces(own, BLOCK) {
            // SAFETY: the gradient is only read.
            let gradient = unsafe { buffers.gradient.read(block.clone()) };
            let mut copy = [0.0; BLOCK];
            let copy = &mut copy[..block.len()];
            copy.copy_from_slice(gradient);
            // SAFETY: this range is the part's; each tensor is borrowed once.
            let (parameters, state) =
                unsafe { (parameters.write(block.clone()), state_of(state, block.clone())) };
            layer.hyper.regularize(weights.saturating_sub(block.start), parameters, copy);
            passes::scale(copy, scale);
            passes::update(formula, parameters, copy, state);
        }
    }
}
