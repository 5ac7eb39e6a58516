//! One network, trained by calls that block.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::{
    Budget, Checkpoint, Evaluation, Event, Session, Status, Summary, TrainOptions, TrainingData,
};
use crate::Result;
use crate::backend::Device;
use crate::data::Dataset;
use crate::measure::Timed;
use crate::model::Model;
use crate::plan::{DeviceKind, Plan};
use crate::platform::{MaybeSend, block_on};
use crate::spec::{Network, Parameters, Strategy};

/// Trains one network on one data set.
///
/// It is a [`Session`] of one network whose methods block. `run` may be called again to go on. Of a
/// file of rows that do not fit into memory, parts can follow one another: see
/// [`Trainer::continue_on`].
pub struct Trainer {
    session: Session,
}

impl Trainer {
    /// Plans the training, opens the device, and puts data and initial parameters there.
    ///
    /// The data is a [`crate::Dataset`], or two: training rows and validation rows.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] for options that make no sense together, [`crate::Error::TooLarge`] for what
    /// the device cannot hold, [`crate::Error::NoDevice`] where there is none as asked for.
    pub fn new(
        network: &Network,
        data: impl Into<TrainingData>,
        options: TrainOptions,
    ) -> Result<Self> {
        Ok(Self { session: block_on(Session::open(network, data, options))? })
    }

    /// The same on a device that is open already: [`TrainOptions::device`] is passed over.
    ///
    /// # Errors
    /// As [`Trainer::new`].
    pub fn on(
        device: &dyn Device,
        network: &Network,
        data: impl Into<TrainingData>,
        options: TrainOptions,
    ) -> Result<Self> {
        Ok(Self { session: block_on(Session::on(device, network, data, options))? })
    }

    /// The session, for who must not block.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Lets a run end when `flag` becomes true, after the steps that are on their way.
    #[must_use]
    pub fn with_interrupt(self, flag: Arc<AtomicBool>) -> Self {
        Self { session: self.session.with_interrupt(flag) }
    }

    /// Where to go on when the device fails in mid-run: `open` opens a device again. Where it does
    /// not, or where that device gets no further, training goes on on the CPU path.
    ///
    /// A trainer made by [`Trainer::new`] has such a fallback: the device of its options again.
    #[must_use]
    pub fn with_fallback(
        self,
        open: impl FnMut() -> Result<Box<dyn Device>> + Send + 'static,
    ) -> Self {
        Self { session: self.session.with_fallback(open) }
    }

    /// Lets a run tell its weights about so often, as [`Event::Weights`]; less often where reading
    /// them takes long. The run ends with the same bits.
    #[must_use]
    pub fn showing_weights(self, every: Duration) -> Self {
        Self { session: self.session.showing_weights(every) }
    }

    /// The dispatch graph.
    pub fn plan(&self) -> &Plan {
        self.session.plan()
    }

    /// The device's name.
    pub fn device(&self) -> &str {
        self.session.device()
    }

    /// What kind of machine the device is.
    pub fn device_kind(&self) -> DeviceKind {
        self.session.device_kind()
    }

    /// Why this device was chosen, where that is not plain.
    pub fn notice(&self) -> Option<&str> {
        self.session.notice()
    }

    /// How a step was lowered to dispatches.
    pub fn strategy(&self) -> Strategy {
        self.plan().strategy
    }

    /// Steps done so far.
    pub fn step(&self) -> u64 {
        self.session.step(0)
    }

    /// Trains for the length in the options, or until early stopping ends it, telling `observer`
    /// as it goes; the observer may break off.
    ///
    /// Where the device fails and there is something to fall back on (see
    /// [`Trainer::with_fallback`]), it goes on there from a snapshot.
    ///
    /// # Errors
    /// As [`Session::advance`].
    pub fn run(
        &mut self,
        mut observer: impl FnMut(&Event) -> ControlFlow<()> + MaybeSend,
    ) -> Result<Summary> {
        block_on(self.session.run(&mut observer))?;
        match self.session.summaries().next() {
            Some(Some(summary)) => Ok(summary.clone()),
            _ => unreachable!("a session that has ended has a summary of each network"),
        }
    }

    /// Goes on with the run as far as the budget allows, or begins one: see [`Session::advance`].
    ///
    /// # Errors
    /// As [`Trainer::run`].
    pub fn advance(
        &mut self,
        budget: Budget,
        mut observer: impl FnMut(&Event) -> ControlFlow<()> + MaybeSend,
    ) -> Result<Status> {
        block_on(self.session.advance(budget, &mut observer))
    }

    /// Lets the coming run go on with other rows of the same columns, with the present weights and
    /// optimizer state: scikit-learn's `partial_fit`.
    ///
    /// # Errors
    /// As [`Trainer::new`].
    pub fn continue_on(&mut self, data: impl Into<TrainingData>) -> Result<()> {
        block_on(self.session.continue_on(data))
    }

    /// The training as it stands, ready to be saved.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    pub fn checkpoint(&mut self) -> Result<Checkpoint> {
        block_on(self.session.checkpoint())
    }

    /// Takes up a training where a checkpoint was written: the coming [`Trainer::run`] does what is
    /// left of it, to the last bit what the whole run would have done on the same device. Another
    /// [`TrainOptions::length`] than at that time lengthens or shortens it.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] where network, settings or data are others; [`crate::Error::Device`].
    pub fn resume(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        block_on(self.session.resume(checkpoint))
    }

    /// Loss and score of the present weights on all training rows.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    pub fn evaluate(&mut self) -> Result<Evaluation> {
        Ok(block_on(self.session.evaluate())?[0])
    }

    /// Loss and score of the present weights on all validation rows, where there are such.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    pub fn validate(&mut self) -> Result<Option<Evaluation>> {
        Ok(block_on(self.session.validate())?.map(|all| all[0]))
    }

    /// The present weights.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    pub fn parameters(&mut self) -> Result<Parameters> {
        block_on(self.session.parameters(0))
    }

    /// The gradients of the coming batch at the present weights, without a step.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] where [`TrainOptions::gradients`] did not ask for them.
    pub fn gradients(&mut self) -> Result<Parameters> {
        block_on(self.session.gradients())
    }

    /// Predictions of the present weights for the training rows, \[N, O\].
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    pub fn predict(&mut self) -> Result<Vec<f32>> {
        let data = self.session.data().training.clone();
        self.predict_data(&data)
    }

    /// Predictions of the present weights for any rows \[N, I\]: \[N, O\], as [`Model::predict`]
    /// makes them. Numbers are in the target's own unit, even if the training standardised it.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    pub fn predict_rows(&mut self, features: &[f32]) -> Result<Vec<f32>> {
        block_on(self.session.predict_rows(0, features))
    }

    /// The same for the rows of a data set, whose targets have no part in it.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    pub fn predict_data(&mut self, data: &Dataset) -> Result<Vec<f32>> {
        block_on(self.session.predict_data(0, data))
    }

    /// The trained network, ready to be saved or applied.
    ///
    /// # Errors
    /// [`crate::Error::Diverged`] where its weights are not finite, [`crate::Error::Device`].
    pub fn model(&mut self) -> Result<Model> {
        block_on(self.session.model(0))
    }

    /// How long each dispatch of a step takes. Training cannot go on after it.
    ///
    /// # Errors
    /// As [`crate::backend::Backend::profile`].
    pub fn profile(self) -> Result<Vec<Timed>> {
        block_on(self.session.profile())
    }
}
