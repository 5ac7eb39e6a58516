//! A run, leg by leg: a leg goes on until something is to be done between two steps.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use super::journal::{Journal, Teller};
use super::transfer::check_steps;
use super::{Best, Ended, Event, Keep, Kept, Summary, Trainer, Watch};
use crate::{Error, Result};

impl Trainer<'_> {
    /// Trains for the length in the options, or until early stopping ends it, telling `observer`
    /// as it goes; the observer may break off.
    ///
    /// # Errors
    /// [`Error::Diverged`] where the loss becomes NaN or infinite, [`Error::Device`] where the
    /// device fails.
    pub fn run(&mut self, mut observer: impl FnMut(&Event) -> ControlFlow<()>) -> Result<Summary> {
        let started = Instant::now();
        let first = self.progress.step;
        let per_epoch = self.plan().steps_per_epoch();
        self.progress.goal = first + self.options.length.steps(per_epoch);
        self.progress.watch = Watch::default();
        self.best = None;
        let mut teller = Teller::new(&mut observer, self.options.log_every, first, per_epoch);
        let ended = self.go(&mut teller)?;
        let seconds = started.elapsed().as_secs_f64();
        let best = self.take_best()?;
        let evaluation = self.evaluate()?;
        if !evaluation.loss.is_finite() {
            return Err(self.diverged(self.progress.step, evaluation.loss as f32));
        }
        let summary = Summary {
            steps: self.progress.step,
            evaluation,
            validation: self.validate()?,
            ended,
            best,
            seconds,
            steps_per_second: (self.progress.step - first) as f64 / seconds.max(1e-9),
            device: self.device.clone(),
            strategy: self.strategy(),
        };
        let _ = observer(&Event::End(summary.clone()));
        Ok(summary)
    }

    /// Up to the goal, or to what ends the run before it.
    fn go(&mut self, teller: &mut Teller<'_>) -> Result<Ended> {
        while self.progress.step < self.progress.goal {
            let looked_at = self.leg(self.next_stop(), teller)?;
            if teller.broken_off() {
                return Ok(Ended::Observer);
            }
            if let Some(train_loss) = looked_at
                && self.look(train_loss, teller)?.is_break()
            {
                return Ok(Ended::Patience);
            }
            if teller.broken_off() {
                return Ok(Ended::Observer);
            }
        }
        check_steps(self.backend.as_mut(), &self.device, self.progress.step)?;
        Ok(Ended::Length)
    }

    /// Every how many epochs the run stops to look at the network, if it does.
    fn look_every(&self) -> Option<u64> {
        let looks = self.data.validation.is_some()
            || self.options.early_stopping.is_some()
            || self.options.keep() == Keep::Best;
        looks.then_some(self.options.validate_every)
    }

    /// The step at which the leg ends.
    fn next_stop(&self) -> u64 {
        let goal = self.progress.goal;
        self.look_every().map_or(goal, |epochs| {
            let period = epochs.saturating_mul(self.plan().steps_per_epoch());
            goal.min((self.progress.step / period + 1).saturating_mul(period))
        })
    }

    /// Trains up to a step, or less far where the observer breaks off. The training loss of the
    /// epoch that it ended with, where that is to be looked at.
    fn leg(&mut self, until: u64, teller: &mut Teller<'_>) -> Result<Option<f64>> {
        let progress = self.progress;
        let look_every = self.look_every();
        let mut journal =
            Journal::new(self.backend.plan(), progress.step, progress.epoch, look_every);
        self.backend.steps(until - progress.step, &mut |finished| {
            finished.iter().for_each(|metrics| journal.enter(*metrics, teller));
            match teller.broken_off() || journal.diverged.is_some() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })?;
        self.progress.step = journal.step;
        self.progress.epoch = journal.epoch;
        match journal.diverged {
            Some((step, loss)) => Err(self.diverged(step, loss)),
            None => Ok(journal.looked_at),
        }
    }

    /// How good the network is at the end of an epoch, told and taken note of; breaks off where
    /// the patience is at its end.
    fn look(&mut self, train_loss: f64, teller: &mut Teller<'_>) -> Result<ControlFlow<()>> {
        let epoch = self.progress.step / self.plan().steps_per_epoch() - 1;
        let validation = self.validate()?;
        teller.epoch(epoch, train_loss, validation);
        let loss = validation.map_or(train_loss, |validation| validation.loss);
        let stopping = self.options.early_stopping;
        let min_delta = stopping.map_or(0.0, |stopping| stopping.min_delta);
        let better = self.progress.watch.see(epoch, loss, min_delta);
        if better && self.options.keep() == Keep::Best {
            let parameters = Arc::new(self.parameters()?);
            self.best = Some(Kept { step: self.progress.step, parameters });
        }
        let waited = self.progress.watch.waited(epoch);
        match stopping.is_some_and(|stopping| waited >= stopping.patience) {
            true => Ok(ControlFlow::Break(())),
            false => Ok(ControlFlow::Continue(())),
        }
    }

    /// Goes back to the weights that are to be kept, where they are not the last ones.
    fn take_best(&mut self) -> Result<Option<Best>> {
        match self.best.take() {
            Some(kept) if kept.step < self.progress.step => {
                self.set_parameters(&kept.parameters)?;
                Ok(self.progress.watch.best)
            }
            _ => Ok(None),
        }
    }

    fn diverged(&self, step: u64, loss: f32) -> Error {
        Error::Diverged { step, loss, lr: self.options.optimizer.lr() }
    }
}
