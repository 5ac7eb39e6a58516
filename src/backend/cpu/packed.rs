//! Weights packed in panels for the forward products, and kept from step to step: all threads pack
//! them when a replay begins and again whenever a step has changed them.

use super::part::Part;
use super::product::{PANEL, panel_words, put_into_panels};
use super::shared::SharedSlice;
use crate::kernels::floats;
use crate::plan::Region;
use crate::spec::Layer;

/// A layer whose weights are kept in panels.
struct Entry {
    weights: Region,
    layer: Layer,
    /// Where its panels begin among those of all layers, in floats.
    first: usize,
    /// The section of a step that changes the weights.
    changed_in: Option<usize>,
}

impl Entry {
    /// Floats of its panels.
    const fn words(&self) -> usize {
        panel_words(self.layer.outputs, self.layer.inputs)
    }
}

/// The layers of a phase whose weights are kept in panels.
#[derive(Default)]
pub(super) struct PackedWeights(Vec<Entry>);

impl PackedWeights {
    /// Adds a layer, unless its weights are there already.
    pub(super) fn add(&mut self, weights: Region, layer: Layer, changed_in: Option<usize>) {
        if self.find(weights).is_none() {
            let first = self.words();
            self.0.push(Entry { weights, layer, first, changed_in });
        }
    }

    fn find(&self, weights: Region) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.weights == weights)
    }

    /// Floats of all panels.
    pub(super) fn words(&self) -> usize {
        self.0.last().map_or(0, |entry| entry.first + entry.words())
    }

    /// How many layers there are.
    pub(super) const fn count(&self) -> usize {
        self.0.len()
    }

    /// The shape of a layer.
    pub(super) fn layer(&self, number: usize) -> Layer {
        self.0[number].layer
    }

    /// Sections that a step needs at least, so that the last panels are packed again in one of them.
    pub(super) fn sections(&self) -> usize {
        self.0.iter().filter_map(|entry| entry.changed_in).map(|last| last + 2).max().unwrap_or(0)
    }

    /// The layers that are to be packed again in a section, for the one before it has changed them.
    pub(super) fn due(&self, section: usize) -> impl Iterator<Item = usize> {
        let due = move |entry: &Entry| entry.changed_in.is_some_and(|last| last + 1 == section);
        (0..self.count()).filter(move |&number| due(&self.0[number]))
    }

    /// Packs a part of a layer's weights.
    ///
    /// # Safety
    /// While it runs, no other thread may write to the weights or use this part of the panels.
    pub(super) unsafe fn pack(
        &self,
        layer: usize,
        buffers: &[SharedSlice<'_, u32>],
        panels: &SharedSlice<'_, f32>,
        part: Part,
    ) {
        let entry = &self.0[layer];
        let Layer { inputs, outputs } = entry.layer;
        let own = part.share(outputs.div_ceil(PANEL), 1);
        let panel = PANEL * inputs;
        let Region { buffer, offset } = entry.weights;
        // SAFETY: the weights are only read, and these panels are the caller's.
        let (weights, panels) = unsafe {
            let range = entry.first + own.start * panel..entry.first + own.end * panel;
            let weights = buffers[buffer.0].read(offset..offset + inputs * outputs);
            (floats(weights), panels.write(range))
        };
        put_into_panels(weights, [outputs, inputs], own, panels);
    }
}

/// The panels, as products read them.
#[derive(Clone, Copy)]
pub(super) struct Panels<'a> {
    pub(super) packed: &'a PackedWeights,
    pub(super) words: &'a SharedSlice<'a, f32>,
}

impl<'a> Panels<'a> {
    /// The panels of the weights that stand there, if they are kept in such.
    ///
    /// # Safety
    /// While the result is used, no thread may write to these panels.
    pub(super) unsafe fn find(self, weights: Region) -> Option<&'a [f32]> {
        let entry = self.packed.find(weights)?;
        // SAFETY: the caller's promise.
        Some(unsafe { self.words.read(entry.first..entry.first + entry.words()) })
    }
}
