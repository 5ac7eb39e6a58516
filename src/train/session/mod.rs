//! A session: networks that are trained together on one device.

mod advance;
mod optimizer;
mod reading;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::backend::{self, Device, DeviceChoice};
use crate::measure::Timed;
use crate::plan::{DeviceKind, Phase, Plan};
use crate::platform::Instant;
use crate::spec::{Loss, Network, Parameters};
use crate::train::callback::Callback;
use crate::train::checkpoint::{Checkpoint, CheckpointWriter, Fingerprints};
use crate::train::executor::Executor;
use crate::train::fallback::Fallback;
use crate::train::members::{Candidate, Members};
use crate::train::run::{Run, Start};
use crate::train::{Event, Summary, TrainOptions, TrainingData};
use crate::{Error, Result};

use advance::Allowance;
pub use optimizer::OptimizerState;

/// Trains one network or many: the asynchronous side of [`super::Trainer`] and [`super::Grid`],
/// which block on it.
///
/// It owns the plan on its device, the data, and the run of each network. It can be advanced a part
/// at a time by who must not block for long, as a page in a browser:
///
/// ```
/// use std::ops::ControlFlow;
/// use std::time::Duration;
///
/// use halfplane::train::{Budget, Session, Status};
/// use halfplane::{Dataset, Event, Network, TrainOptions};
///
/// # async fn train() -> halfplane::Result<()> {
/// let network = Network::new(2, &[2], 1);
/// let mut session = Session::open(&network, &Dataset::xor(), TrainOptions::default()).await?;
/// let mut observer = |_: &Event| ControlFlow::Continue(());
/// let frame = Budget::Time(Duration::from_millis(16));
/// while session.advance(frame, &mut observer).await? == Status::Running {
///     // Draw.
/// }
/// println!("{:?}", session.summaries().next());
/// # Ok(())
/// # }
/// # halfplane::low_level::platform::block_on(train()).unwrap();
/// ```
pub struct Session {
    executor: Executor,
    runs: Vec<Run>,
    loss: Loss,
    notice: Option<String>,
    stage: Stage,
    /// How the coming run begins.
    start: Start,
    /// Seconds that earlier calls of `advance` have taken in the present run.
    seconds: f64,
    interrupt: Option<Arc<AtomicBool>>,
    /// Networks that the device's counters let move.
    moving: usize,
    fallback: Fallback,
    /// What the next call of `advance` tells first: where the device failed, the session has gone on.
    recovered: Vec<Event>,
    checkpoints: Option<CheckpointWriter>,
    weights: Option<WeightsTimer>,
    /// Whether the final weights are evaluated.
    evaluates: bool,
    fingerprints: Option<Fingerprints>,
}

/// How far [`Session::advance`] may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// So many steps.
    Steps(u64),
    /// So many steps, unless the time is over before: for who must hear others meanwhile.
    StepsWithin(u64, Duration),
    /// So long, but some steps at least. A GPU finishes the steps that are on their way, some tenths
    /// of a second at most.
    Time(Duration),
}

/// Where a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Some network is still to be trained.
    Running,
    /// The runs of all networks have ended.
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Ready,
    Running,
    Ended,
}

/// When the weights are told, while they change.
#[derive(Clone, Copy, Debug)]
struct WeightsTimer {
    every: Duration,
    due: Instant,
}

impl Session {
    /// Plans the training of one network, opens the device of the options, and puts data and initial
    /// weights there.
    ///
    /// # Errors
    /// [`Error::Invalid`] for options that make no sense together, [`Error::TooLarge`] for what
    /// the device cannot hold, [`Error::NoDevice`] where there is none as asked for.
    pub async fn open(
        network: &Network,
        data: impl Into<TrainingData>,
        options: TrainOptions,
    ) -> Result<Self> {
        let choice = (options.device.clone(), options.opening());
        let (device, notice) = backend::open(&choice.0, choice.1).await?;
        let session = Self::on(device.as_ref(), network, data, options).await?;
        Ok(session.opened(choice, notice))
    }

