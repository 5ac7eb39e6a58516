//! The loop itself: legs of steps, what is done between them, and what is done at the end.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Session, Stage, Status, WeightsTimer};
use crate::backend::{Device, StepMetrics};
use crate::error::is_full;
use crate::platform::Instant;
use crate::train::callback::Callback;
use crate::train::checkpoint::CheckpointWriter;
use crate::train::run::{NetworkState, Run, Start};
use crate::train::snapshot::{RunSnapshot, Snapshot};
use crate::train::{Ended, Evaluation, Event, Keep, Summary};
use crate::{Error, Result};

/// Reading the weights takes at most one part in so many of a run's time.
const WEIGHTS_SHARE: u32 = 10;

/// What is left of a budget.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    pub(super) steps: u64,
    pub(super) until: Option<Instant>,
    /// Whether some of it has been spent: even the shortest time brings a session on.
    pub(super) begun: bool,
}

impl Allowance {
    fn is_spent(&self) -> bool {
        let is_over = |until| self.begun && until <= Instant::now();
        self.steps == 0 || self.until.is_some_and(is_over)
    }
}

impl Session {
    pub(super) async fn advance_within(
        &mut self,
        mut allowance: Allowance,
        started: Instant,
        callback: &mut dyn Callback,
    ) -> Result<Status> {
        if self.stage == Stage::Ready {
            self.begin(callback).await?;
        }
        loop {
            for event in std::mem::take(&mut self.recovered) {
                self.lead().emitter.emit(&event, callback);
            }
            match self.attempt(&mut allowance, started, callback).await {
                Ok(status) => break self.announce(status, callback),
                Err(error) => self.recover(error).await?,
            }
        }
    }

    /// Begins a run.
    async fn begin(&mut self, callback: &mut dyn Callback) -> Result<()> {
        let start = std::mem::replace(&mut self.start, Start::Anew);
        if start == Start::Anew
            && let Some(writer) = &self.checkpoints
            // Further runs of the same session go on in the same folder.
            && self.runs.iter().all(|run| run.progress.step == 0)
        {
            writer.check_folder()?;
        }
        self.checkpoints.as_mut().map_or(Ok(()), CheckpointWriter::lock)?;
        let (options, data) = (&self.executor.options, &self.executor.data);
        let validates = data.validation.is_some();
        self.runs.iter_mut().for_each(|run| run.begin(options, validates, start));
        self.set_steps().await?;
        self.seconds = 0.0;
        self.fallback.take_next_at_once();
        self.take_fallback_snapshot().await?;
        match self.write_checkpoint(callback).await? {
            // Nothing is lost yet, and who named the folder can name another one. A full disk may
            // have room again before it matters.
            Some(Error::File { verb, path, source }) if !is_full(&source) => {
                Err(Error::File { verb, path, source })
            }
            _ => Ok(()),
        }
    }

    /// To the end of the allowance or of all runs, unless the device fails.
    async fn attempt(
        &mut self,
        allowance: &mut Allowance,
        started: Instant,
        callback: &mut dyn Callback,
    ) -> Result<Status> {
        loop {
            self.end_runs().await?;
            if !self.runs.iter().any(Run::is_live) {
                self.finish(started, callback).await?;
                return Ok(Status::Ended);
            }
            if allowance.is_spent() {
                return Ok(Status::Running);
            }
            self.leg(allowance, callback).await?;
            self.look(callback).await?;
            for run in self.runs.iter_mut().filter(|run| run.is_live()) {
                if run.emitter.broken_off() {
                    run.ended = Some(Ended::Observer);
                } else if interrupted(self.interrupt.as_ref()) && !run.is_complete() {
                    run.ended = Some(Ended::Interrupted);
                }
            }
            if self.runs.iter().any(Run::is_live) {
                self.save_where_due(callback).await?;
                self.tell_weights(callback).await?;
            }
        }
    }

    /// Ends the runs that have their length. The device lets those rest that have ended while others go on.
    async fn end_runs(&mut self) -> Result<()> {
        let length = self.executor.options.length;
        for run in &mut self.runs {
            if run.is_live() && run.is_complete() {
                run.ended = Some(run.end_of(length));
            }
        }
        let live = self.runs.iter().filter(|run| run.is_live()).count();
        if live > 0 && live < self.moving { self.set_steps().await } else { Ok(()) }
    }

