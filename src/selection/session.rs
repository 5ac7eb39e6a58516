//! Many networks, trained a part at a time by who must not block.

use std::collections::VecDeque;
use std::time::Duration;

use super::pack::{halves, packs};
use super::training::{Progress, Training};
use super::{FitOptions, Job, Outcome, Wanted};
use crate::Result;
use crate::backend::Device;
use crate::platform::Instant;
use crate::train::{Budget, Silent, Status};

/// Trains jobs one after another, and side by side as far as they are alike: the asynchronous side of
/// [`fit_all`](super::fit_all), which trains them on threads and blocks. Each network ends where it ends there.
pub struct FitSession {
    jobs: Vec<Job>,
    options: FitOptions,
    /// What is still to be begun, once the device is known.
    packs: Option<VecDeque<Vec<usize>>>,
    training: Option<(Vec<usize>, Training)>,
    outcomes: Vec<Option<Outcome>>,
}

impl FitSession {
    /// Jobs to be trained, and what is kept of each.
    pub fn new(jobs: Vec<Job>, wanted: Wanted) -> Self {
        let options = FitOptions { wanted, ..FitOptions::default() };
        let outcomes = jobs.iter().map(|_| None).collect();
        Self { jobs, options, packs: None, training: None, outcomes }
    }

    /// Goes on for so long, but with some steps at least: on a device that is open, and the same for all calls.
    ///
    /// # Errors
    /// As [`Session::advance`](crate::Session::advance), but for divergence, which is an outcome.
    pub async fn advance(&mut self, device: &dyn Device, time: Duration) -> Result<Status> {
        let started = Instant::now();
        loop {
            if self.training.is_none() && !self.begin(device).await? {
                return Ok(Status::Ended);
            }
            if let Some((pack, training)) = &mut self.training {
                let left = time.saturating_sub(started.elapsed());
                let progress = training.advance(Budget::Time(left), &mut Silent).await?;
                if let Progress::Ended(ended) = progress {
                    for (&job, outcome) in pack.iter().zip(ended) {
                        self.outcomes[job] = Some(outcome);
                    }
                    self.training = None;
                }
            }
            if started.elapsed() >= time && self.outcomes.iter().any(Option::is_none) {
                return Ok(Status::Running);
            }
        }
    }

    /// Begins the next networks, or tells that there are none.
    async fn begin(&mut self, device: &dyn Device) -> Result<bool> {
        let Self { jobs, options, .. } = self;
        let in_order: Vec<usize> = (0..jobs.len()).collect();
        let left =
            self.packs.get_or_insert_with(|| packs(jobs, &in_order, &device.limits()).into());
        while let Some(pack) = left.pop_front() {
            let own: Vec<&Job> = pack.iter().map(|&job| &jobs[job]).collect();
            match Training::open(&own, device, options).await {
                Ok(training) => {
                    self.training = Some((pack, training));
                    return Ok(true);
                }
                Err(error) => {
                    let [first, rest] = halves(&pack, error)?;
                    left.push_front(rest);
                    left.push_front(first);
                }
            }
        }
        Ok(false)
    }

    /// What came of the jobs that have ended, in order, up to the first that has not.
    pub fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().map_while(Option::as_ref)
    }

    /// The same, where no more is wanted.
    pub fn into_outcomes(self) -> Vec<Outcome> {
        self.outcomes.into_iter().map_while(|own| own).collect()
    }

    /// Jobs that are done, the share of those on their way counted, too.
    pub fn done(&self) -> f64 {
        let ended = self.outcomes.iter().flatten().count() as f64;
        let share = |(pack, own): &(Vec<usize>, Training)| pack.len() as f64 * own.share();
        ended + self.training.as_ref().map_or(0.0, share)
    }

    /// Jobs in all.
    pub fn jobs(&self) -> usize {
        self.jobs.len()
    }
}
