//! The training loop: batches, epochs, the losses as they come, the end of it all.
//!
//! Works on any [`Backend`]. Must not know: which one it has.

mod batch_sampler;
mod checkpoint;
mod early_stopping;
mod epoch_losses;
mod event;
mod fallback;
mod grid;
mod interval;
mod options;
mod plateau;
mod prepare;
mod run;
mod show;
mod snapshot;
mod stream;
mod transfer;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::backend::{self, Backend, DeviceChoice};
use crate::measure::Timed;
use crate::model::{self, Model, Provenance};
use crate::plan::{self, Phase, Plan};
use crate::platform::{Instant, block_on};
use crate::spec::{Loss, Network, Parameters, Strategy};
use crate::{Error, Result};

pub use checkpoint::{Checkpoint, CheckpointOptions, Checkpoints, Notes};
pub use early_stopping::{EarlyStopping, Keep};
pub use event::{Best, Ended, Evaluation, Event, Summary};
pub use grid::{Candidate, Grid, Trained};
pub use interval::Interval;
pub use options::TrainOptions;
pub use plateau::ReduceOnPlateau;
pub use prepare::{TrainingData, output_for, plan_for};

use batch_sampler::BatchSampler;
use checkpoint::Fingerprints;
use fallback::Fallback;
use show::Showing;
use snapshot::{BestWeights, Progress};
use stream::Stream;
use transfer::parameters;

/// Trains one network on one data set.
///
/// It owns the plan and the device's buffers; the data set stays on the device. `run` may be
/// called again to go on.
pub struct Trainer {
    data: TrainingData,
    options: TrainOptions,
    loss: Loss,
    sampler: BatchSampler,
    stream: Stream,
    backend: Box<dyn Backend>,
    device: String,
    limits: plan::Limits,
    notice: Option<String>,
    progress: Progress,
    best: Option<BestWeights>,
    /// Whether the coming run goes on with one that a checkpoint has brought.
    resumed: bool,
    fallback: Fallback,
    interrupt: Option<Arc<AtomicBool>>,
    showing: Option<Showing>,
    /// When the next checkpoint is due, where they go by time.
    checkpoint_due: Option<Instant>,
    /// The data's, once they have been asked for.
    fingerprints: Option<Fingerprints>,
}

impl Trainer {
    /// Plans the training, opens the device, and puts data and initial parameters there.
    ///
    /// The data is a [`crate::Dataset`], or two: training rows and validation rows.
    ///
    /// # Errors
    /// [`Error::Invalid`] for options that make no sense together, [`Error::TooLarge`] for what
    /// the device cannot hold, [`Error::NoDevice`] where there is none as asked for.
    pub fn new(
        network: &Network,
        data: impl Into<TrainingData>,
        options: TrainOptions,
    ) -> Result<Self> {
        let (choice, checks) = (options.device.clone(), options.shader_checks);
        let (device, notice) = block_on(backend::open(&choice, checks))?;
        let mut trainer = Self::on(device.as_ref(), network, data, options)?;
        trainer.notice = notice.or(trainer.notice);
        Ok(match choice {
            DeviceChoice::Cpu => trainer,
            _ => trainer.with_fallback(move || Ok(block_on(backend::open(&choice, checks))?.0)),
        })
    }

    /// The same on a device that is open already: [`TrainOptions::device`] is passed over.
    ///
    /// # Errors
    /// As [`Trainer::new`].
    pub fn on(
        device: &dyn backend::Device,
        network: &Network,
        data: impl Into<TrainingData>,
        mut options: TrainOptions,
    ) -> Result<Self> {
        let data = data.into();
        let loss = options.loss.unwrap_or(Loss::default_for(network.output));
        let limits = device.limits();
        let (backend, notice) = load(device, network, &data, &mut options, &limits)?;
        let plan = backend.plan();
        // Whatever device it goes on with, the rows come in the same order.
        options.shard_rows = Some(plan.shard.map_or(plan.rows, |shard| shard.capacity));
        let initial = match options.initial.take() {
            Some(parameters) => {
                parameters.check(network)?;
                parameters
            }
            None => Parameters::initial(network, options.initialization, options.seed),
        };
        let mut trainer = Self {
            data,
            loss,
            sampler: BatchSampler::of(plan, options.shuffle, options.seed),
            stream: Stream::default(),
            backend,
            device: device.name().to_owned(),
            limits,
            notice,
            progress: Progress::default(),
            best: None,
            resumed: false,
            fallback: Fallback::default(),
            interrupt: None,
            showing: None,
            checkpoint_due: None,
            fingerprints: None,
            options,
        };
        trainer.bring()?;
        trainer.set_parameters(&initial)?;
        Ok(trainer)
    }