    /// Trains until something is to be done between two steps, or the allowance is spent.
    async fn leg(&mut self, allowance: &mut Allowance, callback: &mut dyn Callback) -> Result<()> {
        let lead = &self.runs[0];
        self.executor.enter(*lead.sampler(), lead.progress.step).await?;
        let live = || self.runs.iter().filter(|run| run.is_live());
        let to_go = live().map(Run::steps_to_go).min().unwrap_or(0);
        let lead = live().next().unwrap_or(lead);
        let checkpoint =
            self.checkpoints.as_ref().and_then(|own| own.steps_to_go(lead)).unwrap_or(to_go);
        let steps = to_go.min(checkpoint).min(allowance.steps);
        let times = [
            self.checkpoints.as_ref().and_then(CheckpointWriter::due),
            self.fallback.due(),
            self.weights.map(|timer| timer.due),
            allowance.until,
        ];
        let due = times.into_iter().flatten().min();
        let interrupt = self.interrupt.clone();
        let runs = &mut self.runs[..];
        let records = runs.len() == 1 || callback.observes() || runs.iter().any(Run::looks);
        let mut done = 0;
        let mut sink = |finished: &[StepMetrics]| {
            done += (finished.len() / runs.len()) as u64;
            let ends = match &mut *runs {
                [run] => {
                    finished.iter().for_each(|metrics| run.record(*metrics, callback));
                    run.emitter.broken_off() || run.diverged().is_some()
                }
                many if records => {
                    for step in finished.chunks_exact(many.len()) {
                        for (run, metrics) in many.iter_mut().zip(step) {
                            if run.is_live() {
                                run.record(*metrics, callback);
                            }
                        }
                    }
                    many.iter().filter(|run| run.is_live()).all(|run| run.emitter.broken_off())
                }
                many => {
                    let steps = (finished.len() / many.len()) as u64;
                    many.iter_mut().filter(|run| run.is_live()).for_each(|run| run.skip(steps));
                    false
                }
            };
            let ends = ends
                || interrupted(interrupt.as_ref())
                || due.is_some_and(|due| due <= Instant::now());
            if ends { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        self.executor.steps(steps, &mut sink).await?;
        allowance.steps = allowance.steps.saturating_sub(done);
        allowance.begun = true;
        for run in self.runs.iter_mut().filter(|run| run.is_live()) {
            let Some((step, loss)) = run.diverged() else { continue };
            if self.executor.is_alone() && run.best.is_none() {
                return Err(Error::Diverged { step, loss, lr: run.lr() });
            }
            run.ended = Some(Ended::Diverged);
        }
        Ok(())
    }

    /// Looks at the networks whose epochs have ended: takes note of how good they are, keeps weights
    /// that are to be kept, lowers learning rates, ends runs whose patience is at its end.
    async fn look(&mut self, callback: &mut dyn Callback) -> Result<()> {
        if !self.runs.iter().any(|run| run.is_live() && run.is_due()) {
            return Ok(());
        }
        let validation = self.executor.validate().await?;
        let options = &self.executor.options;
        let keeps_best = options.keep() == Keep::Best;
        let (mut best, mut lowered) = (Vec::new(), false);
        for (number, run) in self.runs.iter_mut().enumerate().filter(|(_, run)| run.is_live()) {
            let validation = validation.as_ref().map(|all| all[number]);
            let Some(looked) = run.look(validation, options, callback) else { continue };
            lowered |= looked.lowered;
            if looked.is_best && keeps_best {
                best.push(number);
            }
        }
        if !best.is_empty() {
            let parameters = self.executor.parameters(&best).await?;
            for (number, parameters) in best.into_iter().zip(parameters) {
                self.runs[number].keep_as_best(parameters);
            }
        }
        if lowered { self.set_rates().await } else { Ok(()) }
    }

    /// Gives the device the learning rates that plateaus have left.
    async fn set_rates(&mut self) -> Result<()> {
        self.executor.set_rates(self.runs.iter().map(Run::lr)).await
    }

    /// Writes a checkpoint and takes a snapshot, where they are due.
    async fn save_where_due(&mut self, callback: &mut dyn Callback) -> Result<()> {
        let lead = self.runs.iter().find(|run| run.is_live());
        // The last checkpoint is written at the end of the run.
        let due = match (&self.checkpoints, lead) {
            (Some(writer), Some(lead)) => {
                writer.is_due(lead) && !self.runs.iter().all(Run::is_complete)
            }
            _ => false,
        };
        if due {
            self.write_checkpoint(callback).await?;
        }
        self.take_fallback_snapshot().await
    }

    /// Where there are no files there are no checkpoints: what should write some has not begun, for its folder
    /// could not be locked.
    #[cfg(target_arch = "wasm32")]
    async fn write_checkpoint(&mut self, _: &mut dyn Callback) -> Result<Option<Error>> {
        Ok(None)
    }

    /// Writes a checkpoint, where there are such. Where that fails, the run goes on, and the error is
    /// told and returned.
    #[cfg(not(target_arch = "wasm32"))]
    async fn write_checkpoint(&mut self, callback: &mut dyn Callback) -> Result<Option<Error>> {
        if self.checkpoints.is_none() {
            return Ok(None);
        }
        let checkpoint = self.checkpoint().await?;
        let step = checkpoint.step();
        self.lead().emitter.insist(&Event::CheckpointBegins { step }, callback);
        let Some(writer) = &mut self.checkpoints else { return Ok(None) };
        let written = writer.write(&checkpoint);
        self.fallback.keep(checkpoint.into_snapshot());
        let emitter = &mut self.lead().emitter;
        match written {
            Ok(path) => {
                emitter.emit(&Event::Checkpoint { step, path }, callback);
                Ok(None)
            }
            Err(error) => {
                let problem = error.to_string();
                emitter.insist(&Event::CheckpointFailed { step, problem }, callback);
                Ok(Some(error))
            }
        }
    }

    /// The first network that is still trained; when none is, the first one.
    fn lead(&mut self) -> &mut Run {
        let live = self.runs.iter().position(Run::is_live);
        &mut self.runs[live.unwrap_or(0)]
    }

    /// Tells the weights, where that is due.
    async fn tell_weights(&mut self, callback: &mut dyn Callback) -> Result<()> {
        let started = Instant::now();
        let Some(WeightsTimer { every, due }) = self.weights else { return Ok(()) };
        if started < due {
            return Ok(());
        }
        let live: Vec<usize> =
            (0..self.runs.len()).filter(|&one| self.runs[one].is_live()).collect();
        let parameters = self.executor.parameters(&live).await?;
        for (one, parameters) in live.into_iter().zip(parameters) {
            let run = &mut self.runs[one];
            let event =
                Event::Weights { step: run.progress.step, parameters: Arc::new(parameters) };
            run.emitter.emit(&event, callback);
        }
        let wait = every.max(started.elapsed() * WEIGHTS_SHARE);
        self.weights = Some(WeightsTimer { every, due: Instant::now() + wait });
        Ok(())
    }

    /// After the last step: checks it, writes the last checkpoint, puts the final weights on the
    /// device and evaluates them, if that is wanted.
    async fn finish(&mut self, started: Instant, callback: &mut dyn Callback) -> Result<()> {
        self.check_steps().await?;
        let seconds = self.seconds + started.elapsed().as_secs_f64();
        for run in self.runs.iter_mut().filter(|run| run.ended == Some(Ended::Patience)) {
            run.progress.goal = run.progress.step;
        }
        // Nothing can go on from weights that are not finite: the last checkpoint before them stays.
        if !self.executor.is_alone() || self.runs[0].diverged().is_none() {
            self.write_checkpoint(callback).await?;
        }
        self.set_final_weights().await?;
        let (evaluations, validations) = if self.evaluates {
            (self.executor.evaluate().await?, self.executor.validate().await?)
        } else {
            (vec![Evaluation::UNKNOWN; self.runs.len()], None)
        };
        let (device, strategy) = (self.device().to_owned(), self.plan().strategy);
        for (number, (run, evaluation)) in self.runs.iter_mut().zip(evaluations).enumerate() {
            let steps = run.steps_of_run();
            if self.evaluates && !evaluation.loss.is_finite() {
                run.ended = Some(Ended::Diverged);
            }
            run.summary = Some(Summary {
                steps: run.progress.step,
                evaluation,
                validation: validations.as_ref().map(|all| all[number]),
                ended: run.ended.unwrap_or(Ended::Length),
                best: run.better_epoch(),
                seconds,
                steps_per_second: steps as f64 / seconds.max(1e-9),
                device: device.clone(),
                strategy,
            });
            run.best = None;
        }
        Ok(())
    }

    /// Puts the weights that are to be the final ones on the device, where they are others.
    async fn set_final_weights(&mut self) -> Result<()> {
        let better =
            |(number, run): (usize, &Run)| Some((number, Arc::clone(run.better_weights()?)));
        let better: Vec<_> = self.runs.iter().enumerate().filter_map(better).collect();
        let parameters: Vec<_> = better.iter().map(|(number, own)| (*number, &**own)).collect();
        self.executor.set_parameters(&parameters).await
    }

    /// Tells how the runs have ended, if they have.
    fn announce(&mut self, status: Status, callback: &mut dyn Callback) -> Result<Status> {
        if status == Status::Running {
            return Ok(status);
        }
        for (number, run) in self.runs.iter().enumerate() {
            let Some(summary) = &run.summary else { continue };
            let loss = summary.evaluation.loss;
            if self.evaluates && self.executor.is_alone() && !loss.is_finite() {
                let (step, lr) = (run.progress.step, run.lr());
                return Err(Error::Diverged { step, loss: loss as f32, lr });
            }
            if callback.observes() {
                let _ = callback.on_event(number, &Event::End(summary.clone()));
            }
        }
        Ok(status)
    }

    /// Checks that the device did the steps of all networks.
    async fn check_steps(&mut self) -> Result<()> {
        let known = |run: &Run| run.diverged().is_none();
        let expected = self.runs.iter().map(|run| known(run).then_some(run.progress.step));
        self.executor.check_steps(expected).await
    }

    /// Sets the device's counters to the steps that come: of many networks, those whose runs have ended
    /// have none.
    pub(super) async fn set_steps(&mut self) -> Result<()> {
        let is_alone = self.executor.is_alone();
        let control = |run: &Run| {
            let coming = run.sampler().control(run.progress.step);
            if is_alone || run.is_live() { coming } else { coming.at_rest() }
        };
        self.moving = self.runs.iter().filter(|run| run.is_live()).count();
        self.executor.set_controls(self.runs.iter().map(control)).await
    }

    /// Takes a snapshot of all networks.
    pub(super) async fn snapshot(&mut self) -> Result<Snapshot> {
        self.check_steps().await?;
        let all: Vec<usize> = (0..self.runs.len()).collect();
        let parameters = self.executor.parameters(&all).await?;
        let states = self.executor.states(&all).await?;
        let runs = self.runs.iter().zip(parameters).zip(states);
        let runs = runs.map(|((run, parameters), state)| RunSnapshot {
            progress: run.progress(),
            network: NetworkState { parameters, state },
            best: run.best.clone(),
            ended: run.ended,
        });
        Ok(Snapshot { runs: runs.collect() })
    }

    /// Goes back, or on, to a snapshot of the same networks and optimizer.
    pub(super) async fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let runs = snapshot.runs.iter().enumerate();
        let parameters: Vec<_> =
            runs.clone().map(|(number, own)| (number, &own.network.parameters)).collect();
        let states: Vec<_> = runs.map(|(number, own)| (number, &own.network.state[..])).collect();
        self.executor.set_parameters(&parameters).await?;
        self.executor.set_states(&states).await?;
        for (run, own) in self.runs.iter_mut().zip(&snapshot.runs) {
            run.restore(own);
        }
        if self.executor.options.reduce_on_plateau.is_some() {
            self.set_rates().await?;
        }
        self.set_steps().await
    }

    /// Takes a snapshot to fall back on, where the device may fail and one is due.
    async fn take_fallback_snapshot(&mut self) -> Result<()> {
        if self.fallback.wants_snapshot(self.executor.limits().kind) {
            let now = Instant::now();
            let snapshot = self.snapshot().await?;
            self.fallback.keep_until_next(snapshot, now.elapsed());
        }
        Ok(())
    }

    /// Goes back to the last snapshot on another device, or returns the error where there is none.
    pub(super) async fn recover(&mut self, error: Error) -> Result<()> {
        let Error::Device { problem, .. } = &error else { return Err(error) };
        let Some(snapshot) = self.fallback.take_snapshot() else { return Err(error) };
        let mut moved = Err(());
        if let Some(device) = self.fallback.open(snapshot.step()).await {
            moved = self.move_to(device.as_ref(), &snapshot).await.map_err(drop);
        }
        if moved.is_err() {
            let cpu = self.executor.options.opening().cpu();
            moved = self.move_to(&cpu, &snapshot).await.map_err(drop);
        }
        if moved.is_err() {
            return Err(error);
        }
        self.fallback.begun_at(snapshot.step());
        let event = Event::Recovered {
            step: snapshot.step(),
            problem: problem.clone(),
            device: self.device().to_owned(),
        };
        self.fallback.keep(snapshot);
        self.recovered.push(event);
        Ok(())
    }

    /// Plans anew for a device and puts a snapshot there.
    async fn move_to(&mut self, device: &dyn Device, snapshot: &Snapshot) -> Result<()> {
        self.executor.move_to(device).await?;
        self.restore(snapshot).await
    }
}

fn interrupted(flag: Option<&Arc<AtomicBool>>) -> bool {
    flag.is_some_and(|flag| flag.load(Ordering::Relaxed))
}
