//! What is to be trained, and what is kept of it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::backend::DeviceChoice;
use crate::platform::Instant;
use crate::spec::Network;
use crate::train::{Checkpoint, TrainOptions, TrainingData};

/// One network to be trained.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its layers and functions.
    pub network: Network,
    /// The rows to train on, and to validate with.
    pub data: TrainingData,
    /// How. Device and threads are those of [`FitOptions`] instead.
    pub options: TrainOptions,
    /// The checkpoint from which it goes on, if it does.
    pub resumed: Option<Checkpoint>,
}

impl Job {
    /// A network that is trained from the beginning.
    pub fn new(network: Network, data: TrainingData, options: TrainOptions) -> Self {
        Self { network, data, options, resumed: None }
    }
}

/// What is kept of each network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Its predictions for the validation rows.
    pub predictions: bool,
    /// The network itself.
    pub models: bool,
    /// Losses of steps, as often as [`TrainOptions::log_every`] says, among what is told of it.
    pub steps: bool,
    /// How often its weights are told, if they are: see
    /// [`Session::showing_weights`](crate::Session::showing_weights).
    pub weights: Option<Duration>,
}

/// How many networks are trained.
#[derive(Clone, Debug, Default)]
pub struct FitOptions {
    /// Where; `auto` takes the CPU path unless the networks are large.
    pub device: DeviceChoice,
    /// Threads at most, all networks together; by default as many as this process may use.
    pub threads: Option<usize>,
    /// Ends everything when it becomes true.
    pub interrupt: Option<Arc<AtomicBool>>,
    /// When what has not ended is given up.
    pub until: Option<Instant>,
    /// What is kept.
    pub wanted: Wanted,
}
