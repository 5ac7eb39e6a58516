//! One network of a grid: what the steps of `resident` and `thread_per_network` take it for. The shader reads it
//! as `shaders/network/grid.wgsl` says.

use super::{Dropout, Hyper, Rate};
use crate::spec::Layer;

/// One network of the grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The widths of its layers, input first.
    pub widths: Vec<usize>,
    /// The first of its rows of the data set.
    pub first_row: usize,
    /// Its rows.
    pub rows: usize,
    /// Rows in a batch, at most its rows.
    pub batch: usize,
    /// The seed of its order and of its dropout.
    pub seed: u64,
    /// Its learning rate.
    pub lr: f32,
    /// Its schedule: the formula is the same for all.
    pub rate: Rate,
    /// The other settings of its optimizer, and what is done to its gradients before.
    pub hyper: Hyper,
    /// The share of its units that each hidden layer leaves out; empty where none does.
    pub dropout: Vec<f64>,
    /// What the weights of its rows are multiplied by where it is evaluated, so that they are 1 in the mean.
    pub weight_scale: f32,
    /// The norm of all of its gradients is at most this; 0: as they are.
    pub clip_norm: f32,
}

impl Member {
    /// Its dense layers.
    pub fn layers(&self) -> impl DoubleEndedIterator<Item = Layer> + ExactSizeIterator + '_ {
        Layer::between(&self.widths)
    }

    /// Its parameters.
    pub fn parameters(&self) -> usize {
        self.layers().map(|layer| layer.parameters()).sum()
    }

    /// Words that a batch takes on its way through the layers: x, y of every layer, what the backward pass needs
    /// besides, if it does, d_z, loss and score, and how much each row counts, if that differs.
    pub(super) fn row_words(&self, keeps: bool, is_weighted: bool) -> usize {
        let units: usize = self.widths[1..].iter().sum();
        let kept = if keeps { units - self.outputs() } else { 0 };
        self.batch * (self.widths[0] + units + kept + units + 2 + usize::from(is_weighted))
    }

    /// Whether units are left out.
    pub fn drops(&self) -> bool {
        self.dropout.iter().any(|share| *share > 0.0)
    }

    /// What a hidden layer leaves out, counted from 0.
    pub(crate) fn dropout_of(&self, layer: usize) -> Dropout {
        Dropout {
            rows: self.batch,
            columns: self.widths[layer + 1],
            layer,
            share: self.dropout.get(layer).copied().unwrap_or(0.0),
            seed: self.seed,
        }
    }

    /// Hidden layers.
    pub(super) fn hidden(&self) -> usize {
        self.widths.len() - 2
    }

    /// Numbers in a prediction.
    pub fn outputs(&self) -> usize {
        self.widths[self.widths.len() - 1]
    }

    /// Elements of the longest loop that the threads share: it must stay below
    /// [`super::Resident::MOST_ELEMENTS`].
    pub fn most_elements(&self) -> usize {
        self.layers().map(|layer| layer.parameters()).fold(self.widest(), usize::max)
    }

    /// Units of the widest layer in all rows of a batch: what threads can share.
    pub(super) fn widest(&self) -> usize {
        let units = self.widths.iter().max().copied().unwrap_or(1);
        self.batch * units
    }
}
