//! Clipping by the norm: squares summed and gradients applied, part by part of each layer.

use super::passes;
use super::team::{Bound, Part, pieces};
use crate::kernels::{ApplyGradient, SquareSum};

/// Numbers that are copied, regularized and used at once: what the first cache holds.
const BLOCK: usize = 1024;

/// Some parts of the sum of a layer's squares.
///
/// # Safety
/// While it runs, no other thread may use these parts, nor write to what it reads.
pub(super) unsafe fn square_sum(sum: &SquareSum, bound: &Bound<'_>, part: Part) {
    let own = part.share(sum.parts(), 1);
    let weights = sum.outputs * sum.inputs;
    // SAFETY: these parts are the caller's.
    let partials = unsafe { bound.write(2, sum.first + own.start..sum.first + own.end) };
    for (partial, part) in partials.iter_mut().zip(own) {
        *partial = 0.0;
        for block in pieces(sum.part(part), BLOCK) {
            // SAFETY: gradient and parameters are only read.
            let (gradient, parameters) =
                unsafe { (bound.read(0, block.clone()), bound.read(1, block.clone())) };
            let mut copy = [0.0; BLOCK];
            let copy = &mut copy[..block.len()];
            copy.copy_from_slice(gradient);
            sum.hyper.regularize(weights.saturating_sub(block.start), parameters, copy);
            *partial += passes::square_sum(copy);
        }
    }
}

/// A part of a layer's parameters, updated by the clipped gradient.
///
/// # Safety
/// While it runs, no other thread may use this part of the parameters and what is remembered of
/// them, nor write to what it reads.
pub(super) unsafe fn apply(ApplyGradient { layer }: &ApplyGradient, bound: &Bound<'_>, part: Part) {
    let weights = layer.weights();
    let own = part.share(layer.count(), 16);
    // SAFETY: control and clip are only read.
    let (control, scale) = unsafe { (bound.control(), bound.read(2, 0..1)[0]) };
    let formula = layer.formula(control);
    for block in pieces(own, BLOCK) {
        // SAFETY: the gradient is only read.
        let gradient = unsafe { bound.read(1, block.clone()) };
        let mut copy = [0.0; BLOCK];
        let copy = &mut copy[..block.len()];
        copy.copy_from_slice(gradient);
        // SAFETY: this range is the part's own; each slot is borrowed once.
        let tensor = |slot| unsafe { bound.write(slot, block.clone()) };
        let parameters = tensor(3);
        layer.hyper.regularize(weights.saturating_sub(block.start), parameters, copy);
        passes::scale(copy, scale);
        passes::update(formula, parameters, copy, |memory| tensor(4 + memory));
    }
}
