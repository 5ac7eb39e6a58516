//! From the metrics of steps to events: which are told, and what an epoch's losses come to.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::batch_sampler::BatchSampler;
use super::{Evaluation, Event};
use crate::backend::StepMetrics;

/// The losses of an epoch's rows, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EpochLoss {
    sum: f64,
    rows: usize,
}

impl EpochLoss {
    fn add(&mut self, loss: f32, rows: usize) {
        self.sum += f64::from(loss) * rows as f64;
        self.rows += rows;
    }

    /// Rows that it has seen.
    pub(super) fn rows(self) -> usize {
        self.rows
    }

    fn mean(self) -> f64 {
        self.sum / self.rows as f64
    }
}

/// What hears of a run.
#[cfg(not(target_arch = "wasm32"))]
pub(super) type Observer<'o> = dyn FnMut(&Event) -> ControlFlow<()> + Send + 'o;
/// What hears of a run.
#[cfg(target_arch = "wasm32")]
pub(super) type Observer<'o> = dyn FnMut(&Event) -> ControlFlow<()> + 'o;

/// Tells the observer what it has not been told yet, until it breaks off.
pub(super) struct EventEmitter<'o> {
    observer: &'o mut Observer<'o>,
    log_every: u64,
    /// The first step, epoch and reduction after an epoch that are still to be told: what is done
    /// over after a failure is not told twice. The step is counted: a tiny one takes less than the
    /// division that would tell whether it is logged.
    step: u64,
    epoch: u64,
    reduced: u64,
    broken_off: bool,
}

impl<'o> EventEmitter<'o> {
    pub(super) fn new(
        observer: &'o mut Observer<'o>,
        log_every: u64,
        step: u64,
        per_epoch: u64,
    ) -> Self {
        let epoch = step / per_epoch;
        let step = step.next_multiple_of(log_every);
        Self { observer, log_every, step, epoch, reduced: epoch, broken_off: false }
    }

    /// Whether the observer has broken off.
    pub(super) fn broken_off(&self) -> bool {
        self.broken_off
    }

    pub(super) fn emit(&mut self, event: &Event) {
        if !self.broken_off {
            self.broken_off = (self.observer)(event).is_break();
        }
    }

    fn step(&mut self, step: u64, loss: f32) {
        if step == self.step {
            self.step += self.log_every;
            self.emit(&Event::Step { step, loss });
        }
    }

    pub(super) fn epoch(&mut self, epoch: u64, train_loss: f64, validation: Option<Evaluation>) {
        if epoch >= self.epoch {
            self.epoch = epoch + 1;
            self.emit(&Event::Epoch { epoch, train_loss, validation });
        }
    }

    /// After the epoch has been told.
    pub(super) fn reduced(&mut self, epoch: u64, lr: f64) {
        if epoch >= self.reduced {
            self.reduced = epoch + 1;
            self.emit(&Event::Reduced { epoch, lr });
        }
    }
}

/// The steps of a leg, as their metrics come.
pub(super) struct EpochLosses {
    /// Steps done.
    pub(super) step: u64,
    /// The epoch under way.
    pub(super) epoch: EpochLoss,
    /// The mean loss of the epoch that the leg ended with, where it is looked at before it is told.
    pub(super) looked_at: Option<f64>,
    /// The first step whose loss was not finite, and the loss.
    pub(super) diverged: Option<(u64, f32)>,
    sampler: BatchSampler,
    per_epoch: u64,
    /// The number of the epoch under way, and its steps still to come. Counted: a tiny step takes
    /// less than the divisions that would tell.
    number: u64,
    to_come: u64,
    /// Every how many epochs the network is looked at, if it is.
    look_every: Option<u64>,
}

impl EpochLosses {
    /// From a step on, with the losses that its epoch has shown so far.
    pub(super) fn new(
        sampler: BatchSampler,
        step: u64,
        epoch: EpochLoss,
        look_every: Option<u64>,
    ) -> Self {
        let per_epoch = sampler.steps_per_epoch();
        let (number, to_come) = (step / per_epoch, per_epoch - step % per_epoch);
        Self {
            step,
            epoch,
            looked_at: None,
            diverged: None,
            sampler,
            per_epoch,
            number,
            to_come,
            look_every,
        }
    }

    /// One step's metrics.
    #[inline]
    pub(super) fn enter(&mut self, [loss, _score]: StepMetrics, emitter: &mut EventEmitter<'_>) {
        if self.diverged.is_some() {
            return;
        }
        if !loss.is_finite() {
            self.diverged = Some((self.step, loss));
            return;
        }
        let step = self.step;
        self.step += 1;
        emitter.step(step, loss);
        self.to_come -= 1;
        let whole = self.per_epoch == 1;
        if !whole {
            self.epoch.add(loss, self.sampler.batch_rows(step));
        }
        if self.to_come == 0 {
            // Of one step the mean is its loss, without a division.
            let mean = if whole { loss.into() } else { std::mem::take(&mut self.epoch).mean() };
            let epoch = self.number;
            self.number += 1;
            self.to_come = self.per_epoch;
            match self.look_every {
                Some(every) if (epoch + 1).is_multiple_of(every) => self.looked_at = Some(mean),
                _ => emitter.epoch(epoch, mean, None),
            }
        }
    }
}
