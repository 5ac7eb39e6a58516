//! A batch through all layers and back while it is in the cache: the batch is cut into strands,
//! each strand into tiles of rows, and a tile goes forward, through the loss and backward before
//! the next one comes. Every strand leaves a gradient;
//! `fused_update` adds them up.
//!
//! No shader yet: on a GPU a strand would be a workgroup.

use super::network::{Network, sources};
use super::resident::keeps_z;
use super::{
    Control, Cost, Criterion, Function, Kernel, Module, Slot, floats, floats_mut, pairs_mut, reads,
    slots, writes,
};
use crate::spec::{Layer, Shuffle};

/// How far the rows go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Forward, to the loss.
    Evaluate,
    /// Forward and backward.
    Train,
}

/// A batch's loss and gradient, strand by strand.
#[derive(Clone, Debug, PartialEq)]
pub struct FusedGradient {
    /// The widths of the layers, input first.
    pub widths: Vec<usize>,
    /// The activation of the hidden layers.
    pub function: Function,
    /// What is minimised.
    pub criterion: Criterion,
    /// How far the rows go.
    pub pass: Pass,
    /// Rows in the data set, N.
    pub count: usize,
    /// Rows in a batch, B.
    pub batch: usize,
    /// The order.
    pub shuffle: Shuffle,
    /// The order's seed.
    pub seed: u64,
    /// Strands, S: their number fixes the order of the sums, whatever the order they run in.
    pub strands: usize,
    /// Rows that go through at once, R.
    pub tile: usize,
}

impl FusedGradient {
    /// The dense layers.
    pub fn layers(&self) -> impl DoubleEndedIterator<Item = Layer> + ExactSizeIterator + '_ {
        self.widths.windows(2).map(|pair| Layer { inputs: pair[0], outputs: pair[1] })
    }

    /// Parameters of all layers, P.
    pub fn parameters(&self) -> usize {
        self.layers().map(|layer| layer.parameters()).sum()
    }

    /// Numbers in a prediction.
    pub fn outputs(&self) -> usize {
        self.widths[self.widths.len() - 1]
    }

    /// Words in a row of targets.
    pub fn target_columns(&self) -> usize {
        self.criterion.target_columns(self.outputs())
    }

    /// Rows of a strand.
    pub fn strand_rows(&self) -> usize {
        self.batch.div_ceil(self.strands)
    }

    /// The rows of strand `index` in a batch of `rows`.
    pub fn strand(&self, index: usize, rows: usize) -> std::ops::Range<usize> {
        let most = self.strand_rows();
        (index * most).min(rows)..((index + 1) * most).min(rows)
    }

    /// Words that a tile takes on its way: x and y of every layer, its targets, z where it is
    /// kept, and d_z of two neighbouring layers.
    pub fn tile_words(&self) -> usize {
        let all: usize = self.widths.iter().sum();
        let hidden: usize = self.widths[1..self.widths.len() - 1].iter().sum();
        let kept = if keeps_z(self.function) { hidden } else { 0 };
        self.tile * (all + kept + self.target_columns() + 2 * self.widest())
    }

    /// Units of the widest layer.
    pub fn widest(&self) -> usize {
        self.widths[1..].iter().copied().max().unwrap_or(1)
    }
}

impl Kernel for FusedGradient {
    fn stem(&self) -> &'static str {
        "fused_gradient"
    }

    fn modules(&self) -> Vec<Module> {
        Vec::new()
    }

    fn slots(&self) -> Vec<Slot> {
        vec![
            reads("control"),
            reads("x"),
            reads("targets"),
            reads("parameters"),
            writes("gradients"),
            writes("row_metrics"),
            writes("scratch"),
        ]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }

    fn immediate_fields(&self) -> Vec<String> {
        Vec::new()
    }

    fn immediates(&self) -> Vec<u8> {
        Vec::new()
    }

    fn workgroups(&self) -> u64 {
        self.strands as u64
    }

    fn describe(&self) -> String {
        let widths: Vec<String> = self.widths.iter().map(usize::to_string).collect();
        let ways = match self.pass {
            Pass::Evaluate => "forward",
            Pass::Train => "forward and backward",
        };
        let Self { batch, strands, tile, .. } = self;
        let strand = match strands {
            1 => "1 strand".to_owned(),
            _ => format!("{strands} strands of {}", self.strand_rows()),
        };
        format!("[{batch}] rows through {} {ways}; {strand}, tiles of {tile}", widths.join("-"))
    }

    fn cost(&self) -> Cost {
        let b = self.batch as u64;
        let forward: u64 =
            b * self.layers().map(|l| (l.outputs * (2 * l.inputs + 1)) as u64).sum::<u64>();
        let rows = 4 * b * (self.widths[0] + self.target_columns()) as u64;
        let parameters = 4 * self.parameters() as u64;
        match self.pass {
            Pass::Evaluate => Cost { flops: forward, bytes: rows + parameters },
            Pass::Train => {
                let first = 2 * b * (self.widths[0] * self.widths[1]) as u64;
                let gradients = self.strands as u64 * parameters;
                Cost { flops: 3 * forward - first, bytes: rows + parameters + gradients }
            }
        }
    }

    fn twin(&self, bound: &mut [&mut [u32]]) {
        let [control, x, t, parameters, gradients, row_metrics, _] = slots(bound);
        let control = Control::from_words(control);
        let data = (floats(x), &t[..]);
        let Self { function, criterion, .. } = *self;
        let network = Network { widths: &self.widths, function, criterion };
        let rows = sources(control, (0, self.count), self.shuffle, self.seed);
        let p = self.parameters();
        for strand in 0..self.strands {
            let range = self.strand(strand, rows.len());
            let own = &rows[range.clone()];
            let (metrics, gradient) =
                network.gradient(own, data, &floats(parameters)[..p], rows.len());
            pairs_mut(row_metrics)[range].copy_from_slice(&metrics);
            if self.pass == Pass::Train {
                floats_mut(gradients)[strand * p..(strand + 1) * p].copy_from_slice(&gradient);
            }
        }
    }
}
