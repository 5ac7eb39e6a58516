//! All that a session has come to, taken off the device and put on one again.

use super::Ended;
use super::run::{BestWeights, NetworkState, Progress};

/// A session between two steps, in the host's memory. It knows no device and no strategy.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Snapshot {
    pub(super) runs: Vec<RunSnapshot>,
}

/// What belongs to one network.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RunSnapshot {
    pub(super) progress: Progress,
    pub(super) network: NetworkState,
    pub(super) best: Option<BestWeights>,
    /// Why its run has ended, if it has.
    pub(super) ended: Option<Ended>,
}

impl Snapshot {
    /// The steps that the furthest network has done.
    pub(super) fn step(&self) -> u64 {
        self.runs.iter().map(|run| run.progress.step).max().unwrap_or(0)
    }
}
