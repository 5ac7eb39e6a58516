//! The weights' gradients and their update, on a range of a layer's units: block by block, so that
//! a block's gradient is still in the cache when its weights are updated.

use std::ops::Range;

use super::passes;
use super::product::{Layout, Sum, product};
use super::team::{Bound, Member};
use crate::kernels::{DenseBackwardWeight, Update};

/// Elements of a block: half of a second cache of 512 KiB.
const BLOCK: usize = 1 << 16;

/// Units of a block.
fn block_of(layer: &DenseBackwardWeight) -> usize {
    (BLOCK / (layer.inputs + 1)).max(16).min(layer.outputs)
}

/// Words that a block's gradient takes.
pub(super) fn scratch_words(layer: &DenseBackwardWeight) -> usize {
    block_of(layer) * (layer.inputs + 1)
}

/// d_W = d_zᵀ · x and d_b = Σ d_z of a thread's units, and their update.
///
/// # Safety
/// While it runs, no other thread may use these units' parameters and what is remembered of them,
/// nor write to what it reads.
pub(super) unsafe fn run(
    layer: &DenseBackwardWeight,
    bound: &Bound<'_>,
    member: Member,
    scratch: &mut [f32],
) {
    let units = member.share(layer.outputs, 1);
    let block = block_of(layer);
    for first in units.clone().step_by(block) {
        let units = first..(first + block).min(units.end);
        // SAFETY: these units are a part of the thread's.
        unsafe { update(layer, bound, units, scratch) };
    }
}

/// # Safety
/// As [`run`].
unsafe fn update(
    layer: &DenseBackwardWeight,
    bound: &Bound<'_>,
    units: Range<usize>,
    scratch: &mut [f32],
) {
    let (i, o) = (layer.inputs, layer.outputs);
    // SAFETY: control, d_z and x are only read.
    let (control, rows, d_z, x) = unsafe {
        let control = bound.control();
        let rows = control.rows as usize;
        (control, rows, bound.read(1, 0..rows * o), bound.read(2, 0..rows * i))
    };
    let (d_weight, rest) = scratch.split_at_mut(units.len() * i);
    let d_bias = &mut rest[..units.len()];
    let weights = units.start * i..units.end * i;
    let biases = o * i + units.start..o * i + units.end;
    let mut sum = Sum::Fresh;
    d_bias.fill(0.0);
    if layer.goes_on(control) {
        sum = Sum::OnTop;
        // SAFETY: these parts of the gradient are the thread's own.
        unsafe {
            d_weight.copy_from_slice(bound.read(3, weights.clone()));
            d_bias.copy_from_slice(bound.read(3, biases.clone()));
        }
    } else if rows == 0 {
        d_weight.fill(0.0);
    }
    // Span by span, so that a batch in parts has the partial sums of a whole one.
    let spans = d_z.chunks(DenseBackwardWeight::SPAN * o);
    for (d_z, x) in spans.zip(x.chunks(DenseBackwardWeight::SPAN * i.max(1))) {
        let of_units = (&d_z[units.start..], Layout::rows(o).transposed());
        let into = (&mut *d_weight, Layout::rows(i), sum);
        product([units.len(), i, d_z.len() / o], into, of_units, (x, Layout::rows(i)));
        sum = Sum::OnTop;
    }
    for row in d_z.chunks_exact(o) {
        passes::add(d_bias, &row[units.clone()]);
    }
    let parts = [(weights, units.len() * i, d_weight), (biases, 0, d_bias)];
    for (range, weights, gradient) in parts {
        // SAFETY: these parameters, or this part of the gradient, and what is remembered of them
        // are the thread's own.
        let tensor = |slot: usize| unsafe { bound.write(slot, range.clone()) };
        if layer.update == Update::Gradient {
            tensor(3).copy_from_slice(gradient);
            continue;
        }
        layer.hyper.regularize(weights, tensor(3), gradient);
        let formula = layer.hyper.at(layer.update, layer.lr * control.schedule, control.step);
        match layer.update.memories().len() {
            0 => passes::update(formula, tensor(3), gradient, []),
            1 => passes::update(formula, tensor(3), gradient, [tensor(4)]),
            _ => passes::update(formula, tensor(3), gradient, [tensor(4), tensor(5)]),
        }
    }
}
