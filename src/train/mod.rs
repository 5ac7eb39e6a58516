//! The training loop: batches, epochs, the losses as they come, the end of it all.
//!
//! Works on any [`Backend`]. Must not know: which one it has.

mod event;
mod grid;
mod options;
mod transfer;

use std::ops::ControlFlow;
use std::time::Instant;

use crate::backend::{self, Backend, StepMetrics};
use crate::data::{Dataset, Targets, Task};
use crate::measure::Timed;
use crate::model::{self, Model, Provenance};
use crate::plan::{self, Phase, Plan};
use crate::spec::{Loss, Network, Output, Parameters, Strategy};
use crate::{Error, Result};

pub use event::{Evaluation, Event, Summary};
pub use grid::{Candidate, Grid, Trained};
pub use options::TrainOptions;

use transfer::{begin, check_steps, evaluate, parameters, steps_done};

/// Trains one network on one data set.
///
/// It owns the plan and the device's buffers; the data set stays on the device. `run` may be
/// called again to go on.
pub struct Trainer<'a> {
    data: &'a Dataset,
    options: TrainOptions,
    loss: Loss,
    backend: Box<dyn Backend>,
    device: String,
    limits: plan::Limits,
    notice: Option<String>,
    step: u64,
    /// The losses that the epoch under way has shown so far.
    epoch: EpochLoss,
}

impl<'a> Trainer<'a> {
    /// Plans the training, opens the device, and puts data and initial parameters there.
    ///
    /// # Errors
    /// [`Error::Invalid`] for options that make no sense together, [`Error::TooLarge`] for what
    /// the device cannot hold, [`Error::NoDevice`] where there is none as asked for.
    pub fn new(network: &Network, data: &'a Dataset, options: TrainOptions) -> Result<Self> {
        let (device, notice) = backend::open(&options.device, options.shader_checks)?;
        let mut trainer = Self::on(device.as_ref(), network, data, options)?;
        trainer.notice = notice;
        Ok(trainer)
    }

    /// The same on a device that is open already: [`TrainOptions::device`] is passed over.
    ///
    /// # Errors
    /// As [`Trainer::new`].
    pub fn on(
        device: &dyn backend::Device,
        network: &Network,
        data: &'a Dataset,
        mut options: TrainOptions,
    ) -> Result<Self> {
        let loss = options.loss.unwrap_or(Loss::default_for(network.output));
        let limits = device.limits();
        let plan = plan_for(network, data, &options, &limits)?;
        let initial = match options.initial.take() {
            Some(parameters) => {
                parameters.check(network)?;
                parameters
            }
            None => Parameters::pytorch(network, options.seed),
        };
        let mut trainer = Self {
            data,
            loss,
            backend: device.load(plan)?,
            device: device.name().to_owned(),
            limits,
            notice: None,
            step: 0,
            epoch: EpochLoss::default(),
            options,
        };
        let share = (trainer.plan().rows, trainer.plan().batch);
        let regions = trainer.plan().handles.parameters[0].clone();
        begin(trainer.backend.as_mut(), data, &[share])?;
        model::upload(trainer.backend.as_mut(), &regions, &initial)?;
        Ok(trainer)
    }

    /// The dispatch graph.
    pub fn plan(&self) -> &Plan {
        self.backend.plan()
    }

    /// The device's name.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// Why this device was chosen, where that is not plain.
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// The way a step was lowered.
    pub fn strategy(&self) -> Strategy {
        self.plan().strategy
    }

