//! A layer's products with its weights, and the weights as the forward one reads them: in panels,
//! brought there by all threads when a replay begins and whenever a step has changed the weights.

use super::passes;
use super::product::{
    Layout, PANEL, Right, Start, Workspace, dots, panel_words, product, product_then,
    put_into_panels,
};
use super::team::{Part, Shared};
use crate::kernels::{Access, DenseForward, Function, Operation, floats};
use crate::plan::{BufferId, Dispatch};
use crate::spec::Layer;

/// Rows from which on the weights' way into panels pays. Measured on 64×64 weights and one thread:
/// for eight rows it takes three quarters of the time that the product saves.
const ROWS: usize = 8;

/// Units from which on vectors of units pay.
const UNITS: usize = 8;

/// Numbers by which less must pass between threads for a layer, lest two more barriers in a step cost
/// more. Measured on two threads: 784-256-128-10 takes 0.73, 0.81 and 0.95 of the time by units with
/// batches of 8, 32 and 128 rows; but 32 rows through 64-128-64-1, where 4,096 pass less, took 1.14.
const LESS: usize = 1 << 14;

/// Units from which on panels of them can be shared out about evenly.
const MANY: usize = 4 * PANEL;

/// Whether threads share out a layer's units, and not its rows, when it goes forward. Then all read the
/// whole batch, and what they make of it is read by rows; but each keeps to weights that, as a rule, it
/// has changed itself, where by rows all read all of them.
pub(super) const fn forward_by_units(dense: &DenseForward) -> bool {
    let DenseForward { rows, inputs, outputs, .. } = *dense;
    outputs >= MANY && inputs * outputs >= rows * (inputs + outputs) + LESS
}

/// Where the weights of a layer stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) buffer: BufferId,
    pub(super) at: usize,
}

/// A layer whose weights are wanted in panels.
struct Entry {
    place: Place,
    layer: Layer,
    /// Where the panels begin.
    first: usize,
    /// The section in which its weights have been changed.
    after: Option<usize>,
}

/// The layers of a phase whose weights are wanted in panels.
pub(super) struct Panelled(Vec<Entry>);

impl Panelled {
    /// Those of a phase that is cut into sections.
    pub(super) fn of(phase: &[Dispatch], sections: &[Vec<usize>]) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        let section_of =
            |number| sections.iter().position(|section| section.contains(&number)).unwrap_or(0);
        for (number, dispatch) in phase.iter().enumerate() {
            for (place, layer) in wanted(dispatch) {
                if entries.iter().any(|entry| entry.place == place) {
                    continue;
                }
                let writes = |other: &Dispatch| {
                    other.accesses().any(|(id, how)| id == place.buffer && how == Access::ReadWrite)
                };
                let writers = (0..phase.len()).filter(|&number| writes(&phase[number]));
                let after = writers.map(section_of).max();
                // Who reads the weights after the step has changed them reads them as they are.
                if after.is_none_or(|after| section_of(number) < after) {
                    let first = entries.last().map_or(0, |entry| entry.first + entry.words());
                    entries.push(Entry { place, layer, first, after });
                }
            }
        }
        Self(entries)
    }

    /// The floats of all panels.
    pub(super) fn words(&self) -> usize {
        self.0.iter().map(Entry::words).sum()
    }

    /// How many they are.
    pub(super) const fn count(&self) -> usize {
        self.0.len()
    }

    /// The shape of one.
    pub(super) fn layer(&self, number: usize) -> Layer {
        self.0[number].layer
    }

    /// The sections that a step has, with the one in which the last panels are renewed.
    pub(super) fn sections(&self) -> usize {
        self.0.iter().filter_map(|entry| entry.after).map(|after| after + 2).max().unwrap_or(0)
    }

    /// The layers whose panels are due in a section, for the one before it has changed the weights.
    pub(super) fn due(&self, section: usize) -> impl Iterator<Item = usize> {
        let due = move |entry: &Entry| entry.after.is_some_and(|after| after + 1 == section);
        (0..self.count()).filter(move |&number| due(&self.0[number]))
    }

    /// Brings a part of a layer's weights into panels.
    ///
    /// # Safety
    /// While it runs, no thread may write to the weights or use this part of the panels.
    pub(super) unsafe fn renew(
        &self,
        layer: usize,
        tensors: &[Shared<'_, u32>],
        panels: &Shared<'_, f32>,
        part: Part,
    ) {
        let entry = &self.0[layer];
        let Layer { inputs, outputs } = entry.layer;
        let own = part.share(outputs.div_ceil(PANEL), 1);
        let panel = PANEL * inputs;
        let at = entry.place.at..entry.place.at + inputs * outputs;
        // SAFETY: the weights are only read, and these panels are the caller's.
        let (weights, panels) = unsafe {
            let range = entry.first + own.start * panel..entry.first + own.end * panel;
            (floats(tensors[entry.place.buffer.0].read(at)), panels.write(range))
        };
        put_into_panels(weights, [outputs, inputs], own, panels);
    }
}

