//! How long, in which portions, in which order and in which way.

use serde::{Deserialize, Serialize};

use super::named;
use crate::{Error, Result};

/// Rows in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchSize {
    /// All rows in every step.
    Full,
    /// So many; the last batch of an epoch may be shorter.
    Rows(usize),
}

impl BatchSize {
    /// The batch in rows, for a data set of `rows`.
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

/// How long to train.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Length {
    /// Optimizer steps.
    Steps(u64),
    /// Passes over the training rows.
    Epochs(u64),
}

impl Length {
    /// The length in optimizer steps, when an epoch has so many.
    pub fn steps(self, per_epoch: u64) -> u64 {
        match self {
            Self::Steps(steps) => steps,
            Self::Epochs(epochs) => epochs.saturating_mul(per_epoch),
        }
    }
}

/// The order of the rows. A full batch has no order: it is always taken as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shuffle {
    /// Anew before every epoch, by a permutation keyed with the seed.
    EveryEpoch,
    /// As the rows stand.
    Never,
}

named!(Shuffle, "shuffle", { EveryEpoch => "every-epoch", Never => "never" });

/// The way a training step is lowered to dispatches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// What the planner thinks best.
    Auto,
    /// One dispatch for each layer and direction.
    Layered,
    /// Many steps of a whole network in one dispatch, everything close at hand.
    Resident,
    /// A tile of rows through all layers and back at once.
    Fused,
}

named!(Strategy, "strategy", {
    Auto => "auto",
    Layered => "layered",
    Resident => "resident",
    Fused => "fused",
});
