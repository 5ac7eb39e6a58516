//! What is done on a part of a layer: the weights' gradients and their update, block by block, so that
//! a block's gradient is still in a cache when its weights are updated, and never whole in memory; and
//! the way forward of a layer that has more weights than the batch brings and takes from it.

use std::ops::Range;

use super::passes;
use super::product::{Layout, NEAR, PANEL, Right, Start, product};
use super::replay::Hands;
use super::rows;
use super::team::{Bound, Part, pieces};
use super::weights::{self, Place};
use crate::kernels::{Control, DenseBackwardWeight, DenseForward, LayerUpdate, Update};
use crate::spec::Layer;

/// Elements of a block: 4 MiB, of the third cache. Smaller ones would stay in the second, but the
/// product would have to bring its operands together more often, which costs more.
const BLOCK: usize = 1 << 20;

/// Inputs of a block, at most.
const INPUTS: usize = 2048;

/// Units at which parts are cut: as many as the smaller of the large tiles takes.
const GRAIN: usize = 8;

/// Units of a part, at best: enough that products can leave out zeros; and where x is too large to stay
/// near, enough to pay for bringing it together.
const BEST: [usize; 2] = [64, 256];

/// Units of a part that goes forward, at best: with fewer, leaving out zeros does not pay everywhere.
const FORWARD: usize = 128;

/// Units that go forward at once, at most: whole panels. What becomes of them is then copied from rows
/// of their own to those of all units.
const AT_ONCE: usize = 256;

/// Units and inputs of a block.
fn block_of(layer: &LayerUpdate) -> [usize; 2] {
    let inputs = layer.inputs.min(INPUTS);
    [(BLOCK / inputs.max(1)).max(GRAIN).min(layer.outputs), inputs]
}

/// Words that the gradient of a block takes, or that of the biases.
pub(super) fn scratch_words(kernel: &DenseBackwardWeight) -> usize {
    let [units, inputs] = block_of(&kernel.layer);
    (units * inputs).max(kernel.layer.outputs)
}

/// Whether so many parts have units of their own. Where units are few, parts have inputs of their own:
/// tiles stay whole, and x is not read by all.
const fn by_units(outputs: usize, parts: usize) -> bool {
    outputs >= 2 * GRAIN * parts
}

/// Parts into which a layer is cut by so many threads: at best, and at most, beyond which they are
/// empty.
pub(super) fn parts(kernel: &DenseBackwardWeight, threads: usize) -> [usize; 2] {
    let layer = &kernel.layer;
    if by_units(layer.outputs, threads) {
        let far = kernel.rows * layer.inputs * size_of::<f32>() > NEAR;
        return [layer.outputs / BEST[usize::from(far)], layer.outputs / (2 * GRAIN)];
    }
    [layer.inputs / PANEL, layer.inputs.div_ceil(PANEL)]
}

/// Parts into which a layer is cut on its way forward: at best, and at most.
pub(super) const fn forward_parts(kernel: &DenseForward) -> [usize; 2] {
    [kernel.outputs / FORWARD, kernel.outputs.div_ceil(PANEL)]
}

/// Words that the units of a part take on their way forward, if a layer goes by units.
pub(super) fn forward_scratch_words(kernel: &DenseForward) -> usize {
    match weights::forward_by_units(kernel) {
        true => kernel.rows * kernel.outputs.min(AT_ONCE),
        false => 0,
    }
}

/// y = f(x · Wᵀ + b) of some units.
///
/// # Safety
/// While it runs, no other thread may use these units of y, nor write to what it reads.
pub(super) unsafe fn forward(
    kernel: &DenseForward,
    bound: &Bound<'_>,
    part: Part,
    hands: &mut Hands<'_>,
) {
    let (i, o) = (kernel.inputs, kernel.outputs);
    // SAFETY: control is only read.
    let rows = unsafe { bound.control() }.rows as usize;
    if part.of == 1 {
        // SAFETY: all units are the part's own, and so are all rows.
        return unsafe { rows::forward(kernel, bound, 0..rows, hands) };
    }
    // SAFETY: x, the parameters and their panels are only read; panels are renewed in a section of
    // their own.
    let (x, parameters, panels) = unsafe {
        let panels = hands.panels.find(Place { buffer: bound.ids[2], at: 0 });
        (bound.read(1, 0..rows * i), bound.read(2, 0..o * (i + 1)), panels)
    };
    let (weight, bias) = parameters.split_at(o * i);
    for units in pieces(part.share(o, PANEL), AT_ONCE) {
        let of = (rows, Layer { inputs: i, outputs: units.len() }, kernel.function);
        let parameters = (&weight[units.start * i..units.end * i], &bias[units.clone()]);
        let panels = panels.map(|panels| &panels[units.start * i..]);
        let own = &mut hands.scratch[..rows * units.len()];
        weights::forward(of, own, x, parameters, panels, hands.workspace);
        for (row, own) in own.chunks_exact(units.len()).enumerate() {
            // SAFETY: these units of y are the part's own.
            let y = unsafe { bound.write(3, row * o + units.start..row * o + units.end) };
            y.copy_from_slice(own);
        }
    }
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
            let units = part.share(outputs, GRAIN);
            return Self { biases: units.clone(), units, inputs: 0..inputs };
        }
        // Few units have few biases, whose rows are read once so.
        let biases = if part.number == 0 { 0..outputs } else { 0..0 };
        Self { units: 0..outputs, inputs: part.share(inputs, PANEL), biases }
    }
}

