//! Batch size, length, row order and strategy of a training run.

use serde::{Deserialize, Serialize};

use super::named;
use crate::{Error, Result};

/// The number of rows in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchSize {
    /// All rows in every step.
    Full,
    /// This many rows; the last batch of an epoch may be smaller.
    Rows(usize),
}

impl BatchSize {
    /// The rows of a batch from a data set of `rows` rows.
    pub fn of(self, rows: usize) -> usize {
        match self {
            Self::Full => rows,
            Self::Rows(batch) => batch.min(rows),
        }
    }
}

impl std::str::FromStr for BatchSize {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        let refuse = || {
            Error::invalid(
                format!("the batch size is `{word}`"),
                "it must be `full` or a number of rows, at least 1",
            )
        };
        match word {
            "full" => Ok(Self::Full),
            _ => match word.parse() {
                Ok(rows) if rows > 0 => Ok(Self::Rows(rows)),
                _ => Err(refuse()),
            },
        }
    }
}

/// The length of a training run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Length {
    /// Optimizer steps.
    Steps(u64),
    /// Passes over the training rows.
    Epochs(u64),
}

impl Length {
    /// The length in optimizer steps, where an epoch has `per_epoch` steps.
    pub fn steps(self, per_epoch: u64) -> u64 {
        match self {
            Self::Steps(steps) => steps,
            Self::Epochs(epochs) => epochs.saturating_mul(per_epoch),
        }
    }
}

/// The order in which an epoch visits the rows. It has no effect on full batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shuffle {
    /// A new permutation for every epoch, derived from the seed.
    EveryEpoch,
    /// The order of the data set.
    Never,
}

named!(Shuffle, "shuffle", { EveryEpoch => "every-epoch", Never => "never" });

/// How a training step is lowered to dispatches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// The planner chooses the strategy that it expects to be the fastest.
    Auto,
    /// One dispatch per layer and direction: for large networks.
    Layered,
    /// Many steps in one dispatch, with the whole network in workgroup memory: for tiny networks.
    Resident,
    /// One dispatch takes tiles of rows forward and backward through all layers: for narrow
    /// networks.
    Fused,
}

named!(Strategy, "strategy", {
    Auto => "auto",
    Layered => "layered",
    Resident => "resident",
    Fused => "fused",
});
