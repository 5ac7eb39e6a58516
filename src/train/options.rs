//! How to train.

use super::{CheckpointOptions, EarlyStopping, Keep, ReduceOnPlateau};
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::backend::{DeviceChoice, OpenOptions, ShaderChecks};
use crate::plan::Gradients;
use crate::spec::{
    BatchSize, Initialization, Length, Loss, Network, Optimizer, Parameters, Regularization,
    Schedule, Shuffle, Strategy,
};
use crate::{Error, Result};

/// Everything about a run but the network and the data. In files, what is left out is as by default,
/// and what is not known is refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct TrainOptions {
    /// What to minimise; by default the loss that goes with the network's output.
    pub loss: Option<Loss>,
    /// How; by default Adam with a learning rate of 0.001.
    pub optimizer: Optimizer,
    /// What is done against overfitting; by default nothing.
    pub regularization: Regularization,
    /// How the learning rate changes from step to step; by default it does not.
    pub schedule: Schedule,
    /// Rows in a batch; by default 32.
    pub batch_size: BatchSize,
    /// The length of a run; by default 50 epochs.
    pub length: Length,
    /// The seed of initial weights and order; by default 777.
    pub seed: u64,
    /// The order of the rows; by default a new one each epoch.
    pub shuffle: Shuffle,
    /// How to lower a step to dispatches.
    pub strategy: Strategy,
    /// Memory in bytes that the plan may take; by default what the device has. Of data that is
    /// larger, a shard at a time is on the device; a batch that is larger is split.
    pub memory: Option<u64>,
    /// Rows of a shard, whole batches; by default all rows, or as many as there is room for.
    pub shard_rows: Option<usize>,
    /// Where to train.
    #[serde(with = "as_text")]
    pub device: DeviceChoice,
    /// Whether shaders are compiled with the driver's bounds checks.
    pub shader_checks: ShaderChecks,
    /// Threads of the CPU path, at most; by default as many as this process may use, or as
    /// `HALFPLANE_THREADS` says. The numbers do not depend on it.
    pub threads: Option<usize>,
    /// How the initial weights are drawn from the seed; by default as PyTorch's layers are.
    pub initialization: Initialization,
    /// Weights to start from instead: not in files.
    #[serde(skip)]
    pub initial: Option<Parameters>,
    /// Every how many steps a step is logged; by default 100.
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
    pub checkpoints: Option<CheckpointOptions>,
    /// Whether [`super::Trainer::gradients`] is wanted.
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
            length: Length::Epochs(50),
            seed: 777,
            shuffle: Shuffle::EveryEpoch,
            strategy: Strategy::Auto,
            memory: None,
            shard_rows: None,
            device: DeviceChoice::Auto,
            shader_checks: ShaderChecks::Off,
            threads: None,
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

    /// How the device is opened.
    pub(super) fn opening(&self) -> OpenOptions {
        OpenOptions { checks: self.shader_checks, threads: self.threads }
    }

    /// What the numbers of a run depend on, by name: not where it is computed, how long it is, and
    /// what is told of it.
    pub(super) fn settings(&self) -> Result<BTreeMap<String, Value>> {
        const OTHERS: [&str; 9] = [
            "length",
            "strategy",
            "memory",
            "device",
            "shader-checks",
            "threads",
            "log-every",
            "checkpoints",
            "gradients",
        ];
        match serde_json::to_value(self) {
            Ok(Value::Object(map)) => {
                Ok(map.into_iter().filter(|(name, _)| !OTHERS.contains(&name.as_str())).collect())
            }
            _ => Err(Error::invalid("the options cannot be written down", "use finite numbers")),
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
        if self.threads == Some(0) {
            return Err(Error::invalid("threads is 0", "it must be at least 1"));
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

    /// Checks that they go with a network: the loss with its output, the regularization with its layers.
    ///
    /// # Errors
    /// [`Error::Invalid`] where they do not.
    pub fn check_for(&self, network: &Network) -> Result<()> {
        let loss = self.loss.unwrap_or(Loss::default_for(network.output));
        loss.check(network.output)?;
        self.regularization.check(network, loss)
    }
}

/// A device as it is typed.
mod as_text {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::backend::DeviceChoice;

    pub(super) fn serialize<S: Serializer>(own: &DeviceChoice, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(own)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<DeviceChoice, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_back_from_files() {
        let options = TrainOptions {
            optimizer: Optimizer::adamw(0.02),
            early_stopping: Some(EarlyStopping::after(3)),
            reduce_on_plateau: Some(ReduceOnPlateau::default()),
            length: Length::Steps(12),
            device: DeviceChoice::Named("rtx".into()),
            checkpoints: Some(CheckpointOptions::new("folder")),
            ..TrainOptions::default()
        };
        let text = serde_json::to_string(&options).expect("all of it can be written");
        let again: TrainOptions = serde_json::from_str(&text).expect("it was written so");
        assert_eq!(format!("{again:?}"), format!("{options:?}"));
        let few: TrainOptions = serde_json::from_str(r#"{"seed":5}"#).expect("the rest is unset");
        let unset = TrainOptions { seed: 5, ..TrainOptions::default() };
        assert_eq!(format!("{few:?}"), format!("{unset:?}"));
        let refused = serde_json::from_str::<TrainOptions>(r#"{"sead":5}"#).err();
        assert!(refused.is_some_and(|error| error.to_string().contains("sead")));
    }
}
