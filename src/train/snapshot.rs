//! All that a training has come to, taken off the device and put on one again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Trainer;
use super::early_stopping::BestEpoch;
use super::epoch_losses::EpochLoss;
use super::plateau::Plateau;
use super::transfer::{check_steps, parameters};
use crate::Result;
use crate::model;
use crate::spec::Parameters;

/// How far a training is: with the weights and what the optimizer remembers, all that it takes to
/// go on. The order of the rows follows from seed and step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Progress {
    /// Steps done.
    pub(super) step: u64,
    /// The step at which the run ends.
    pub(super) goal: u64,
    /// The losses that the epoch under way has shown so far.
    pub(super) epoch: EpochLoss,
    pub(super) watch: BestEpoch,
    pub(super) plateau: Plateau,
}

/// Weights that were the best when they were kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BestWeights {
    /// The steps done by then.
    pub(super) step: u64,
    pub(super) parameters: Arc<Parameters>,
}

/// A training between two steps, in the host's memory. It knows no device and no strategy.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Snapshot {
    pub(super) progress: Progress,
    pub(super) parameters: Parameters,
    /// Each tensor that the optimizer remembers, in the shape of the parameters.
    pub(super) memories: Vec<Parameters>,
    pub(super) best: Option<BestWeights>,
}

impl Trainer {
    /// Takes a snapshot.
    pub(super) fn snapshot(&mut self) -> Result<Snapshot> {
        check_steps(self.backend.as_mut(), &self.device, self.progress.step)?;
        let network = self.plan().network().clone();
        let regions = self.plan().memories();
        let backend = self.backend.as_mut();
        let memories = regions.iter().map(|tensor| parameters(backend, &network, tensor));
        let memories = memories.collect::<Result<_>>()?;
        Ok(Snapshot {
            progress: self.progress,
            parameters: self.parameters()?,
            memories,
            best: self.best.clone(),
        })
    }

    /// Goes back, or on, to a snapshot of the same network and optimizer.
    pub(super) fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.set_parameters(&snapshot.parameters)?;
        for (tensor, values) in self.plan().memories().iter().zip(&snapshot.memories) {
            model::upload(self.backend.as_mut(), tensor, values)?;
        }
        self.progress = snapshot.progress;
        self.best.clone_from(&snapshot.best);
        self.follow_plateau()?;
        self.set_control()
    }
}
