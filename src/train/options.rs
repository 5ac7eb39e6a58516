//! How to train.

use super::{CheckpointOptions, EarlyStopping, Keep, ReduceOnPlateau};
use serde::Serialize;

use crate::backend::{DeviceChoice, ShaderChecks};
use crate::plan::Gradients;
use crate::spec::{
    BatchSize, Initialization, Length, Loss, Optimizer, Parameters, Regularization, Schedule,
    Shuffle, Strategy,
};
use crate::{Error, Result};

/// Everything about a run but the network and the data.
///
/// Written down, it is what the numbers of a run depend on.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TrainOptions {
    /// What to minimise; by default the loss that goes with the network's output.
    pub loss: Option<Loss>,
    /// How; by default Adam with a learning rate of 0.001.
    pub optimizer: Optimizer,
    /// What is done against overfitting; by default nothing.
    pub regularization: Regularization,
    /// The learning rate's course; by default it stays what it is.
    pub schedule: Schedule,
    /// Rows in a batch; by default 32.
    pub batch_size: BatchSize,
    /// How long; by default 10 epochs.
    #[serde(skip)]
    pub length: Length,
    /// The seed of initial weights and order; by default 777.
    pub seed: u64,
    /// The order of the rows; by default a new one each epoch.
    pub shuffle: Shuffle,
    /// The way to lower a step.
    #[serde(skip)]
    pub strategy: Strategy,
    /// Memory in bytes that the plan may take; by default what the device has. Of data that is
    /// larger, a shard at a time is on the device; a batch that is larger is split.
    #[serde(skip)]
    pub memory: Option<u64>,
    /// Rows of a shard, whole batches; by default all rows, or as many as there is room for.
    pub shard_rows: Option<usize>,
    /// Where to train.
    #[serde(skip)]
    pub device: DeviceChoice,
    /// Whether shaders are compiled with the driver's bounds checks.
    #[serde(skip)]
    pub shader_checks: ShaderChecks,
    /// How the initial weights are drawn from the seed; by default as PyTorch's layers are.
    pub initialization: Initialization,
    /// Weights to start from instead.
    #[serde(skip)]
    pub initial: Option<Parameters>,
    /// Every how many steps a step is logged; by default 100.
    #[serde(skip)]
    pub log_every: u64,
    /// Every how many epochs the validation rows are looked at; by default after each.
    pub validate_every: u64,
    /// When to stop before the length is reached; by default never.
    pub early_stopping: Option<EarlyStopping>,
    /// Whether the learning rate falls where the loss no longer improves; by default it does not.
    pub reduce_on_plateau: Option<ReduceOnPlateau>,
    /// Which weights are the final ones; by default the best with early stopping, otherwise the
    /// last.
    pub keep: Option<Keep>,
    /// Where checkpoints go, and how often; by default nowhere.
    #[serde(skip)]
    pub checkpoints: Option<CheckpointOptions>,
    /// Whether [`super::Trainer::gradients`] is wanted.
    #[serde(skip)]
    pub gradients: Gradients,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            loss: None,
            optimizer: Optimizer::adam(1e-3),
            regularization: Regularization::default(),
            schedule: Schedule::default(),
            batch_size: BatchSize::Rows(32),
            length: Length::Epochs(10),
            seed: 777,
            shuffle: Shuffle::EveryEpoch,
            strategy: Strategy::Auto,
            memory: None,
            shard_rows: None,
            device: DeviceChoice::Auto,
            shader_checks: ShaderChecks::Off,
            initialization: Initialization::Pytorch,
            initial: None,
            log_every: 100,
            validate_every: 1,
            early_stopping: None,
            reduce_on_plateau: None,
            keep: None,
            checkpoints: None,
            gradients: Gradients::Fused,
        }
    }
}

impl TrainOptions {
    /// Which weights are the final ones, where the options leave it open or not.
    pub fn keep(&self) -> Keep {
        match (self.keep, &self.early_stopping) {
            (Some(keep), _) => keep,
            (None, Some(_)) => Keep::Best,
            (None, None) => Keep::Last,
        }
    }

    /// Checks what can be checked without the data.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the option.
    pub fn check(&self) -> Result<()> {
        self.optimizer.check()?;
        if self.batch_size == BatchSize::Rows(0) {
            return Err(Error::invalid(
                "the batch size is 0",
                "it must be `full` or a number of rows, at least 1",
            ));
        }
        if self.log_every == 0 {
            return Err(Error::invalid("log-every is 0", "it must be at least 1"));
        }
        if self.validate_every == 0 {
            return Err(Error::invalid("validate-every is 0", "it must be at least 1 epoch"));
        }
        self.early_stopping.map_or(Ok(()), |stopping| stopping.check())?;
        self.reduce_on_plateau.map_or(Ok(()), |plateau| plateau.check())?;
        match self.length {
            Length::Steps(0) => Err(Error::invalid("there are 0 steps", "train at least one")),
            Length::Epochs(0) => Err(Error::invalid("there are 0 epochs", "train at least one")),
            // The device counts steps in 32 bits.
            Length::Steps(n) | Length::Epochs(n) if n >= u64::from(u32::MAX) => Err(
                Error::invalid(format!("the run has a length of {n}"), "make it below 4 billion"),
            ),
            _ => Ok(()),
        }
    }
}
