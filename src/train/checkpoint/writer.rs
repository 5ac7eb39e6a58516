//! When checkpoints of a session are written.

use std::path::PathBuf;

use super::{Checkpoint, CheckpointOptions, Checkpoints};
use crate::Result;
use crate::platform::Instant;
use crate::train::Interval;
use crate::train::run::Run;

/// Writes the checkpoints of one session.
pub(in crate::train) struct CheckpointWriter {
    options: CheckpointOptions,
    /// When the next one is due, where they go by time.
    due: Option<Instant>,
}

impl CheckpointWriter {
    pub(in crate::train) fn new(options: CheckpointOptions) -> Self {
        Self { options, due: None }
    }

    /// Refuses a folder that holds another training's checkpoints.
    pub(in crate::train) fn check_folder(&self) -> Result<()> {
        Checkpoints::new(&self.options.folder).map(drop)
    }

    /// When the next one is due, where they go by time.
    pub(in crate::train) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Steps of a run until the next one, where they go by steps.
    pub(in crate::train) fn steps_to_go(&self, run: &Run) -> Option<u64> {
        let (sampler, step) = (run.sampler(), run.progress.step);
        let period = self.options.every.steps(sampler.steps_per_epoch())?;
        Some(sampler.next_multiple(step, period) - step)
    }

    /// Whether one is due after the steps that a run has done.
    pub(in crate::train) fn is_due(&self, run: &Run) -> bool {
        let sampler = run.sampler();
        match self.options.every.steps(sampler.steps_per_epoch()) {
            Some(period) => sampler.is_multiple(run.progress.step, period),
            None => self.due.is_some_and(|due| due <= Instant::now()),
        }
    }

    /// Writes one; its file.
    pub(in crate::train) fn write(&mut self, checkpoint: &Checkpoint) -> Result<PathBuf> {
        let path = Checkpoints::of(&self.options.folder).write(checkpoint)?;
        if let Interval::Time(interval) = self.options.every {
            self.due = Some(Instant::now() + interval);
        }
        Ok(path)
    }
}