    /// The same on a device that is open already: [`TrainOptions::device`] is passed over.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub async fn on(
        device: &dyn Device,
        network: &Network,
        data: impl Into<TrainingData>,
        options: TrainOptions,
    ) -> Result<Self> {
        let data = data.into();
        let (seed, lr) = (options.seed, options.optimizer.lr());
        let members = Members::alone(network, seed, lr, data.training.rows());
        Self::of(device, members, data, options).await
    }

    /// The same for many small networks side by side: see [`super::Grid::new`].
    ///
    /// # Errors
    /// As [`Session::open`].
    pub async fn open_grid(
        candidates: &[Candidate],
        data: impl Into<TrainingData>,
        options: TrainOptions,
    ) -> Result<Self> {
        let choice = (options.device.clone(), options.opening());
        let (device, notice) = backend::open(&choice.0, choice.1).await?;
        let session = Self::grid_on(device.as_ref(), candidates, data, options).await?;
        Ok(session.opened(choice, notice))
    }

    /// The same on a device that is open already.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub async fn grid_on(
        device: &dyn Device,
        candidates: &[Candidate],
        data: impl Into<TrainingData>,
        options: TrainOptions,
    ) -> Result<Self> {
        Self::of(device, Members::side_by_side(candidates)?, data.into(), options).await
    }

    async fn of(
        device: &dyn Device,
        members: Members,
        data: TrainingData,
        mut options: TrainOptions,
    ) -> Result<Self> {
        let initial = options.initial.take();
        let checkpoints = options.checkpoints.clone().map(CheckpointWriter::new);
        let (mut executor, notice) = Executor::load(device, members, data, options).await?;
        executor.note_device();
        let (options, candidates) = (&executor.options, executor.candidates());
        let loss = options.loss.unwrap_or(Loss::default_for(candidates[0].network.output));
        let weights = candidates.iter().map(|one| match &initial {
            Some(parameters) => parameters.check(&one.network).map(|()| parameters.clone()),
            None => Ok(Parameters::initial(&one.network, options.initialization, one.seed)),
        });
        let weights: Vec<Parameters> = weights.collect::<Result<_>>()?;
        let samplers = executor.samplers().into_iter().zip(candidates).enumerate();
        let runs = samplers.map(|(number, (sampler, one))| Run::new(number, sampler, one.lr));
        let mut session = Self {
            runs: runs.collect(),
            executor,
            loss,
            notice,
            stage: Stage::Ready,
            start: Start::Anew,
            seconds: 0.0,
            interrupt: None,
            moving: 0,
            fallback: Fallback::default(),
            recovered: Vec::new(),
            checkpoints,
            weights: None,
            evaluates: true,
            fingerprints: None,
        };
        session.executor.set_parameters(&numbered(&weights)).await?;
        session.set_steps().await?;
        Ok(session)
    }

    /// On a device that was opened for it, and may be opened again.
    fn opened(
        mut self,
        (choice, options): (DeviceChoice, backend::OpenOptions),
        notice: Option<String>,
    ) -> Self {
        self.notice = notice.or(self.notice);
        if choice != DeviceChoice::Cpu {
            self.fallback.open_again(choice, options);
        }
        self
    }

    /// Lets all runs end when `flag` becomes true, after the steps that are on their way.
    #[must_use]
    pub fn with_interrupt(mut self, flag: Arc<AtomicBool>) -> Self {
        self.interrupt = Some(flag);
        self
    }

    /// Where to go on when the device fails in mid-run: see [`super::Trainer::with_fallback`].
    #[must_use]
    pub fn with_fallback(
        mut self,
        open: impl FnMut() -> Result<Box<dyn Device>> + Send + 'static,
    ) -> Self {
        self.fallback.open_with(Box::new(open));
        self
    }

    /// Lets runs tell their weights about so often, as [`super::Event::Weights`]; less often where reading
    /// them takes long. They end with the same bits.
    #[must_use]
    pub fn showing_weights(mut self, every: Duration) -> Self {
        self.weights = Some(WeightsTimer { every, due: Instant::now() });
        self
    }

    /// Spares the pass over all rows at the end of a run, which takes about a third of an epoch: the
    /// evaluations of the [`Summary`] are NaN.
    #[must_use]
    pub fn without_evaluation(mut self) -> Self {
        self.evaluates = false;
        self
    }

    /// The dispatch graph.
    pub fn plan(&self) -> &Plan {
        self.executor.plan()
    }

    /// The device's name.
    pub fn device(&self) -> &str {
        self.executor.device()
    }

    /// What kind of machine the device is.
    pub fn device_kind(&self) -> DeviceKind {
        self.executor.limits().kind
    }

    /// Why this device was chosen, where that is not plain.
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// The training and validation rows.
    pub fn data(&self) -> &TrainingData {
        &self.executor.data
    }

    /// How many networks there are.
    pub fn networks(&self) -> usize {
        self.runs.len()
    }

    /// Steps that a network has done so far.
    ///
    /// # Panics
    /// Where there is no such network, as all methods that take a network's number.
    pub fn step(&self, network: usize) -> u64 {
        self.runs[network].progress.step
    }

    /// Steps of the first network until its epoch ends.
    pub fn steps_of_epoch_left(&self) -> u64 {
        let (run, sampler) = (&self.runs[0], self.runs[0].sampler());
        let step = run.progress.step;
        sampler.next_multiple(step, sampler.steps_per_epoch()) - step
    }

    /// The first step of a network whose loss was not finite, with the loss and the learning rate.
    pub(crate) fn divergence(&self, network: usize) -> Option<(u64, f32, f64)> {
        let run = &self.runs[network];
        run.diverged().map(|(step, loss)| (step, loss, run.lr()))
    }

    /// Steps of an epoch of a network.
    pub(crate) fn steps_per_epoch(&self, network: usize) -> u64 {
        self.runs[network].sampler().steps_per_epoch()
    }

    /// What came of each network's run, in order, once the session has ended.
    pub fn summaries(&self) -> impl ExactSizeIterator<Item = Option<&Summary>> {
        self.runs.iter().map(|run| run.summary.as_ref())
    }

    /// Goes on as far as the budget allows, telling the callback. The first call begins a run of the
    /// options' length, the one that returns [`Status::Ended`] ends it; how it is cut into calls
    /// makes no difference to what comes out.
    ///
    /// Where the device fails and there is something to fall back on, it goes on there from a
    /// snapshot.
    ///
    /// # Errors
    /// [`Error::Diverged`] where the loss of an only network becomes NaN or infinite and its best
    /// weights are not kept, [`Error::Device`] where the device fails for good, [`Error::File`] where
    /// the first checkpoint cannot be written. A later one that cannot be written does not end the
    /// run: it is told, and tried again.
    pub async fn advance(&mut self, budget: Budget, callback: &mut dyn Callback) -> Result<Status> {
        if self.stage == Stage::Ended {
            return Ok(Status::Ended);
        }
        let started = Instant::now();
        let (steps, until) = match budget {
            Budget::Steps(steps) => (steps, None),
            Budget::StepsWithin(steps, time) => (steps, started.checked_add(time)),
            Budget::Time(time) => (u64::MAX, started.checked_add(time)),
        };
        let allowance = Allowance { steps, until, begun: false };
        let result = self.advance_within(allowance, started, callback).await;
        self.stage = match &result {
            Ok(Status::Running) => Stage::Running,
            Ok(Status::Ended) => Stage::Ended,
            Err(_) => Stage::Ready,
        };
        if self.stage != Stage::Running {
            self.checkpoints.as_mut().into_iter().for_each(CheckpointWriter::unlock);
        }
        if self.stage == Stage::Running {
            self.seconds += started.elapsed().as_secs_f64();
        }
        result
    }

    /// Goes on to the end; after the end, with a further run of the options' length.
    ///
    /// # Errors
    /// As [`Session::advance`].
    pub async fn run(&mut self, callback: &mut dyn Callback) -> Result<()> {
        self.go_on();
        while self.advance(Budget::Steps(u64::MAX), callback).await? == Status::Running {}
        Ok(())
    }

    /// Keeps other trainings out of the folder of the checkpoints, which is made where it is missing,
    /// until the session is dropped. A run does so itself; to do it earlier protects what is opened
    /// before, such as the file of its metrics.
    ///
    /// # Errors
    /// [`Error::Invalid`] where another training has the folder, [`Error::File`].
    pub fn lock_checkpoints(&mut self) -> Result<()> {
        self.checkpoints.as_mut().map_or(Ok(()), CheckpointWriter::lock_and_hold)
    }

    /// Why the last checkpoint could not be written, if it could not: told as
    /// [`super::Event::CheckpointFailed`], too.
    pub fn checkpoint_failure(&self) -> Option<&str> {
        self.checkpoints.as_ref().and_then(CheckpointWriter::failure)
    }

    /// Where the runs have ended, lets the next call of [`Session::advance`] begin further ones of
    /// the options' length.
    pub fn go_on(&mut self) {
        if self.stage == Stage::Ended {
            self.stage = Stage::Ready;
        }
    }

    /// Lets the coming run go on with other rows of the same columns, with the present weights and
    /// optimizer state: an epoch of the new rows begins. As many rows as before need no new plan.
    ///
    /// # Errors
    /// [`Error::Invalid`] where there are many networks, or where the columns are others;
    /// [`Error::TooLarge`], [`Error::Device`].
    pub async fn continue_on(&mut self, data: impl Into<TrainingData>) -> Result<()> {
        let data = data.into();
        if !self.executor.is_alone() {
            return Err(Error::invalid(
                "networks with rows of their own cannot go on with others",
                "train them one by one",
            ));
        }
        if let Some(data) = self.executor.replace_data(data).await? {
            let snapshot = self.snapshot().await?;
            self.executor = self.executor.with_data(data).await?;
            self.restore(&snapshot).await?;
        }
        let sampler = self.executor.samplers().remove(0);
        self.runs[0].set_rows(sampler);
        self.fingerprints = None;
        self.stage = Stage::Ready;
        self.set_steps().await
    }

    /// The session as it stands, ready to be saved.
    ///
    /// # Errors
    /// [`Error::Device`]
    pub async fn checkpoint(&mut self) -> Result<Checkpoint> {
        let snapshot = self.snapshot().await?;
        let data = self.fingerprints().clone();
        Checkpoint::of(&self.executor, data, snapshot)
    }

    /// Takes up a session where a checkpoint was written: what comes does what is left of it, to the
    /// last bit what the whole would have done on the same device. Another [`TrainOptions::length`]
    /// than at that time lengthens or shortens it.
    ///
    /// # Errors
    /// [`Error::Invalid`] where networks, settings or data are others; [`Error::Device`].
    pub async fn resume(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        self.fingerprints();
        if let Some(data) = &self.fingerprints {
            checkpoint.check(&self.executor, data)?;
        }
        self.restore(checkpoint.snapshot()).await?;
        let (length, is_alone) = (self.executor.options.length, self.executor.is_alone());
        self.runs.iter_mut().for_each(|run| run.reopen(is_alone));
        if checkpoint.length() != length {
            self.runs.iter_mut().for_each(|run| run.set_length(length));
        }
        (self.start, self.stage) = (Start::Resumed, Stage::Ready);
        Ok(())
    }

    /// Those of the data, computed when they are first asked for.
    fn fingerprints(&mut self) -> &Fingerprints {
        self.fingerprints.get_or_insert_with(|| Fingerprints::of(&self.executor.data))
    }

    /// How long each dispatch of a step takes. Training cannot go on after it.
    ///
    /// # Errors
    /// [`Error::Device`]; [`Error::Invalid`] where the device cannot measure.
    pub async fn profile(mut self) -> Result<Vec<Timed>> {
        let times = self.executor.profile().await?;
        let list = self.plan().phase(Phase::Step).iter().cloned().zip(times);
        Ok(list.map(|(dispatch, time)| Timed { dispatch, time }).collect())
    }
}

fn numbered(all: &[Parameters]) -> Vec<(usize, &Parameters)> {
    all.iter().enumerate().collect()
}
