//! A run, leg by leg: a leg goes on until something is to be done between two steps.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::checkpoint::Checkpoints;
use super::early_stopping::BestEpoch;
use super::epoch_losses::{EpochLosses, EventEmitter};
use super::prepare::plan_of;
use super::transfer::{check_steps, describe};
use super::{
    Best, BestWeights, Ended, Evaluation, Event, Interval, Keep, Summary, TrainOptions, Trainer,
};
use crate::backend::StepMetrics;
use crate::plan::DataPlacement;
use crate::platform::{Instant, MaybeSend, block_on};
use crate::{Error, Result};

/// What came of a run, before it is summed up.
struct Finished {
    ended: Ended,
    at: Instant,
    best: Option<Best>,
    evaluation: Evaluation,
    validation: Option<Evaluation>,
}

impl Trainer {
    /// Trains for the length in the options, or until early stopping ends it, telling `observer`
    /// as it goes; the observer may break off.
    ///
    /// Where the device fails and there is something to fall back on (see
    /// [`Trainer::with_fallback`]), it goes on there from a snapshot.
    ///
    /// # Errors
    /// [`Error::Diverged`] where the loss becomes NaN or infinite, [`Error::Device`] where the
    /// device fails for good, [`Error::File`] where a checkpoint cannot be written.
    pub fn run(
        &mut self,
        mut observer: impl FnMut(&Event) -> ControlFlow<()> + MaybeSend,
    ) -> Result<Summary> {
        let started = Instant::now();
        let per_epoch = self.plan().steps_per_epoch();
        let first = self.progress.step;
        let mut emitter =
            EventEmitter::new(&mut observer, self.options.log_every, first, per_epoch);
        self.aim(first, per_epoch)?;
        self.fallback.due = None;
        self.keep_for_fallback()?;
        self.write_checkpoint(&mut emitter)?;
        let finished = loop {
            match self.attempt(&mut emitter) {
                Ok(finished) => break finished,
                Err(error) => self.recover(error, &mut emitter)?,
            }
        };
        let Finished { ended, at, best, evaluation, validation } = finished;
        if !evaluation.loss.is_finite() {
            return Err(self.diverged(self.progress.step, evaluation.loss as f32));
        }
        let seconds = at.duration_since(started).as_secs_f64();
        let summary = Summary {
            steps: self.progress.step,
            evaluation,
            validation,
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

    /// Where the run is to go.
    fn aim(&mut self, first: u64, per_epoch: u64) -> Result<()> {
        if std::mem::take(&mut self.resumed) {
            return Ok(());
        }
        self.progress.goal = first + self.options.length.steps(per_epoch);
        self.progress.watch = BestEpoch::default();
        self.best = None;
        match &self.options.checkpoints {
            // A further run of the same trainer goes on in its own folder.
            Some(own) if first == 0 => Checkpoints::new(&own.folder).map(drop),
            _ => Ok(()),
        }
    }

    /// To the end, unless the device fails.
    fn attempt(&mut self, emitter: &mut EventEmitter<'_>) -> Result<Finished> {
        let ended = self.go(emitter)?;
        check_steps(self.backend.as_mut(), &self.device, self.progress.step)?;
        let at = Instant::now();
        if ended == Ended::Patience {
            self.progress.goal = self.progress.step;
        }
        self.write_checkpoint(emitter)?;
        let best = self.take_best()?;
        let evaluation = self.evaluate()?;
        Ok(Finished { ended, at, best, evaluation, validation: self.validate()? })
    }

    /// Up to the goal, or to what ends the run before it.
    fn go(&mut self, emitter: &mut EventEmitter<'_>) -> Result<Ended> {
        while self.progress.step < self.progress.goal {
            let looked_at = self.leg(self.next_stop(), emitter)?;
            if let Some(train_loss) = looked_at
                && self.look(train_loss, emitter)?.is_break()
            {
                return Ok(Ended::Patience);
            }
            if emitter.broken_off() {
                return Ok(Ended::Observer);
            }
            if self.interrupted() && self.progress.step < self.progress.goal {
                return Ok(Ended::Interrupted);
            }
            self.keep_safe(emitter)?;
            self.tell_weights(emitter)?;
        }
        Ok(Ended::Length)
    }

    fn interrupted(&self) -> bool {
        self.interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    /// Writes a checkpoint and takes a snapshot, where they are due.
    fn keep_safe(&mut self, emitter: &mut EventEmitter<'_>) -> Result<()> {
        let per_epoch = self.plan().steps_per_epoch();
        let step = self.progress.step;
        let due =
            self.options.checkpoints.as_ref().is_some_and(|own| match own.every.steps(per_epoch) {
                Some(period) => step.is_multiple_of(period),
                None => self.checkpoint_due.is_some_and(|due| due <= Instant::now()),
            });
        // The last one comes at the end of the run.
        if due && step < self.progress.goal {
            self.write_checkpoint(emitter)?;
        }
        self.keep_for_fallback()
    }

    fn write_checkpoint(&mut self, emitter: &mut EventEmitter<'_>) -> Result<()> {
        let Some(own) = &self.options.checkpoints else { return Ok(()) };
        let (folder, every) = (Checkpoints::of(&own.folder), own.every);
        let checkpoint = self.checkpoint()?;
        let path = folder.write(&checkpoint)?;
        self.fallback.keep(checkpoint.into_snapshot());
        if let Interval::Time(interval) = every {
            self.checkpoint_due = Some(Instant::now() + interval);
        }
        emitter.emit(&Event::Checkpoint { step: self.progress.step, path });
        Ok(())
    }

    /// Every how many epochs the run stops to look at the network, if it does.
    fn look_every(&self) -> Option<u64> {
        let looks = self.data.validation.is_some()
            || self.options.early_stopping.is_some()
            || self.options.reduce_on_plateau.is_some()
            || self.options.keep() == Keep::Best;
        looks.then_some(self.options.validate_every)
    }

    /// The step at which the leg ends at the latest.
    fn next_stop(&self) -> u64 {
        let per_epoch = self.plan().steps_per_epoch();
        let look = self.look_every().map(|epochs| epochs.saturating_mul(per_epoch));
        let checkpoint =
            self.options.checkpoints.as_ref().and_then(|own| own.every.steps(per_epoch));
        let step = self.progress.step;
        let next = |period: u64| (step / period + 1).saturating_mul(period);
        let stops = look.into_iter().chain(checkpoint).map(next);
        let shard = (self.sampler.shards() > 1).then(|| self.sampler.pass_end(step));
        stops.chain(shard).fold(self.progress.goal, u64::min)
    }

    /// Trains up to a step, or less far where something is due or the run is to end. The training
    /// loss of the epoch that it ended with, where that is to be looked at.
    fn leg(&mut self, until: u64, emitter: &mut EventEmitter<'_>) -> Result<Option<f64>> {
        self.enter()?;
        let progress = self.progress;
        let look_every = self.look_every();
        let shown = self.showing.map(|showing| showing.due);
        let due = [self.checkpoint_due, self.fallback.due, shown].into_iter().flatten().min();
        let interrupt = self.interrupt.clone();
        let mut losses = EpochLosses::new(self.sampler, progress.step, progress.epoch, look_every);
        let (stream, data) = (&mut self.stream, &self.data.training);
        let mut sink = |finished: &[StepMetrics]| {
            finished.iter().for_each(|metrics| losses.enter(*metrics, emitter));
            let ends = emitter.broken_off()
                || losses.diverged.is_some()
                || interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed))
                || due.is_some_and(|due| due <= Instant::now());
            if ends { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        block_on(
            self.backend.steps_fed(until - progress.step, &mut sink, &mut || stream.next(data)),
        )?;
        self.progress.step = losses.step;
        self.progress.epoch = losses.epoch;
        match losses.diverged {
            Some((step, loss)) => Err(self.diverged(step, loss)),
            None => Ok(losses.looked_at),
        }
    }

    /// How good the network is at the end of an epoch, told and taken note of; breaks off where
    /// the patience is at its end.
    fn look(&mut self, train_loss: f64, emitter: &mut EventEmitter<'_>) -> Result<ControlFlow<()>> {
        let epoch = self.progress.step / self.plan().steps_per_epoch() - 1;
        let validation = self.validate()?;
        emitter.epoch(epoch, train_loss, validation);
        let loss = validation.map_or(train_loss, |validation| validation.loss);
        let stopping = self.options.early_stopping;
        let min_delta = stopping.map_or(0.0, |stopping| stopping.min_delta);
        let better = self.progress.watch.see(epoch, loss, min_delta);
        if better && self.options.keep() == Keep::Best {
            let parameters = Arc::new(self.parameters()?);
            self.best = Some(BestWeights { step: self.progress.step, parameters });
        }
        if let Some(plateau) = &self.options.reduce_on_plateau
            && self.progress.plateau.see(loss, self.options.optimizer.lr(), plateau)
        {
            self.follow_plateau()?;
            emitter.reduced(epoch, self.lr());
        }
        let waited = self.progress.watch.waited(epoch);
        match stopping.is_some_and(|stopping| waited >= stopping.patience) {
            true => Ok(ControlFlow::Break(())),
            false => Ok(ControlFlow::Continue(())),
        }
    }

    /// The learning rate, as far as plateaus have lowered it.
    fn lr(&self) -> f64 {
        self.progress.plateau.lr.unwrap_or(self.options.optimizer.lr())
    }

    /// Gives the device the learning rate that the plateaus have left.
    pub(super) fn follow_plateau(&mut self) -> Result<()> {
        if self.options.reduce_on_plateau.is_none() {
            return Ok(());
        }
        let placement = self.plan().shard.map_or(DataPlacement::Whole, DataPlacement::Shard);
        self.replan(placement)
    }

    /// Gives the device a plan for the present learning rate and for what of the data is there.
    pub(super) fn replan(&mut self, placement: DataPlacement) -> Result<()> {
        let optimizer = self.options.optimizer.with_lr(self.lr());
        let options = TrainOptions { optimizer, ..self.options.clone() };
        let network = self.plan().network().clone();
        let plan = plan_of(&network, &self.data, &options, &self.limits, placement)?;
        self.backend.replan(plan)?;
        describe(self.backend.as_mut())
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
        Error::Diverged { step, loss, lr: self.lr() }
    }
}