/// The panels as those read them that make products.
#[derive(Clone, Copy)]
pub(super) struct Panels<'a> {
    pub(super) of: &'a Panelled,
    pub(super) words: &'a Shared<'a, f32>,
}

impl<'a> Panels<'a> {
    /// A layer's weights in panels, where they stand in such.
    ///
    /// # Safety
    /// While the slice is used, no thread may write to them.
    pub(super) unsafe fn find(self, place: Place) -> Option<&'a [f32]> {
        let entry = self.of.0.iter().find(|entry| entry.place == place)?;
        // SAFETY: the caller's promise.
        Some(unsafe { self.words.read(entry.first..entry.first + entry.words()) })
    }
}

impl Entry {
    const fn words(&self) -> usize {
        panel_words(self.layer.outputs, self.layer.inputs)
    }
}

/// The layers whose weights a dispatch wants in panels.
fn wanted(dispatch: &Dispatch) -> Vec<(Place, Layer)> {
    let (buffer, rows, layers): (_, _, Vec<Layer>) = match &dispatch.operation {
        Operation::DenseForward(dense) => {
            let layer = Layer { inputs: dense.inputs, outputs: dense.outputs };
            (dispatch.bindings[2], dense.rows, vec![layer])
        }
        Operation::FusedGradient(fused) => {
            (dispatch.bindings[3], fused.batch, fused.layers().collect())
        }
        _ => return Vec::new(),
    };
    let mut at = 0;
    let places = layers.into_iter().map(|layer| {
        let place = Place { buffer, at };
        at += layer.parameters();
        (place, layer)
    });
    places.filter(|(_, layer)| rows >= ROWS && layer.outputs >= UNITS).collect()
}

/// y\[B,O\] = f(x\[B,I\] · Wᵀ + b), with W in panels where it stands in such.
pub(super) fn forward(
    (rows, layer, function): (usize, Layer, Function),
    y: &mut [f32],
    x: &[f32],
    (weight, bias): (&[f32], &[f32]),
    panels: Option<&[f32]>,
    workspace: &mut Workspace,
) {
    let Layer { inputs: i, outputs: o } = layer;
    let size = [rows, o, i];
    let Some(panels) = panels else {
        dots(size, y, x, weight, bias);
        return passes::activate_all(function, y);
    };
    let (into, x, weights) = ((y, Start::Row(bias)), (x, Layout::rows(i)), Right::Panels(panels));
    match function {
        Function::Identity => product(size, into, x, weights, workspace),
        Function::Of(_) => product_then(size, into, x, weights, workspace, &|y, _| {
            passes::activate_all(function, y)
        }),
    }
}

/// d_z_below\[B,I\] = (d_z\[B,O\] · W) ∘ f′, from what the forward pass kept of the layer below.
pub(super) fn backward(
    (rows, layer, function): (usize, Layer, Function),
    d_z_below: &mut [f32],
    d_z: &[f32],
    weight: &[f32],
    kept: &[f32],
    workspace: &mut Workspace,
) {
    let Layer { inputs: i, outputs: o } = layer;
    product_then(
        [rows, i, o],
        (d_z_below, Start::Zero),
        (d_z, Layout::rows(o)),
        Right::Rows(weight, i),
        workspace,
        &|d, at| passes::derive_all(function, d, &kept[at..at + d.len()]),
    );
}