/// d_W = d_zᵀ · x and d_b = Σ d_z of a part, and their update.
///
/// # Safety
/// While it runs, no other thread may use this part's parameters and what is remembered of them,
/// nor write to what it reads.
pub(super) unsafe fn backward(
    kernel: &DenseBackwardWeight,
    bound: &Bound<'_>,
    part: Part,
    hands: &mut Hands<'_>,
) {
    let layer = &kernel.layer;
    let share = Share::of([layer.outputs, layer.inputs], part);
    let [units, inputs] = block_of(layer);
    for units in pieces(share.units, units) {
        for inputs in pieces(share.inputs.clone(), inputs) {
            // SAFETY: these weights are in the part.
            unsafe { weights(layer, bound, (units.clone(), inputs), hands) };
        }
    }
    if !share.biases.is_empty() {
        // SAFETY: these biases are in the part.
        unsafe { biases(layer, bound, share.biases, hands) };
    }
}

/// A block of the weights.
///
/// # Safety
/// As [`backward`].
unsafe fn weights(
    layer: &LayerUpdate,
    bound: &Bound<'_>,
    (units, inputs): (Range<usize>, Range<usize>),
    hands: &mut Hands<'_>,
) {
    let (i, o) = (layer.inputs, layer.outputs);
    // SAFETY: control, d_z and x are only read.
    let (control, rows, d_z, x) = unsafe {
        let control = bound.control();
        let rows = control.rows as usize;
        (control, rows, bound.read(1, 0..rows * o), bound.read(2, 0..rows * i))
    };
    let d_weight = &mut hands.scratch[..units.len() * inputs.len()];
    let mut start = Start::Zero;
    if layer.goes_on(control) {
        start = Start::Kept;
        for (unit, d_weight) in units.clone().zip(d_weight.chunks_exact_mut(inputs.len())) {
            let own = unit * i + inputs.start..unit * i + inputs.end;
            // SAFETY: this range of the gradient is the part's own.
            d_weight.copy_from_slice(unsafe { bound.read(3, own) });
        }
    }
    let size = [units.len(), inputs.len(), rows];
    let of_units = (from(d_z, units.start), Layout::rows(o).transposed());
    let of_inputs = Right::Rows(from(x, inputs.start), i);
    product(size, (&mut *d_weight, start), of_units, of_inputs, hands.workspace);
    // SAFETY: these parameters are the part's own.
    let apply =
        |range, gradient: &mut _| unsafe { apply(layer, control, (bound, 3), range, gradient) };
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
/// As [`backward`].
unsafe fn biases(
    layer: &LayerUpdate,
    bound: &Bound<'_>,
    units: Range<usize>,
    hands: &mut Hands<'_>,
) {
    let (i, o) = (layer.inputs, layer.outputs);
    // SAFETY: control and d_z are only read.
    let (control, d_z) = unsafe {
        let control = bound.control();
        (control, bound.read(1, 0..control.rows as usize * o))
    };
    let d_bias = &mut hands.scratch[..units.len()];
    let own = o * i + units.start..o * i + units.end;
    match layer.goes_on(control) {
        // SAFETY: this range of the gradient is the part's own.
        true => d_bias.copy_from_slice(unsafe { bound.read(3, own.clone()) }),
        false => d_bias.fill(0.0),
    }
    for row in d_z.chunks_exact(o) {
        passes::add(d_bias, &row[units.clone()]);
    }
    // SAFETY: these parameters are the part's own.
    unsafe { apply(layer, control, (bound, 3), own, d_bias) };
}

/// A matrix from an element on; an empty one has none.
fn from(matrix: &[f32], element: usize) -> &[f32] {
    &matrix[element.min(matrix.len())..]
}

/// The update of a range of the parameters, which are either all weights or all biases; what it
/// writes is bound from slot `first` on.
///
/// # Safety
/// While it runs, no other thread may use these parameters and what is remembered of them.
pub(super) unsafe fn apply(
    layer: &LayerUpdate,
    control: Control,
    (bound, first): (&Bound<'_>, usize),
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
    let memory = |number| tensor(first + 1 + number);
    passes::update(layer.formula(control), parameters, gradient, memory);
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
