//! One job on its way: a session, and what is kept of it.

use std::sync::Arc;

use super::{EpochScores, Fit, FitOptions, Job, Outcome, Wanted};
use crate::backend::Device;
use crate::platform::Instant;
use crate::train::{Budget, Callback, Ended, Event, Session, Status, TrainOptions};
use crate::{Error, Result};

/// A network that is being trained.
pub(super) struct Training {
    session: Session,
    wanted: Wanted,
    curve: Vec<EpochScores>,
    /// Steps at which it ends, if nothing ends it before.
    goal: u64,
    /// Seconds that earlier calls have taken.
    seconds: f64,
}

/// How far a training has come.
pub(super) enum Progress {
    /// There is more to do.
    Running,
    /// An interrupt has kept it from its end.
    Interrupted,
    Ended(Outcome),
}

impl Training {
    /// Puts a job on a device.
    pub(super) async fn open(job: &Job, device: &dyn Device, options: &FitOptions) -> Result<Self> {
        let started = Instant::now();
        // Losses of steps take time.
        let log_every = if options.wanted.steps { job.options.log_every } else { u64::MAX };
        let own = TrainOptions { log_every, ..job.options.clone() };
        let mut session = Session::on(device, &job.network, job.data.clone(), own).await?;
        if let Some(checkpoint) = &job.resumed {
            session.resume(checkpoint).await?;
        }
        if let Some(flag) = &options.interrupt {
            session = session.with_interrupt(Arc::clone(flag));
        }
        if let Some(every) = options.wanted.weights {
            session = session.showing_weights(every);
        }
        let goal = job.options.length.steps(session.plan().steps_per_epoch());
        let seconds = started.elapsed().as_secs_f64();
        Ok(Self { session, wanted: options.wanted, curve: Vec::new(), goal, seconds })
    }

    /// The share of its steps that is done, from 0 to 1.
    pub(super) fn share(&self) -> f64 {
        self.session.step(0) as f64 / self.goal.max(1) as f64
    }

    /// Goes on as far as the budget allows, telling the callback.
    pub(super) async fn advance(
        &mut self,
        budget: Budget,
        callback: &mut dyn Callback,
    ) -> Result<Progress> {
        let started = Instant::now();
        let curve = &mut self.curve;
        let mut observer = |event: &Event| {
            if let Event::Epoch { train_loss, validation, .. } = event {
                curve.push(EpochScores { train_loss: *train_loss, validation: *validation });
            }
            callback.on_event(0, event)
        };
        let advanced = self.session.advance(budget, &mut observer).await;
        let progress = match advanced {
            Ok(Status::Running) => Progress::Running,
            Ok(Status::Ended) => self.end(started).await?,
            Err(Error::Diverged { step, loss, lr }) => {
                let seconds = self.seconds_since(started);
                Progress::Ended(Outcome::Diverged { step, loss, lr, seconds })
            }
            Err(error) => return Err(error),
        };
        self.seconds = self.seconds_since(started);
        Ok(progress)
    }

    /// What came of it.
    async fn end(&mut self, started: Instant) -> Result<Progress> {
        let Some(Some(summary)) = self.session.summaries().next() else {
            unreachable!("a session that has ended has a summary of each network");
        };
        if summary.ended == Ended::Interrupted {
            return Ok(Progress::Interrupted);
        }
        let (summary, data) = (summary.clone(), self.session.data().clone());
        let predictions = match &data.validation {
            Some(held_out) if self.wanted.predictions => {
                self.session.predict_data(0, held_out).await?
            }
            _ => Vec::new(),
        };
        let several = data.training.targets().columns() > 1;
        let of_training = match self.wanted.predictions && several {
            true => self.session.predict_data(0, &data.training).await?,
            false => Vec::new(),
        };
        let model = if self.wanted.models { Some(self.session.model(0).await?) } else { None };
        Ok(Progress::Ended(Outcome::Fitted(Box::new(Fit {
            epochs: summary.steps / self.session.plan().steps_per_epoch(),
            summary,
            curve: std::mem::take(&mut self.curve),
            predictions,
            of_training,
            model,
            seconds: self.seconds_since(started),
        }))))
    }

    fn seconds_since(&self, started: Instant) -> f64 {
        self.seconds + started.elapsed().as_secs_f64()
    }
}
