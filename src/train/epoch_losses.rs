//! From the losses of steps to the mean losses of epochs.

use serde::{Deserialize, Serialize};

use super::batch_sampler::BatchSampler;

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

    /// Rows whose losses are in the sum.
    pub(super) fn rows(self) -> usize {
        self.rows
    }

    fn mean(self) -> f64 {
        self.sum / self.rows as f64
    }
}

/// An epoch that is over, with its mean loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Epoch {
    /// Its number, from 0.
    pub(super) number: u64,
    /// The mean over its rows of the losses that its steps saw.
    pub(super) loss: f64,
}

/// The losses of the epoch under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct EpochLosses {
    sampler: BatchSampler,
    per_epoch: u64,
    /// The number of the epoch under way, and its steps still to come. Counted: the divisions that
    /// would tell take longer than a tiny step.
    number: u64,
    to_come: u64,
    /// What has been added up so far.
    pub(super) sum: EpochLoss,
}

impl EpochLosses {
    /// From a step on, with what its epoch has added up so far.
    pub(super) fn at(sampler: BatchSampler, step: u64, sum: EpochLoss) -> Self {
        let per_epoch = sampler.steps_per_epoch();
        let (number, done) = sampler.epoch_of(step);
        Self { sampler, per_epoch, number, to_come: per_epoch - done, sum }
    }

    /// The number of the epoch under way.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn sampler(&self) -> &BatchSampler {
        &self.sampler
    }

    /// Adds a step's loss; the epoch, if that was its last step.
    #[inline(always)]
    pub(super) fn add(&mut self, step: u64, loss: f32) -> Option<Epoch> {
        self.to_come -= 1;
        let whole = self.per_epoch == 1;
        if !whole {
            self.sum.add(loss, self.sampler.batch_rows(step));
        }
        if self.to_come > 0 {
            return None;
        }
        // Of one step the mean is its loss, without a division.
        let loss = if whole { loss.into() } else { std::mem::take(&mut self.sum).mean() };
        let number = self.number;
        self.number += 1;
        self.to_come = self.per_epoch;
        Some(Epoch { number, loss })
    }

    /// Goes on at a step after steps whose losses nobody has looked at.
    pub(super) fn skip_to(&mut self, step: u64) {
        let sum = if self.sampler.epoch_of(step).0 == self.number {
            self.sum
        } else {
            EpochLoss::default()
        };
        *self = Self::at(self.sampler, step, sum);
    }
}
