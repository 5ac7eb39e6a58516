//! Many networks, trained a part at a time by who must not block.

use std::time::Duration;

use super::training::{Progress, Training};
use super::{FitOptions, Job, Outcome, Wanted};
use crate::Result;
use crate::backend::Device;
use crate::platform::Instant;
use crate::train::{Budget, Silent, Status};

/// Trains jobs one after another: the asynchronous side of [`fit_all`](super::fit_all), which trains them on
/// threads and blocks. Each network ends where it ends there.
pub struct FitSession {
    jobs: Vec<Job>,
    options: FitOptions,
    training: Option<Training>,
    outcomes: Vec<Outcome>,
}

impl FitSession {
    /// Jobs to be trained, and what is kept of each.
    pub fn new(jobs: Vec<Job>, wanted: Wanted) -> Self {
        let options = FitOptions { wanted, ..FitOptions::default() };
        Self { jobs, options, training: None, outcomes: Vec::new() }
    }

    /// Goes on for so long, but with some steps at least: on a device that is open, and the same for all calls.
    ///
    /// # Errors
    /// As [`Session::advance`](crate::Session::advance), but for divergence, which is an outcome.
    pub async fn advance(&mut self, device: &dyn Device, time: Duration) -> Result<Status> {
        let started = Instant::now();
        while let Some(job) = self.jobs.get(self.outcomes.len()) {
            let training = match &mut self.training {
                Some(own) => own,
                none => none.insert(Training::open(job, device, &self.options).await?),
            };
            let left = time.saturating_sub(started.elapsed());
            if let Progress::Ended(own) = training.advance(Budget::Time(left), &mut Silent).await? {
                self.outcomes.push(own);
                self.training = None;
            }
            if started.elapsed() >= time && self.outcomes.len() < self.jobs.len() {
                return Ok(Status::Running);
            }
        }
        Ok(Status::Ended)
    }

    /// What came of the jobs that have ended, in order.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// The same, where no more is wanted.
    pub fn into_outcomes(self) -> Vec<Outcome> {
        self.outcomes
    }

    /// Jobs that are done, the share of the one on its way counted, too.
    pub fn done(&self) -> f64 {
        self.outcomes.len() as f64 + self.training.as_ref().map_or(0.0, Training::share)
    }

    /// Jobs in all.
    pub fn jobs(&self) -> usize {
        self.jobs.len()
    }
}