    /// Lets a run end when `flag` becomes true, after the steps that are on their way.
    #[must_use]
    pub fn with_interrupt(mut self, flag: Arc<AtomicBool>) -> Self {
        self.interrupt = Some(flag);
        self
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
        self.progress.step
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

    fn set_parameters(&mut self, parameters: &Parameters) -> Result<()> {
        let regions = self.plan().handles.parameters[0].clone();
        model::upload(self.backend.as_mut(), &regions, parameters)
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
        self.enter()?;
        block_on(self.backend.replay(Phase::Gradient, 1))?;
        let network = self.plan().network().clone();
        parameters(self.backend.as_mut(), &network, &regions)
    }

    /// How long each dispatch of a step takes. Training cannot go on after it.
    ///
    /// # Errors
    /// As [`Backend::profile`].
    pub fn profile(mut self) -> Result<Vec<Timed>> {
        let times = block_on(self.backend.profile(Phase::Step))?;
        let list = self.plan().phase(Phase::Step).iter().cloned().zip(times);
        Ok(list.map(|(dispatch, time)| Timed { dispatch, time }).collect())
    }

    /// Predictions of the present weights for the training rows, \[N, O\].
    ///
    /// # Errors
    /// [`Error::Device`]
    pub fn predict(&mut self) -> Result<Vec<f32>> {
        let data = self.data.training.clone();
        self.predict_rows(data.features())
    }

    /// Predictions of the present weights for any rows \[N, I\], as the network makes them:
    /// \[N, O\].
    ///
    /// # Errors
    /// [`Error::Device`]
    pub fn predict_rows(&mut self, features: &[f32]) -> Result<Vec<f32>> {
        let parameters = self.parameters()?;
        let load = |plan| block_on(self.backend.load(plan));
        let network = self.plan().network();
        model::apply(network, &parameters, features, &self.limits, load)
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
        if !parameters.blocks().all(finite) {
            let lr = self.options.optimizer.lr();
            return Err(Error::Diverged { step: self.progress.step, loss: f32::NAN, lr });
        }
        let provenance = Provenance {
            seed: self.options.seed,
            steps: self.progress.step,
            loss: self.loss,
            optimizer: self.options.optimizer,
            regularization: self.options.regularization.clone(),
            schedule: self.options.schedule,
            initialization: self.options.initialization,
            batch: self.plan().batch,
            rows: self.data.training.rows(),
            device: self.device.clone(),
        };
        let data = &self.data.training;
        Ok(Model {
            network: self.plan().network().clone(),
            parameters,
            preprocessing: data.preprocessing().clone(),
            target: data.target_name().to_owned(),
            classes: data.classes().to_vec(),
            provenance: Some(provenance),
        })
    }
}

/// Plans for a device and loads the plan. Where the device has less room than it said, smaller
/// plans are tried, with the data or the batch cut, and the second value says so.
fn load(
    device: &dyn backend::Device,
    network: &Network,
    data: &TrainingData,
    options: &mut TrainOptions,
    limits: &plan::Limits,
) -> Result<(Box<dyn Backend>, Option<String>)> {
    let plan = prepare::plan_within(network, data, options, limits)?;
    let (asked, mut bytes) = (plan.bytes(), plan.bytes());
    let mut loaded = block_on(device.load(plan));
    let mut first = None;
    while let Err(error @ Error::Device { .. }) = loaded {
        let first = first.get_or_insert(error);
        options.memory = Some(bytes / 4 * 3);
        let Ok(smaller) = prepare::plan_within(network, data, options, limits) else {
            return Err(std::mem::replace(first, Error::device(device.name(), "out of memory")));
        };
        bytes = smaller.bytes();
        loaded = block_on(device.load(smaller));
    }
    let loaded = loaded?;
    let notice = first.map(|_| {
        format!(
            "no room for a plan of {}: took one of {}{}",
            plan::bytes(asked),
            plan::bytes(bytes),
            match (loaded.plan().shard, loaded.plan().micro_batch) {
                (None, None) => "",
                (Some(_), None) => ", with the data in shards",
                (None, Some(_)) => ", with the batch in micro-batches",
                (Some(_), Some(_)) => ", with the data in shards and the batch in micro-batches",
            },
        )
    });
    Ok((loaded, notice))
}
