//! What a search is given, and what it tells.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Block, Record, SamplerName, Select};
use crate::Error;
use crate::metrics::Metric;
use crate::selection::{FitOptions, Job, Wanted};

/// Whether trials that fall behind are stopped early.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pruning {
    /// Where there are more than 20 trials, and not of a block.
    #[default]
    Auto,
    /// By [`super::Halving`].
    On,
    /// Each trial is trained to its end.
    Off,
}

crate::spec::named!(Pruning, "pruning", { Auto => "auto", On => "on", Off => "off" });

/// How to search.
#[derive(Clone, Debug)]
pub struct SweepOptions {
    /// By what trials are compared.
    pub metric: Metric,
    /// Trials at most, of all blocks together; by default 100.
    pub trials: u64,
    /// Which of them are trained here, where several processes share them out; by default all. Blocks
    /// know nothing of each other: points must not depend on results, and no trial is stopped early.
    pub block: Option<Block>,
    /// How long to search at most, the final training not counted; by default without a limit.
    pub time: Option<Duration>,
    /// Which points are tried; by default [`SamplerName::for_space`].
    pub sampler: Option<SamplerName>,
    /// The seed of the sampler; by default 777.
    pub seed: u64,
    /// Whether trials that fall behind are stopped early.
    pub pruning: Pruning,
    /// Which trial is chosen in the end.
    pub select: Select,
    /// Where networks are trained, on how many threads, and what ends it.
    pub fit: FitOptions,
    /// The fingerprint of the data set, for the journal; by default that of the folds' rows as they
    /// are, which changes with their number, too.
    pub data: Option<String>,
    /// What else decides how networks are trained, for the journal, by name.
    pub settings: BTreeMap<String, serde_json::Value>,
    /// What the search was begun with, for the journal, as it was typed.
    pub arguments: Vec<String>,
}

impl SweepOptions {
    /// Up to 100 trials, compared by this metric.
    pub fn new(metric: Metric) -> Self {
        Self {
            metric,
            trials: 100,
            block: None,
            time: None,
            sampler: None,
            seed: 777,
            pruning: Pruning::default(),
            select: Select::default(),
            fit: FitOptions::default(),
            data: None,
            settings: BTreeMap::new(),
            arguments: Vec::new(),
        }
    }

    /// Of more trials than this, those that fall behind are stopped early, unless told otherwise.
    pub const PRUNED_FROM: u64 = 20;
}

/// What happens in a search.
#[derive(Debug)]
#[non_exhaustive]
pub enum SweepEvent<'a> {
    /// It begins, or goes on.
    Begin {
        /// The sampler.
        sampler: &'static str,
        /// Trials at most.
        trials: u64,
        /// Trials that a journal has already.
        known: usize,
        /// Whether trials that fall behind are stopped early.
        pruned: bool,
    },
    /// A trial is always trained to its end: its learning rate goes by the whole length, so that early
    /// scores tell nothing. Told for each batch that has such.
    NotPruned {
        /// The first such trial.
        trial: u64,
    },
    /// A trial cannot be trained: its values contradict each other.
    Refused {
        /// The trial.
        trial: u64,
        /// Why not.
        error: &'a Error,
    },
    /// A network of the batch that is being trained has come to the end of its rung.
    Fitted {
        /// Networks that have by now.
        done: usize,
        /// Networks in all.
        of: usize,
        /// Trials that are being trained.
        trials: usize,
        /// The rung, or `None` where they are trained to their end.
        rung: Option<usize>,
    },
    /// A trial has ended. All of a batch are told together.
    Trial(&'a Record),
}

/// What a search asks for.
#[derive(Debug)]
pub enum Asked {
    /// Networks are due: those of each trial side by side, one for each fold.
    Fits {
        /// The networks.
        jobs: Vec<Job>,
        /// What is to be kept of them.
        wanted: Wanted,
        /// Trials that they belong to.
        trials: usize,
        /// The rung that they are trained to, or `None` where it is their end.
        rung: Option<usize>,
    },
    /// There is nothing left to be trained.
    Ended(Ended),
}

/// Why a search has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ended {
    /// There were as many trials as were wanted.
    Trials,
    /// There are no more points.
    Exhausted,
    /// The time was up.
    Time,
    /// An interrupt, or the observer.
    Interrupted,
}