    /// Steps done so far.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Trains for the length in the options, telling `observer` as it goes; the observer may
    /// break off.
    ///
    /// # Errors
    /// [`Error::Diverged`] where the loss becomes NaN or infinite, [`Error::Device`] where the
    /// device fails.
    pub fn run(&mut self, mut observer: impl FnMut(&Event) -> ControlFlow<()>) -> Result<Summary> {
        let started = Instant::now();
        let per_epoch = self.plan().steps_per_epoch();
        let total = self.options.length.steps(per_epoch);
        let mut journal = Journal::new(self, per_epoch);
        let mut diverged = None;
        let first = self.step;
        let mut stopped = false;
        self.backend.steps(total, &mut |finished| {
            for metrics in finished {
                if !metrics[0].is_finite() {
                    diverged = Some((journal.step, metrics[0]));
                    return ControlFlow::Break(());
                }
                if journal.step(*metrics, &mut observer).is_break() {
                    stopped = true;
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        let Journal { step: told, epoch, .. } = journal;
        self.step = steps_done(self.backend.as_mut())?;
        // Where the observer broke off, later steps may be done whose losses nobody was told.
        self.epoch = if told == self.step { epoch } else { EpochLoss::default() };
        if let Some((step, loss)) = diverged {
            return Err(Error::Diverged { step, loss, lr: self.options.optimizer.lr() });
        }
        if !stopped {
            check_steps(self.backend.as_mut(), &self.device, first + total)?;
        }
        let seconds = started.elapsed().as_secs_f64();
        let evaluation = self.evaluate()?;
        if !evaluation.loss.is_finite() {
            let lr = self.options.optimizer.lr();
            return Err(Error::Diverged { step: self.step, loss: evaluation.loss as f32, lr });
        }
        let summary = Summary {
            steps: self.step,
            evaluation,
            seconds,
            steps_per_second: (self.step - first) as f64 / seconds.max(1e-9),
            device: self.device.clone(),
            strategy: self.strategy(),
        };
        let _ = observer(&Event::End(summary.clone()));
        Ok(summary)
    }

    /// Loss and score of the present weights on all training rows.
    ///
    /// # Errors
    /// [`Error::Device`]
    pub fn evaluate(&mut self) -> Result<Evaluation> {
        let share = (self.plan().rows, self.plan().evaluate_rows);
        match evaluate(self.backend.as_mut(), self.data, &[share])?.pop() {
            Some(evaluation) => Ok(evaluation),
            None => unreachable!("one share gives one evaluation"),
        }
    }

    /// The present weights.
    ///
    /// # Errors
    /// [`Error::Device`]
    pub fn parameters(&mut self) -> Result<Parameters> {
        let regions = self.plan().handles.parameters[0].clone();
        let network = self.plan().network().clone();
        parameters(self.backend.as_mut(), &network, &regions)
    }

    /// The gradients of the coming batch at the present weights, without a step.
    ///
    /// # Errors
    /// [`Error::Invalid`] where [`TrainOptions::gradients`] did not ask for them.
    pub fn gradients(&mut self) -> Result<Parameters> {
        let regions = self.plan().handles.gradients.clone();
        if regions.is_empty() {
            return Err(Error::invalid(
                "the plan keeps no gradients",
                "set `gradients` to `Kept` in the options",
            ));
        }
        self.backend.replay(Phase::Gradient, 1)?;
        let network = self.plan().network().clone();
        parameters(self.backend.as_mut(), &network, &regions)
    }

    /// How long each dispatch of a step takes. Training cannot go on after it.
    ///
    /// # Errors
    /// As [`Backend::profile`].
    pub fn profile(mut self) -> Result<Vec<Timed>> {
        let times = self.backend.profile(Phase::Step)?;
        let list = self.plan().phase(Phase::Step).iter().cloned().zip(times);
        Ok(list.map(|(dispatch, time)| Timed { dispatch, time }).collect())
    }

    /// Predictions of the present weights for the training rows, \[N, O\].
    ///
    /// # Errors
    /// [`Error::Device`]
    pub fn predict(&mut self) -> Result<Vec<f32>> {
        let parameters = self.parameters()?;
        let load = |plan| self.backend.load(plan);
        let network = self.plan().network();
        model::apply(network, &parameters, self.data.features(), &self.limits, load)
    }

    /// The trained network, ready to be saved or applied.
    ///
    /// # Errors
    /// [`Error::Device`]
    pub fn model(&mut self) -> Result<Model> {
        let parameters = self.parameters()?;
        let finite = |layer: &crate::spec::LayerParameters| {
            layer.weight.iter().chain(&layer.bias).all(|weight| weight.is_finite())
        };
        if !parameters.layers.iter().all(finite) {
            let lr = self.options.optimizer.lr();
            return Err(Error::Diverged { step: self.step, loss: f32::NAN, lr });
        }
        let provenance = Provenance {
            seed: self.options.seed,
            steps: self.step,
            loss: self.loss,
            optimizer: self.options.optimizer,
            batch: self.plan().batch,
            rows: self.data.rows(),
            device: self.device.clone(),
        };
        Ok(Model {
            network: self.plan().network().clone(),
            parameters,
            preprocessing: self.data.preprocessing().clone(),
            target: self.data.target_name().to_owned(),
            classes: self.data.classes().to_vec(),
            provenance: Some(provenance),
        })
    }
}

/// The plan that a [`Trainer`] would run, for a device of such limits.
///
/// # Errors
/// As [`Trainer::new`], without touching a device.
pub fn plan_for(
    network: &Network,
    data: &Dataset,
    options: &TrainOptions,
    limits: &plan::Limits,
) -> Result<Plan> {
    options.check()?;
    let loss = options.loss.unwrap_or(Loss::default_for(network.output));
    fits(network, data)?;
    let per_epoch = data.rows().div_ceil(options.batch_size.of(data.rows()).max(1)) as u64;
    // The device counts steps in 32 bits.
    if options.length.steps(per_epoch) >= u64::from(u32::MAX) {
        return Err(Error::invalid(
            format!("the run has {} steps", options.length.steps(per_epoch)),
            "make it below 4 billion",
        ));
    }
    plan::training(
        &plan::Training {
            network,
            loss,
            optimizer: &options.optimizer,
            rows: data.rows(),
            batch: options.batch_size.of(data.rows()),
            shuffle: options.shuffle,
            seed: options.seed,
            strategy: options.strategy,
            gradients: options.gradients,
        },
        limits,
    )
}

/// The output that goes with a task.
pub const fn output_for(task: Task) -> Output {
    match task {
        Task::Binary => Output::Sigmoid,
        Task::Multiclass => Output::Softmax,
        Task::Regression => Output::Identity,
    }
}

/// Checks that the network's two ends fit the data.
fn fits(network: &Network, data: &Dataset) -> Result<()> {
    if network.inputs != data.inputs() {
        return Err(Error::invalid(
            format!(
                "the network has {} inputs, the data {} columns",
                network.inputs,
                data.inputs()
            ),
            "make them equal",
        ));
    }
    if data.weights().is_some() {
        return Err(Error::invalid(
            "the rows have weights, which no loss takes yet",
            "leave out --class-weight and --sample-weight",
        ));
    }
    let output = output_for(data.task());
    if network.outputs != data.outputs() || network.output != output {
        let kind = match data.targets() {
            Targets::Binary { .. } => "binary",
            Targets::Classes { .. } => "multi-class",
            Targets::Numbers { .. } => "numeric",
        };
        return Err(Error::invalid(
            format!(
                "the network has {} {} outputs, the {kind} targets need {} {output}",
                network.outputs,
                network.output,
                data.outputs(),
            ),
            "make them equal",
        ));
    }
    Ok(())
}

/// Turns steps' metrics into events.
struct Journal {
    step: u64,
    per_epoch: u64,
    rows: usize,
    batch: usize,
    log_every: u64,
    epoch: EpochLoss,
}

/// The losses of an epoch's rows, added up. A run that was broken off may lack some of them.
#[derive(Clone, Copy, Debug, Default)]
struct EpochLoss {
    sum: f64,
    rows: usize,
}

impl EpochLoss {
    fn add(&mut self, loss: f32, rows: usize) {
        self.sum += f64::from(loss) * rows as f64;
        self.rows += rows;
    }

    fn mean(self) -> f64 {
        self.sum / self.rows as f64
    }
}

impl Journal {
    fn new(trainer: &Trainer<'_>, per_epoch: u64) -> Self {
        Self {
            step: trainer.step,
            per_epoch,
            rows: trainer.plan().rows,
            batch: trainer.plan().batch,
            log_every: trainer.options.log_every,
            epoch: trainer.epoch,
        }
    }

    /// One step's metrics.
    fn step(
        &mut self,
        [loss, _score]: StepMetrics,
        observer: &mut impl FnMut(&Event) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let step = self.step;
        self.step += 1;
        let number = step % self.per_epoch;
        let rows = self.batch.min(self.rows - number as usize * self.batch);
        self.epoch.add(loss, rows);
        let last = number + 1 == self.per_epoch;
        let mean = last.then(|| std::mem::take(&mut self.epoch).mean());
        if step.is_multiple_of(self.log_every) {
            observer(&Event::Step { step, loss })?;
        }
        if let Some(train_loss) = mean {
            observer(&Event::Epoch { epoch: step / self.per_epoch, train_loss })?;
        }
        ControlFlow::Continue(())
    }
}
