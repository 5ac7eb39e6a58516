//! What belongs to one network of a session: how far it is, and what it has come to.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::batch_sampler::BatchSampler;
use super::early_stopping::BestEpoch;
use super::epoch_losses::{Epoch, EpochLoss, EpochLosses};
use super::event_emitter::EventEmitter;
use super::plateau::Plateau;
use super::snapshot::RunSnapshot;
use super::{Best, Callback, Ended, Evaluation, Keep, Summary, TrainOptions};
use crate::backend::StepMetrics;
use crate::spec::{Length, Parameters};

/// How far a run is: with the weights and the optimizer's state, all that it takes to go on. The
/// order of the rows follows from seed and step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Progress {
    /// Steps done.
    pub(super) step: u64,
    /// The step at which the run ends.
    pub(super) goal: u64,
    /// The losses of the epoch under way, added up: brought up to date where it is saved.
    pub(super) epoch: EpochLoss,
    /// The best epoch so far. Checkpoints have had this name for it from the beginning.
    #[serde(rename = "watch")]
    pub(super) best_epoch: BestEpoch,
    pub(super) plateau: Plateau,
    /// The step at which the first epoch of the present rows began.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) origin: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(step: &u64) -> bool {
    *step == 0
}

/// Weights that were the best when they were kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BestWeights {
    /// The steps done by then.
    pub(super) step: u64,
    pub(super) parameters: Arc<Parameters>,
}

/// Weights and optimizer state of one network.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NetworkState {
    pub(super) parameters: Parameters,
    /// Each tensor of the optimizer's state, in the shape of the parameters.
    pub(super) state: Vec<Parameters>,
}

/// One network's part of a session.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) progress: Progress,
    /// The best weights so far, where they are to be kept.
    pub(super) best: Option<BestWeights>,
    /// Why it has ended.
    pub(super) ended: Option<Ended>,
    pub(super) emitter: EventEmitter,
    /// What came of it, once the session has ended.
    pub(super) summary: Option<Summary>,
    /// The first step whose loss was not finite, and the loss.
    diverged: Option<(u64, f32)>,
    /// The epoch that has just ended, where the network is to be looked at.
    due: Option<Epoch>,
    losses: EpochLosses,
    /// Every how many epochs the network is looked at, if it is.
    look_every: Option<u64>,
    /// The learning rate at the beginning.
    lr: f64,
    /// The step at which the present run began.
    first: u64,
    number: usize,
}

/// How a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// With all of its length before it.
    Anew,
    /// Where a checkpoint has left it.
    Resumed,
}

/// What is to be done after a network has been looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looked {
    /// It has never been as good.
    pub(super) is_best: bool,
    /// Its learning rate has been lowered.
    pub(super) lowered: bool,
}

impl Run {
    /// Before the first step.
    pub(super) fn new(number: usize, sampler: BatchSampler, lr: f64) -> Self {
        Self {
            progress: Progress::default(),
            best: None,
            ended: None,
            emitter: EventEmitter::default(),
            summary: None,
            diverged: None,
            due: None,
            losses: EpochLosses::at(sampler, 0, EpochLoss::default()),
            look_every: None,
            lr,
            first: 0,
            number,
        }
    }

    /// Begins: sets the goal and forgets how the last run went.
    pub(super) fn begin(&mut self, options: &TrainOptions, validates: bool, start: Start) {
        let looks = validates
            || options.early_stopping.is_some()
            || options.reduce_on_plateau.is_some()
            || options.keep() == Keep::Best;
        self.look_every = looks.then_some(options.validate_every);
        let step = self.progress.step;
        self.first = step;
        self.emitter =
            EventEmitter::new(self.number, options.log_every, step, self.losses.number());
        (self.diverged, self.due, self.summary) = (None, None, None);
        if start == Start::Anew {
            let per_epoch = self.losses.sampler().steps_per_epoch();
            self.progress.goal = step + options.length.steps(per_epoch);
            self.progress.best_epoch = BestEpoch::default();
            (self.best, self.ended) = (None, None);
        }
    }

    /// Puts it where a snapshot was taken.
    pub(super) fn restore(&mut self, snapshot: &RunSnapshot) {
        let RunSnapshot { progress, best, ended, .. } = snapshot;
        self.progress = *progress;
        self.best.clone_from(best);
        self.ended = *ended;
        (self.diverged, self.due) = (None, None);
        let sampler = self.losses.sampler().begun_at(progress.origin);
        self.losses = EpochLosses::at(sampler, progress.step, progress.epoch);
    }

    /// Lets a run go on that a checkpoint has brought, unless it has ended for good.
    pub(super) fn reopen(&mut self, is_alone: bool) {
        let for_good = matches!(self.ended, Some(Ended::Patience | Ended::Diverged));
        if is_alone || !for_good {
            self.ended = None;
        }
    }

    /// Gives a run that goes on another length than it had.
    pub(super) fn set_length(&mut self, length: Length) {
        if self.is_live() {
            let steps = length.steps(self.sampler().steps_per_epoch());
            self.progress.goal = steps.max(self.progress.step);
        }
    }

    /// Keeps weights as the best ones so far.
    pub(super) fn keep_as_best(&mut self, parameters: Parameters) {
        let (step, parameters) = (self.progress.step, Arc::new(parameters));
        self.best = Some(BestWeights { step, parameters });
    }

