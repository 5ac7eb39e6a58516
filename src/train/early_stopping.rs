//! Early stopping: the best epoch so far, and when to stop.

use serde::{Deserialize, Serialize};

use super::Best;
use crate::spec::named;
use crate::{Error, Result};

/// Stops a run before its length where the loss no longer improves, as Keras's `EarlyStopping`:
/// the loss on the validation rows or, without such rows, the training loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// Epochs in a row without an improvement after which it stops, at least 1.
    pub patience: u64,
    /// What a loss must be below the best one to count as an improvement; by default 0.
    #[serde(default)]
    pub min_delta: f64,
}

impl EarlyStopping {
    /// Stops after so many epochs without any improvement.
    pub const fn after(patience: u64) -> Self {
        Self { patience, min_delta: 0.0 }
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.patience == 0 {
            return Err(Error::invalid("the patience is 0", "it must be at least 1 epoch"));
        }
        if !(self.min_delta.is_finite() && self.min_delta >= 0.0) {
            return Err(Error::invalid(
                format!("min-delta is {}", self.min_delta),
                "it must be 0 or a positive number",
            ));
        }
        Ok(())
    }
}

/// Which weights are the final ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Those after the last step.
    Last,
    /// Those of the epoch with the least loss.
    Best,
}

named!(Keep, "choice of weights", { Last => "last", Best => "best" });

/// The best epoch so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BestEpoch {
    pub(super) best: Option<Best>,
}

impl BestEpoch {
    /// Takes note of an epoch's loss; whether it is the best one. A loss that is not finite never
    /// is.
    pub(super) fn see(&mut self, epoch: u64, loss: f64, min_delta: f64) -> bool {
        let better = loss.is_finite() && self.best.is_none_or(|best| loss < best.loss - min_delta);
        if better {
            self.best = Some(Best { epoch, loss });
        }
        better
    }

    /// Epochs without an improvement, up to and with this one.
    pub(super) fn waited(&self, epoch: u64) -> u64 {
        self.best.map_or(epoch + 1, |best| epoch.saturating_sub(best.epoch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `EarlyStopping(monitor="loss", patience=2, min_delta=0.1)` of Keras stops after epoch 5 of
    /// these losses, and epoch 3 is its best.
    #[test]
    fn waits_as_keras_does() {
        let mut best_epoch = BestEpoch::default();
        let losses = [1.0, 0.95, 0.8, 0.6, 0.55, 0.51, 0.1];
        let stopping = EarlyStopping { patience: 2, min_delta: 0.1 };
        let stopped = (0..).zip(losses).find_map(|(epoch, loss)| {
            best_epoch.see(epoch, loss, stopping.min_delta);
            (best_epoch.waited(epoch) >= stopping.patience).then_some(epoch)
        });
        assert_eq!(stopped, Some(5));
        assert_eq!(best_epoch.best, Some(Best { epoch: 3, loss: 0.6 }));
    }

    #[test]
    fn what_is_not_finite_is_never_the_best() {
        let mut best_epoch = BestEpoch::default();
        assert!(!best_epoch.see(0, f64::NAN, 0.0));
        assert_eq!(best_epoch.waited(0), 1);
        assert!(best_epoch.see(1, 3.0, 0.0));
        assert!(!best_epoch.see(2, f64::INFINITY, 0.0));
        assert!(!best_epoch.see(3, 3.0, 0.0), "an equal loss is no improvement");
    }
}
