//! What becomes of the gradient of a range of a layer's parameters.

use std::ops::Range;

use crate::backend::cpu::passes;
use crate::backend::cpu::shared::Shared;
use crate::kernels::{Control, LayerUpdate, State, Updated, Views};

/// Sets the sums that the gradient of a range starts from: those of the micro-batches before, or zero.
///
/// # Safety
/// While it runs, no other thread may write this range of what the update writes.
pub(super) unsafe fn start(
    layer: &LayerUpdate,
    control: Control,
    updated: &Updated<Shared<'_>>,
    range: Range<usize>,
    sums: &mut [f32],
) {
    match updated {
        Updated::Gradient { gradient } if layer.goes_on(control) => {
            // SAFETY: the caller's promise.
            sums.copy_from_slice(unsafe { gradient.read(range) });
        }
        _ => sums.fill(0.0),
    }
}

/// Applies the gradient of a range of the parameters, which are either all weights or all biases: it
/// is stored, or the parameters are updated by it.
///
/// # Safety
/// While it runs, no other thread may use this range of what the update writes.
pub(super) unsafe fn apply(
    layer: &LayerUpdate,
    control: Control,
    updated: &Updated<Shared<'_>>,
    range: Range<usize>,
    sums: &mut [f32],
) {
    match updated {
        Updated::Gradient { gradient } => {
            // SAFETY: the caller's promise.
            unsafe { gradient.write(range) }.copy_from_slice(sums);
        }
        Updated::Parameters { parameters, state } => {
            let weights = if range.start < layer.weights() { sums.len() } else { 0 };
            // SAFETY: the caller's promise; each tensor is borrowed once.
            let (parameters, state) =
                unsafe { (parameters.write(range.clone()), state_of(state, range)) };
            layer.hyper.regularize(weights, parameters, sums);
            passes::update(layer.formula(control), parameters, sums, state);
        }
    }
}

/// A range of each tensor of the optimizer's state.
///
/// # Safety
/// Nothing else may use this range of the state while the result is used.
pub(super) unsafe fn state_of<'a>(
    state: &State<Shared<'a>>,
    range: Range<usize>,
) -> State<Views<'a>> {
    // SAFETY: the caller's promise; each tensor is borrowed once.
    unsafe {
        match state {
            State::None => State::None,
            State::Momentum { momentum_buffer } => {
                State::Momentum { momentum_buffer: momentum_buffer.write(range) }
            }
            State::Adam { exp_avg, exp_avg_sq } => State::Adam {
                exp_avg: exp_avg.write(range.clone()),
                exp_avg_sq: exp_avg_sq.write(range),
            },
        }
    }
}
