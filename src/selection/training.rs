//! Jobs on their way: a session, and what is kept of each.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::{EpochScores, Fit, FitOptions, Job, Outcome, Wanted};
use crate::backend::Device;
use crate::data::Dataset;
use crate::model::Model;
use crate::platform::Instant;
use crate::train::{
    Budget, Callback, Ended, Event, Session, Status, Summary, TrainOptions, TrainingData,
    candidates,
};
use crate::{Error, Result};

/// A network that is being trained, or several side by side.
pub(super) struct Training {
    session: Session,
    wanted: Wanted,
    jobs: Vec<Own>,
    /// Steps at which it ends, if nothing ends it before.
    goal: u64,
    /// Seconds that earlier calls have taken.
    seconds: f64,
}

/// What belongs to one of the networks.
struct Own {
    data: TrainingData,
    curve: Vec<EpochScores>,
}

/// How far a training has come.
pub(super) enum Progress {
    /// There is more to do.
    Running,
    /// An interrupt has kept it from its end.
    Interrupted,
    /// What came of each job.
    Ended(Vec<Outcome>),
}

/// Passes on what happens, and keeps the curve of each network.
struct Curves<'a> {
    jobs: &'a mut [Own],
    callback: &'a mut dyn Callback,
}

impl Callback for Curves<'_> {
    fn on_event(&mut self, network: usize, event: &Event) -> ControlFlow<()> {
        if let Event::Epoch { train_loss, validation, .. } = event {
            let scores = EpochScores { train_loss: *train_loss, validation: *validation };
            self.jobs[network].curve.push(scores);
        }
        self.callback.on_event(network, event)
    }
}

impl Training {
    /// Puts jobs on a device: one by any strategy, several side by side.
    pub(super) async fn open(
        jobs: &[&Job],
        device: &dyn Device,
        options: &FitOptions,
    ) -> Result<Self> {
        let started = Instant::now();
        // Losses of steps take time.
        let log_every = if options.wanted.steps { jobs[0].options.log_every } else { u64::MAX };
        let own = TrainOptions { log_every, ..jobs[0].options.clone() };
        let mut session = match jobs {
            [job] => Session::on(device, &job.network, job.data.clone(), own).await?,
            many => {
                let trainees: Vec<_> = many.iter().map(|job| job.trainee()).collect();
                let (candidates, data) = candidates(&trainees)?;
                Session::grid_on(device, &candidates, data, own).await?
            }
        };
        if let Some(checkpoint) = &jobs[0].resumed {
            session.resume(checkpoint).await?;
        }
        if let Some(flag) = &options.interrupt {
            session = session.with_interrupt(Arc::clone(flag));
        }
        if let Some(every) = options.wanted.weights {
            session = session.showing_weights(every);
        }
        let goal = jobs[0].options.length.steps(session.steps_per_epoch(0));
        let jobs = jobs.iter().map(|job| Own { data: job.data.clone(), curve: Vec::new() });
        let jobs = jobs.collect();
        let seconds = started.elapsed().as_secs_f64();
        Ok(Self { session, wanted: options.wanted, jobs, goal, seconds })
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
        let mut curves = Curves { jobs: &mut self.jobs, callback };
        let advanced = self.session.advance(budget, &mut curves).await;
        let progress = match advanced {
            Ok(Status::Running) => Progress::Running,
            Ok(Status::Ended) => self.end(started).await?,
            Err(Error::Diverged { step, loss, lr }) => {
                let seconds = self.seconds_since(started);
                Progress::Ended(vec![Outcome::Diverged { step, loss, lr, seconds }])
            }
            Err(error) => return Err(error),
        };
        self.seconds = self.seconds_since(started);
        Ok(progress)
    }

    /// What came of it.
    async fn end(&mut self, started: Instant) -> Result<Progress> {
        let summaries: Vec<Summary> = self.session.summaries().flatten().cloned().collect();
        if summaries.iter().any(|own| own.ended == Ended::Interrupted) {
            return Ok(Progress::Interrupted);
        }
        let mut outcomes = Vec::with_capacity(summaries.len());
        for (number, summary) in summaries.into_iter().enumerate() {
            outcomes.push(self.outcome(number, summary).await?);
        }
        // Networks that are trained side by side have taken their time together.
        let share = self.seconds_since(started) / outcomes.len() as f64;
        outcomes.iter_mut().for_each(|own| own.set_seconds(share));
        Ok(Progress::Ended(outcomes))
    }

    /// What came of one of the networks.
    async fn outcome(&mut self, number: usize, summary: Summary) -> Result<Outcome> {
        let seconds = summary.seconds;
        if let (Some((step, loss, lr)), None) = (self.session.divergence(number), summary.best) {
            return Ok(Outcome::Diverged { step, loss, lr, seconds });
        }
        let TrainingData { training, validation } = self.jobs[number].data.clone();
        let predictions = match &validation {
            Some(held_out) if self.wanted.predictions => self.predict(number, held_out).await?,
            _ => Vec::new(),
        };
        let several = training.targets().columns() > 1;
        let of_training = match self.wanted.predictions && several {
            true => self.predict(number, &training).await?,
            false => Vec::new(),
        };
        let model = match self.wanted.models {
            true => Some(Model {
                preprocessing: training.preprocessing().clone(),
                targets: training.target_columns().to_vec(),
                ..self.session.model(number).await?
            }),
            false => None,
        };
        Ok(Outcome::Fitted(Box::new(Fit {
            epochs: summary.steps / self.session.steps_per_epoch(number),
            summary,
            curve: std::mem::take(&mut self.jobs[number].curve),
            predictions,
            of_training,
            model,
            seconds,
        })))
    }

    /// Predictions of one of the networks for rows of its own, in the target's own unit.
    async fn predict(&mut self, number: usize, data: &Dataset) -> Result<Vec<f32>> {
        let mut outputs = self.session.predict_data(number, data).await?;
        if self.jobs.len() > 1 {
            self.jobs[number].data.training.preprocessing().target.restore(&mut outputs);
        }
        Ok(outputs)
    }

    fn seconds_since(&self, started: Instant) -> f64 {
        self.seconds + started.elapsed().as_secs_f64()
    }
}
