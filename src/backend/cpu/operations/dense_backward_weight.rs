//! The gradient of a layer's parameters, d_W = d_zᵀ · x and d_b = Σ d_z, and their update: block by
//! block, so that a block's gradient is still in a cache when its weights are updated, and never whole
//! in memory.

use std::ops::Range;

use super::{CpuOperation, Parts, Split, layer_update};
use crate::backend::cpu::context::{Scratch, ThreadContext};
use crate::backend::cpu::dense;
use crate::backend::cpu::part::{Part, pieces};
use crate::backend::cpu::passes;
use crate::backend::cpu::product::{Layout, NEAR, PANEL, Right, Start, product};
use crate::backend::cpu::shared::BoundBuffers;
use crate::kernels::{DenseBackwardWeight, LayerUpdate};
use crate::spec::Layer;

/// Elements of a block: 4 MiB, of the L3 cache. Smaller ones would stay in the L2 cache, but the
/// product would have to pack its operands more often, which costs more.
const BLOCK: usize = 1 << 20;

/// Inputs of a block, at most.
const BLOCK_INPUTS: usize = 2048;

/// Units at which parts are cut: as many as the smaller of the large tiles takes.
const UNIT_GRAIN: usize = 8;

/// Units of a part, at best: enough that products can leave out zeros; and more where x is too large
/// for the L2 cache, enough to pay for packing it.
const UNITS_OF_A_PART: [usize; 2] = [64, 256];

// SAFETY: a part writes the weights of its units to its inputs, its biases, and their state.
unsafe impl CpuOperation for DenseBackwardWeight {
    fn split(&self) -> Split {
        Split::Parts
    }

    fn parts(&self, threads: usize) -> Parts {
        let LayerUpdate { inputs, outputs, .. } = self.layer;
        match by_units(outputs, threads) {
            true => {
                let far = self.rows * inputs * size_of::<f32>() > NEAR;
                Parts::Flexible {
                    best: outputs / UNITS_OF_A_PART[usize::from(far)],
                    most: outputs / (2 * UNIT_GRAIN),
                }
            }
            false => Parts::Flexible { best: inputs / PANEL, most: inputs.div_ceil(PANEL) },
        }
    }

    fn reserve(&self, scratch: &mut Scratch) {
        let LayerUpdate { inputs, outputs, .. } = self.layer;
        let layer = Layer { inputs, outputs };
        dense::reserve_backward_weight(&mut scratch.workspace, self.rows, layer);
        let [units, inputs] = block_of(&self.layer);
        scratch.floats.grow_to((units * inputs).max(outputs));
    }

    unsafe fn run(&self, bound: &BoundBuffers<'_>, part: Part, context: &mut ThreadContext<'_>) {
        let layer = &self.layer;
        let share = Share::of([layer.outputs, layer.inputs], part);
        let [units, inputs] = block_of(layer);
        for units in pieces(share.units, units) {
            for inputs in pieces(share.inputs.clone(), inputs) {
                // SAFETY: these weights are in the part.
                unsafe { weights(self, bound, (units.clone(), inputs), context) };
            }
        }
        if !share.biases.is_empty() {
            // SAFETY: these biases are in the part.
            unsafe { biases(self, bound, share.biases, context) };
        }
    }
}

/// Units and inputs of a block.
fn block_of(layer: &LayerUpdate) -> [usize; 2] {
    let inputs = layer.inputs.min(BLOCK_INPUTS);
    [(BLOCK / inputs.max(1)).max(UNIT_GRAIN).min(layer.outputs), inputs]
}

/// Whether so many parts have units of their own. Where units are few, parts have inputs of their own:
/// tiles stay whole, and x is not read by all.
const fn by_units(outputs: usize, parts: usize) -> bool {
    outputs >= 2 * UNIT_GRAIN * parts
}

/// A part of a layer: the weights of some units to some inputs, and some biases.
struct Share {
    units: Range<usize>,
    inputs: Range<usize>,
    biases: Range<usize>,
}

impl Share {
    fn of([outputs, inputs]: [usize; 2], part: Part) -> Self {
        if by_units(outputs, part.of) {
            let units = part.share(outputs, UNIT_GRAIN);
            return Self { biases: units.clone(), units, inputs: 0..inputs };
        }
        // Few units have few biases: one part takes all, so that their rows are read once.
        let biases = if part.number == 0 { 0..outputs } else { 0..0 };
        Self { units: 0..outputs, inputs: part.share(inputs, PANEL), biases }
    }
}