    /// Goes on with other rows: an epoch of them begins.
    pub(super) fn set_rows(&mut self, sampler: BatchSampler) {
        self.progress.origin = self.progress.step;
        self.progress.epoch = EpochLoss::default();
        let sampler = sampler.begun_at(self.progress.step);
        self.losses = EpochLosses::at(sampler, self.progress.step, EpochLoss::default());
    }

    pub(super) fn sampler(&self) -> &BatchSampler {
        self.losses.sampler()
    }

    /// The learning rate at the beginning.
    pub(super) fn initial_lr(&self) -> f64 {
        self.lr
    }

    /// The learning rate, as far as plateaus have lowered it.
    pub(super) fn lr(&self) -> f64 {
        self.progress.plateau.lr.unwrap_or(self.lr)
    }

    /// Why it has ended, where it is complete: a run that a checkpoint has brought, and whose patience had
    /// been at its end, has a goal before its length.
    pub(super) fn end_of(&self, length: Length) -> Ended {
        let steps = length.steps(self.sampler().steps_per_epoch());
        if self.progress.goal < steps { Ended::Patience } else { Ended::Length }
    }

    /// Whether it has done all of its steps.
    pub(super) fn is_complete(&self) -> bool {
        self.progress.step >= self.progress.goal
    }

    /// Steps of the present run.
    pub(super) fn steps_of_run(&self) -> u64 {
        self.progress.step - self.first
    }

    /// Whether it is still trained.
    pub(super) fn is_live(&self) -> bool {
        self.ended.is_none()
    }

    /// The first step whose loss was not finite, and the loss.
    pub(super) fn diverged(&self) -> Option<(u64, f32)> {
        self.diverged
    }

    /// Whether it asks for the losses of its steps.
    pub(super) fn looks(&self) -> bool {
        self.look_every.is_some()
    }

    /// Whether it is to be looked at before the next step.
    pub(super) fn is_due(&self) -> bool {
        self.due.is_some()
    }

    /// Steps until something is to be done between two steps.
    pub(super) fn steps_to_go(&self) -> u64 {
        let (sampler, Progress { step, goal, .. }) = (self.sampler(), self.progress);
        let look = self.look_every.map(|epochs| {
            sampler.next_multiple(step, epochs.saturating_mul(sampler.steps_per_epoch()))
        });
        let shard = (sampler.shards() > 1).then(|| sampler.pass_end(step));
        look.into_iter().chain(shard).fold(goal, u64::min) - step
    }

    /// Takes one step's metrics. Inlined, for a call takes a noticeable part of the time of a tiny
    /// network's step.
    #[inline(always)]
    pub(super) fn record(&mut self, [loss, _score]: StepMetrics, callback: &mut dyn Callback) {
        if self.diverged.is_some() {
            return;
        }
        let step = self.progress.step;
        if !loss.is_finite() {
            self.diverged = Some((step, loss));
            return;
        }
        self.progress.step += 1;
        self.emitter.step(step, loss, callback);
        if let Some(epoch) = self.losses.add(step, loss) {
            match self.look_every {
                Some(every) if (epoch.number + 1).is_multiple_of(every) => self.due = Some(epoch),
                _ => self.emitter.epoch(epoch.number, epoch.loss, None, callback),
            }
        }
    }

    /// Takes note of steps whose losses nobody asks for.
    pub(super) fn skip(&mut self, steps: u64) {
        self.progress.step += steps;
        self.losses.skip_to(self.progress.step);
        self.emitter.skip_to(self.progress.step);
    }

    /// How far it is, with the losses of the epoch under way.
    pub(super) fn progress(&self) -> Progress {
        Progress { epoch: self.losses.sum, ..self.progress }
    }

    /// Takes note of how good the network is at the end of an epoch, where it is due. Where the
    /// patience is at its end, the run ends.
    pub(super) fn look(
        &mut self,
        validation: Option<Evaluation>,
        options: &TrainOptions,
        callback: &mut dyn Callback,
    ) -> Option<Looked> {
        let Epoch { number, loss: train_loss } = self.due.take()?;
        self.emitter.epoch(number, train_loss, validation, callback);
        let loss = validation.map_or(train_loss, |validation| validation.loss);
        let stopping = options.early_stopping;
        let min_delta = stopping.map_or(0.0, |stopping| stopping.min_delta);
        let is_best = self.progress.best_epoch.see(number, loss, min_delta);
        let lowered = options
            .reduce_on_plateau
            .is_some_and(|plateau| self.progress.plateau.see(loss, self.lr, &plateau));
        if lowered {
            self.emitter.reduced(number, self.lr(), callback);
        }
        let waited = self.progress.best_epoch.waited(number);
        if stopping.is_some_and(|stopping| waited >= stopping.patience) {
            self.ended = Some(Ended::Patience);
        }
        Some(Looked { is_best, lowered })
    }

    /// The best weights, where they are to be the final ones and are not those of the last step.
    /// Where the loss is not finite any more, those of the last step are lost.
    pub(super) fn better_weights(&self) -> Option<&Arc<Parameters>> {
        let is_last = |step| step == self.progress.step && self.diverged.is_none();
        let earlier = self.best.as_ref().filter(|best| !is_last(best.step));
        earlier.map(|best| &best.parameters)
    }

    /// The epoch of [`Run::better_weights`].
    pub(super) fn better_epoch(&self) -> Option<Best> {
        self.better_weights().and(self.progress.best_epoch.best)
    }
}
