//! What a plan is asked for: the training of a network, as far as the plan depends on it.

use serde::{Deserialize, Serialize};

use super::{BufferId, DataPlacement, Dispatch};
use crate::kernels::{
    Criterion, Element, Hyper, LayerUpdate, LearningRate, Rate, Update, Weighting, learning_rate,
};
use crate::spec::{
    Clip, Layer, Loss, Network, Optimizer, Output, Regularization, Schedule, Shuffle, Strategy,
};
use crate::{Error, Result, Setting};

/// What is to be trained, as far as the plan depends on it.
#[derive(Clone, Debug)]
pub struct Training<'a> {
    /// The network.
    pub network: &'a Network,
    /// What it minimises.
    pub loss: Loss,
    /// How.
    pub optimizer: &'a Optimizer,
    /// What is done against overfitting.
    pub regularization: &'a Regularization,
    /// The learning rate's schedule.
    pub schedule: &'a Schedule,
    /// Steps that the run is to have: what the schedule goes by.
    pub steps: u64,
    /// Whether some rows count more than others.
    pub weighting: Weighting,
    /// Rows in the data set, N.
    pub rows: usize,
    /// What of it is on the device.
    pub placement: DataPlacement,
    /// Rows of validation data; 0 for none.
    pub validation: usize,
    /// Rows in a batch, B, at most N.
    pub batch: usize,
    /// The order of the rows.
    pub shuffle: Shuffle,
    /// The order's seed.
    pub seed: u64,
    /// How a step is lowered.
    pub strategy: Strategy,
    /// Whether to add the phase that leaves the gradients in buffers of their own.
    pub gradients: Gradients,
}

impl Training<'_> {
    /// Refuses a request that makes no sense on any device.
    pub(super) fn check(&self) -> Result<()> {
        self.network.check()?;
        self.optimizer.check()?;
        self.loss.check(self.network.output)?;
        self.regularization.check(self.network, self.loss)?;
        self.schedule.check(self.steps, self.optimizer)?;
        if self.rows == 0 {
            return Err(Error::invalid("there are no rows to train on", "give at least one row"));
        }
        if self.rows > i32::MAX as usize {
            return Err(Error::invalid(
                format!("{} rows are more than the 2,147,483,647 that can be numbered", self.rows),
                "train on fewer",
            ));
        }
        if self.batch == 0 || self.batch > self.rows {
            return Err(Error::invalid(
                format!("a batch of {} rows out of {}", self.batch, self.rows),
                "it must be at least 1 and at most the rows of the data",
            ));
        }
        Ok(())
    }

    /// Words in a row of targets: a class is one.
    pub(super) fn target_columns(&self) -> usize {
        self.network.output.target_columns(self.network.outputs)
    }

    /// What targets are: classes are whole numbers.
    pub(super) const fn target_element(&self) -> Element {
        match self.network.output {
            Output::Softmax => Element::U32,
            Output::Identity | Output::Sigmoid => Element::F32,
        }
    }

    /// The loss as the kernels take it.
    pub(super) const fn criterion(&self) -> Criterion {
        Criterion {
            label_smoothing: self.regularization.label_smoothing,
            ..Criterion::new(self.loss, self.network.output)
        }
    }

    /// The optimizer's settings as the kernels take them.
    pub(super) fn hyper(&self) -> Hyper {
        Hyper::of(self.optimizer).regularized_by(self.regularization)
    }

    /// A layer, and what becomes of its gradient.
    pub(super) fn update_of(&self, layer: Layer, update: Update) -> LayerUpdate {
        let Layer { inputs, outputs } = layer;
        let (lr, hyper) = (self.optimizer.lr() as f32, self.hyper());
        LayerUpdate { inputs, outputs, update, lr, hyper }
    }

    /// The schedule as the kernels take it.
    pub(super) fn rate(&self) -> Rate {
        Rate::of(self.schedule, self.steps)
    }

    /// The dispatch that works out the coming step's learning rate, unless it never changes.
    pub(super) fn scheduled(&self, control: BufferId) -> Vec<Dispatch> {
        if self.schedule.is_constant() {
            return Vec::new();
        }
        let rate = LearningRate { rate: self.rate() };
        vec![Dispatch::new("step", rate, learning_rate::Bindings { control })]
    }

    /// Of what was asked for, something that a strategy has not got. The layered one has all.
    pub(super) fn lacks(&self, strategy: Strategy) -> Option<&'static str> {
        if self.gradients == Gradients::Kept {
            return Some("gradients to be kept");
        }
        if !self.network.normalization.is_none() {
            return Some(self.network.normalization.name());
        }
        if strategy == Strategy::Resident {
            return None;
        }
        if self.regularization.drops() {
            return Some("dropout");
        }
        if let Some(Clip::Norm(_)) = self.regularization.clip {
            return Some("clipping by the norm");
        }
        matches!(self.weighting, Weighting::Rows { .. }).then_some("weights of rows")
    }

    /// Refuses what a strategy other than the layered one has not got.
    pub(super) fn check_for(&self, strategy: Strategy) -> Result<()> {
        self.lacks(strategy).map_or(Ok(()), |what| {
            Err(Error::invalid(
                format!("the {strategy} strategy has no {what} yet"),
                ("use ", Setting::Strategy.to("layered")),
            ))
        })
    }

    /// Rows of the largest shard, or all.
    pub(super) fn room(&self) -> usize {
        match self.placement {
            DataPlacement::Shard(shard) => shard.capacity,
            DataPlacement::Fitting | DataPlacement::Whole => self.rows,
        }
    }

    /// Rows that are on the device.
    pub(super) fn device_rows(&self) -> usize {
        match self.placement {
            DataPlacement::Shard(shard) => shard.rows,
            DataPlacement::Fitting | DataPlacement::Whole => self.rows,
        }
    }
}

/// Whether a plan can show the gradients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gradients {
    /// They go straight into the update and are never stored.
    Fused,
    /// A phase of its own stores them.
    Kept,
}