/// A block of the weights.
///
/// # Safety
/// As [`CpuOperation::run`], for this block.
unsafe fn weights(
    kernel: &DenseBackwardWeight,
    bound: &BoundBuffers<'_>,
    (units, inputs): (Range<usize>, Range<usize>),
    context: &mut ThreadContext<'_>,
) {
    let (layer, buffers) = (&kernel.layer, bound.of(kernel));
    let (i, o) = (layer.inputs, layer.outputs);
    // SAFETY: control, d_z and x are only read.
    let (control, rows, d_z, x) = unsafe {
        let control = buffers.control.get();
        let rows = control.rows as usize;
        (control, rows, buffers.d_z.read(0..rows * o), buffers.x.read(0..rows * i))
    };
    let Scratch { floats, workspace } = &mut *context.scratch;
    let d_weight = &mut floats[..units.len() * inputs.len()];
    let mut start = Start::Zero;
    if layer.goes_on(control) {
        start = Start::Kept;
        for (unit, d_weight) in units.clone().zip(d_weight.chunks_exact_mut(inputs.len())) {
            let own = unit * i + inputs.start..unit * i + inputs.end;
            // SAFETY: this range of the gradient is the caller's.
            unsafe { layer_update::start(layer, control, &buffers.updated, own, d_weight) };
        }
    }
    let size = [units.len(), inputs.len(), rows];
    let of_units = (from(d_z, units.start), Layout::rows(o).transposed());
    let of_inputs = Right::Rows(from(x, inputs.start), i);
    product(size, (&mut *d_weight, start), of_units, of_inputs, workspace);
    let apply = |range, gradient: &mut _| {
        // SAFETY: these parameters are the caller's.
        unsafe { layer_update::apply(layer, control, &buffers.updated, range, gradient) }
    };
    if inputs.len() == i {
        apply(units.start * i..units.end * i, d_weight);
    } else {
        for (unit, d_weight) in units.zip(d_weight.chunks_exact_mut(inputs.len())) {
            apply(unit * i + inputs.start..unit * i + inputs.end, d_weight);
        }
    }
}

/// The biases of some units.
///
/// # Safety
/// As [`CpuOperation::run`], for these biases.
unsafe fn biases(
    kernel: &DenseBackwardWeight,
    bound: &BoundBuffers<'_>,
    units: Range<usize>,
    context: &mut ThreadContext<'_>,
) {
    let (layer, buffers) = (&kernel.layer, bound.of(kernel));
    let (i, o) = (layer.inputs, layer.outputs);
    // SAFETY: control and d_z are only read.
    let (control, d_z) = unsafe {
        let control = buffers.control.get();
        (control, buffers.d_z.read(0..control.rows as usize * o))
    };
    let d_bias = &mut context.scratch.floats[..units.len()];
    let own = o * i + units.start..o * i + units.end;
    // SAFETY: these biases are the caller's.
    unsafe { layer_update::start(layer, control, &buffers.updated, own.clone(), d_bias) };
    for row in d_z.chunks_exact(o) {
        passes::add(d_bias, &row[units.clone()]);
    }
    // SAFETY: as above.
    unsafe { layer_update::apply(layer, control, &buffers.updated, own, d_bias) };
}

/// A matrix from an element on; an empty one has none.
fn from(matrix: &[f32], element: usize) -> &[f32] {
    &matrix[element.min(matrix.len())..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_up_a_layer() {
        for outputs in [1, 15, 95, 256] {
            for inputs in [5, 33, 333] {
                for of in 1..=70 {
                    let mut weights = vec![0; outputs * inputs];
                    let mut biases = vec![0; outputs];
                    for number in 0..of {
                        let share = Share::of([outputs, inputs], Part { number, of });
                        for unit in share.units {
                            share
                                .inputs
                                .clone()
                                .for_each(|input| weights[unit * inputs + input] += 1);
                        }
                        share.biases.for_each(|unit| biases[unit] += 1);
                    }
                    let once = weights.into_iter().chain(biases).all(|count| count == 1);
                    assert!(once, "{of} parts of {outputs} units and {inputs} inputs");
                }
            }
        }
    }
}
