//! What becomes of the gradient of a range of a layer's parameters.

use std::ops::Range;

use crate::backend::cpu::passes;
use crate::backend::cpu::shared::BoundBuffers;
use crate::kernels::{Control, LayerUpdate, Update};

/// Applies the gradient of a range of the parameters, which are either all weights or all biases: it
/// is stored, or the parameters are updated by it. What the update writes is bound from slot `first`
/// on: the gradient, or parameters and optimizer state.
///
/// # Safety
/// While it runs, no other thread may use this range of what the update writes.
pub(super) unsafe fn apply(
    layer: &LayerUpdate,
    control: Control,
    (bound, first): (&BoundBuffers<'_>, usize),
    range: Range<usize>,
    gradient: &mut [f32],
) {
    // SAFETY: the caller's promise; each slot is borrowed once.
    let tensor = |slot: usize| unsafe { bound.write(slot, range.clone()) };
    let parameters = tensor(first);
    if layer.update == Update::Gradient {
        return parameters.copy_from_slice(gradient);
    }
    let weights = if range.start < layer.weights() { gradient.len() } else { 0 };
    layer.hyper.regularize(weights, parameters, gradient);
    let state = |number| tensor(first + 1 + number);
    passes::update(layer.formula(control), parameters, gradient, state);
}

/// The sums that the gradient of a range starts from: those of the micro-batches before, or zero.
///
/// # Safety
/// As [`apply`].
pub(super) unsafe fn start(
    layer: &LayerUpdate,
    control: Control,
    (bound, first): (&BoundBuffers<'_>, usize),
    range: Range<usize>,
    gradient: &mut [f32],
) {
    match layer.goes_on(control) {
        // SAFETY: the caller's promise.
        true => gradient.copy_from_slice(unsafe { bound.read(first, range) }),
        false => gradient.fill(0.0),
    }
}
