//! When checkpoints of a session are written.

use std::path::PathBuf;
use std::time::Duration;

use super::{Checkpoint, CheckpointOptions, Checkpoints};
use crate::Result;
use crate::platform::Instant;
use crate::platform::files::FolderLock;
use crate::train::Interval;
use crate::train::run::Run;

/// After so long, what could not be written is tried again, where it is not due before.
const RETRY: Duration = Duration::from_secs(10);

/// Trying again takes at most one part in so many of a run's time.
const RETRY_SHARE: u32 = 10;

/// Writes the checkpoints of one session.
pub(in crate::train) struct CheckpointWriter {
    options: CheckpointOptions,
    /// When the next one is due, where they go by time or the last one could not be written.
    due: Option<Instant>,
    /// Held from before the first one to the end of the run.
    lock: Option<FolderLock>,
    /// Whether it is held beyond the end of a run.
    holds: bool,
    /// Why the last one could not be written, if it could not.
    failure: Option<String>,
}

impl CheckpointWriter {
    pub(in crate::train) fn new(options: CheckpointOptions) -> Self {
        Self { options, due: None, lock: None, holds: false, failure: None }
    }

    /// Refuses a folder that holds another training's checkpoints.
    pub(in crate::train) fn check_folder(&self) -> Result<()> {
        Checkpoints::new(&self.options.folder).map(drop)
    }

    /// Keeps other trainings out of the folder, which is made where it is missing.
    pub(in crate::train) fn lock(&mut self) -> Result<()> {
        if !self.lock.as_ref().is_some_and(FolderLock::is_in_place) {
            self.lock = Some(Checkpoints::of(&self.options.folder).lock()?);
        }
        Ok(())
    }

    /// Keeps them out until the session is dropped.
    pub(in crate::train) fn lock_and_hold(&mut self) -> Result<()> {
        self.holds = true;
        self.lock()
    }

    /// At the end of a run, lets others have the folder.
    pub(in crate::train) fn unlock(&mut self) {
        if !self.holds {
            self.lock = None;
        }
    }

    /// Why the last one could not be written, if it could not.
    pub(in crate::train) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// When the next one is due, where they go by time or the last one could not be written.
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
        let period = self.options.every.steps(sampler.steps_per_epoch());
        period.is_some_and(|period| sampler.is_multiple(run.progress.step, period))
            || self.due.is_some_and(|due| due <= Instant::now())
    }

    /// Writes one; its file.
    pub(in crate::train) fn write(&mut self, checkpoint: &Checkpoint) -> Result<PathBuf> {
        let started = Instant::now();
        let written =
            self.lock().and_then(|()| Checkpoints::of(&self.options.folder).write(checkpoint));
        let every = match self.options.every {
            Interval::Time(interval) => Some(interval),
            _ => None,
        };
        let wait = match &written {
            Ok(_) => every,
            Err(_) => {
                let retry = RETRY.max(started.elapsed() * RETRY_SHARE);
                Some(every.map_or(retry, |every| every.min(retry)))
            }
        };
        self.due = wait.map(|wait| Instant::now() + wait);
        self.failure = written.as_ref().err().map(ToString::to_string);
        written
    }
}
