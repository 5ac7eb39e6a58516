//! A dense layer forward: y\[B,O\] = f(x\[B,I\] · Wᵀ + b), by rows; or by units, where the layer has
//! more weights than the batch has numbers in x and y.

use super::{CpuOperation, ForwardLayers, Parts, Split, elements, parts_by_rows, rows_of};
use crate::backend::cpu::context::{Scratch, ThreadContext};
use crate::backend::cpu::dense;
use crate::backend::cpu::part::{Part, pieces};
use crate::backend::cpu::product::PANEL;
use crate::backend::cpu::shared::BoundBuffers;
use crate::kernels::{Bind as _, DenseForward};
use crate::plan::{BufferId, Region};
use crate::spec::Layer;

/// Numbers that a layer must keep from passing between threads to go by units: for fewer, the two more
/// barriers in a step cost more than it saves.
const SAVED: usize = 1 << 14;

/// Units from which on their panels can be shared out about evenly.
const MANY: usize = 4 * PANEL;

/// Units of a part, at best: with fewer, leaving out zeros does not pay everywhere.
const UNITS_OF_A_PART: usize = 128;

/// Units that go forward at once, at most: whole panels. Their y is then copied from rows of their own
/// to the rows of all units.
const UNITS_AT_ONCE: usize = 256;

const fn layer(kernel: &DenseForward) -> Layer {
    Layer { inputs: kernel.inputs, outputs: kernel.outputs }
}

// SAFETY: a part writes its rows of y, or its units of all rows of y.
unsafe impl CpuOperation for DenseForward {
    /// By units all threads read the whole batch, and the next layer reads by rows what they made of
    /// it; but each keeps to weights that, as a rule, it has changed itself, where by rows all read all
    /// of them.
    fn split(&self) -> Split {
        let Self { rows, inputs, outputs, .. } = *self;
        let by_units = outputs >= MANY && inputs * outputs >= rows * (inputs + outputs) + SAVED;
        if by_units { Split::Parts } else { Split::Rows }
    }

    fn parts(&self, _: usize) -> Parts {
        match self.split() {
            Split::Rows => parts_by_rows(self.rows, layer(self)),
            _ => Parts::Flexible {
                best: self.outputs / UNITS_OF_A_PART,
                most: self.outputs.div_ceil(PANEL),
            },
        }
    }

    fn forward_layers(&self, ids: &[BufferId]) -> Option<ForwardLayers> {
        let parameters = self.named(ids.iter().copied()).parameters;
        Some(ForwardLayers { parameters, rows: self.rows, layers: vec![layer(self)] })
    }

    fn reserve(&self, scratch: &mut Scratch) {
        dense::reserve_forward(&mut scratch.workspace, self.rows, layer(self));
        if self.split() == Split::Parts {
            scratch.floats.grow_to(self.rows * self.outputs.min(UNITS_AT_ONCE));
        }
    }

    unsafe fn run(&self, bound: &BoundBuffers<'_>, part: Part, context: &mut ThreadContext<'_>) {
        // SAFETY: the caller's promise; one part alone has all rows and all units.
        unsafe {
            match self.split() {
                Split::Parts if part != Part::WHOLE => by_units(self, bound, part, context),
                _ => by_rows(self, bound, part, context),
            }
        }
    }
}

/// Where the weights stand.
fn weights(kernel: &DenseForward, bound: &BoundBuffers<'_>) -> Region {
    Region { buffer: bound.ids_of(kernel).parameters, offset: 0 }
}

/// A part of the rows of y, of all units.
///
/// # Safety
/// As [`CpuOperation::run`], for these rows.
unsafe fn by_rows(
    kernel: &DenseForward,
    bound: &BoundBuffers<'_>,
    part: Part,
    context: &mut ThreadContext<'_>,
) {
    let (buffers, i, o) = (bound.of(kernel), kernel.inputs, kernel.outputs);
    // SAFETY: control, x, the parameters and their panels are only read, and these rows of y are the
    // part's.
    let (rows, x, parameters, panels, y) = unsafe {
        let rows = rows_of(part, &buffers.control);
        (
            rows.len(),
            buffers.x.read(elements(&rows, i)),
            buffers.parameters.read(0..o * (i + 1)),
            context.panels.find(weights(kernel, bound)),
            buffers.y.write(elements(&rows, o)),
        )
    };
    let of = (rows, layer(kernel), kernel.function);
    let workspace = &mut context.scratch.workspace;
    dense::forward(of, y, x, parameters.split_at(o * i), panels, workspace);
}

/// A part of the units of y, of all rows.
///
/// # Safety
/// As [`CpuOperation::run`], for these units.
unsafe fn by_units(
    kernel: &DenseForward,
    bound: &BoundBuffers<'_>,
    part: Part,
    context: &mut ThreadContext<'_>,
) {
    let (buffers, i, o) = (bound.of(kernel), kernel.inputs, kernel.outputs);
    // SAFETY: control, x, the parameters and their panels are only read.
    let (rows, x, parameters, panels) = unsafe {
        let rows = buffers.control.get().rows as usize;
        let parameters = buffers.parameters.read(0..o * (i + 1));
        (rows, buffers.x.read(0..rows * i), parameters, context.panels.find(weights(kernel, bound)))
    };
    let (weight, bias) = parameters.split_at(o * i);
    for units in pieces(part.share(o, PANEL), UNITS_AT_ONCE) {
        let of = (rows, Layer { inputs: i, outputs: units.len() }, kernel.function);
        let parameters = (&weight[units.start * i..units.end * i], &bias[units.clone()]);
        let panels = panels.map(|panels| &panels[units.start * i..]);
        let own = &mut context.scratch.floats[..rows * units.len()];
        dense::forward(of, own, x, parameters, panels, &mut context.scratch.workspace);
        for (row, own) in own.chunks_exact(units.len()).enumerate() {
            // SAFETY: these units of y are the part's.
            let y = unsafe { buffers.y.write(row * o + units.start..row * o + units.end) };
            y.copy_from_slice(own);
        }
    }
}
