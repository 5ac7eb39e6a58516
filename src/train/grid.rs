//! Many networks at once, trained by calls that block.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::callback::OfMany;
use super::{
    Best, Budget, Callback, Candidate, Checkpoint, Ended, Evaluation, Event, Session, Silent,
    Status, TrainOptions, TrainingData,
};
use crate::Result;
use crate::backend::Device;
use crate::model::Model;
use crate::plan::Plan;
use crate::platform::{MaybeSend, block_on};
use crate::spec::Parameters;

/// How one network of a grid has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// Its final weights.
    pub parameters: Parameters,
    /// How good they are on its rows.
    pub evaluation: Evaluation,
    /// How good they are on the validation rows, where there are such.
    pub validation: Option<Evaluation>,
    /// Steps that it has done.
    pub steps: u64,
    /// Why it has ended.
    pub ended: Ended,
    /// The epoch whose weights are the final ones, where they are not the last ones.
    pub best: Option<Best>,
}

/// Trains many small networks at once: each in a workgroup of its own on a GPU, in a SIMD lane of
/// its own on a software adapter where all have one small shape, or one tiny shape on a GPU, spread
/// over the threads on the CPU. Each ends, to the bit, where it ends when it is trained alone on that
/// device; among networks of other shapes to rounding, where alone it would have a lane.
///
/// It is a [`Session`] of many networks whose methods block: each has early stopping, best weights
/// and learning rates of its own, and its own length where epochs are shorter for fewer rows. What a
/// [`Candidate`] says nothing of is the same for all.
///
/// ```
/// use halfplane::train::{Candidate, Grid, TrainOptions};
/// use halfplane::{Activation, BatchSize, Dataset, Length, Network, Optimizer};
///
/// # fn main() -> halfplane::Result<()> {
/// let data = Dataset::xor();
/// let network = Network::new(2, &[3], 1).with_activation(Activation::Sigmoid);
/// let candidates: Vec<Candidate> = (0..8)
///     .map(|seed| Candidate::new(network.clone(), seed, 1.0, 0..4))
///     .collect();
/// let options = TrainOptions {
///     optimizer: Optimizer::sgd(1.0),
///     batch_size: BatchSize::Full,
///     length: Length::Steps(5_000),
///     ..TrainOptions::default()
/// };
/// let mut grid = Grid::new(&candidates, &data, options)?;
/// let trained = grid.run()?;
/// let best = (0..8).min_by(|&a, &b| {
///     trained[a].evaluation.loss.total_cmp(&trained[b].evaluation.loss)
/// });
/// let model = grid.model(best.unwrap_or(0))?;
/// assert!(model.predict(&[0.0, 1.0])?[0] > 0.9);
/// # Ok(())
/// # }
/// ```
pub struct Grid {
    session: Session,
}

impl Grid {
    /// Plans the training, opens the device, and puts data and initial weights there.
    ///
    /// The options hold for all networks, but for what each has for itself, as its seed and learning rate,
    /// and for `strategy` and `shard_rows`, which are passed over.
    ///
    /// # Errors
    /// As [`super::Trainer::new`]; [`crate::Error::Invalid`] for networks that differ in more than their
    /// hidden layers.
    pub fn new(
        candidates: &[Candidate],
        data: impl Into<TrainingData>,
        options: TrainOptions,
    ) -> Result<Self> {
        Ok(Self { session: block_on(Session::open_grid(candidates, data, options))? })
    }

    /// The same on a device that is open already.
    ///
    /// # Errors
    /// As [`Grid::new`].
    pub fn on(
        device: &dyn Device,
        candidates: &[Candidate],
        data: impl Into<TrainingData>,
        options: TrainOptions,
    ) -> Result<Self> {
        Ok(Self { session: block_on(Session::grid_on(device, candidates, data, options))? })
    }

    /// The session, for who must not block.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Lets all runs end when `flag` becomes true, after the steps that are on their way.
    #[must_use]
    pub fn with_interrupt(self, flag: Arc<AtomicBool>) -> Self {
        Self { session: self.session.with_interrupt(flag) }
    }

    /// Where to go on when the device fails: see [`super::Trainer::with_fallback`].
    #[must_use]
    pub fn with_fallback(
        self,
        open: impl FnMut() -> Result<Box<dyn Device>> + Send + 'static,
    ) -> Self {
        Self { session: self.session.with_fallback(open) }
    }

    /// The dispatch graph.
    pub fn plan(&self) -> &Plan {
        self.session.plan()
    }

    /// Trains each network for the length in the options, or until early stopping ends it.
    ///
    /// # Errors
    /// [`crate::Error::Device`] where the device fails, [`crate::Error::File`] where the first
    /// checkpoint cannot be written. A network that diverges does not stop the others: [`Trained::ended`] tells.
    pub fn run(&mut self) -> Result<Vec<Trained>> {
        self.run_with(&mut Silent)
    }

    /// The same, telling `observer` what happens to which network; a break ends the run of that one.
    ///
    /// # Errors
    /// As [`Grid::run`].
    pub fn run_observed(
        &mut self,
        observer: impl FnMut(usize, &Event) -> ControlFlow<()> + MaybeSend,
    ) -> Result<Vec<Trained>> {
        self.run_with(&mut OfMany(observer))
    }

    fn run_with(&mut self, callback: &mut dyn Callback) -> Result<Vec<Trained>> {
        block_on(self.session.run(callback))?;
        let parameters = block_on(self.session.all_parameters())?;
        let trained = self.session.summaries().flatten().zip(parameters);
        let trained = trained.map(|(summary, parameters)| Trained {
            parameters,
            evaluation: summary.evaluation,
            validation: summary.validation,
            steps: summary.steps,
            ended: summary.ended,
            best: summary.best,
        });
        Ok(trained.collect())
    }

    /// Goes on as far as the budget allows, or begins: see [`Session::advance`].
    ///
    /// # Errors
    /// As [`Grid::run`].
    pub fn advance(
        &mut self,
        budget: Budget,
        observer: impl FnMut(usize, &Event) -> ControlFlow<()> + MaybeSend,
    ) -> Result<Status> {
        block_on(self.session.advance(budget, &mut OfMany(observer)))
    }

    /// A trained network, ready to be saved or applied.
    ///
    /// # Errors
    /// [`crate::Error::Diverged`] where its weights are not finite, [`crate::Error::Device`].
    ///
    /// # Panics
    /// Where there is no candidate of that number.
    pub fn model(&mut self, candidate: usize) -> Result<Model> {
        block_on(self.session.model(candidate))
    }

    /// The training as it stands, ready to be saved.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    pub fn checkpoint(&mut self) -> Result<Checkpoint> {
        block_on(self.session.checkpoint())
    }

    /// Takes up a training where a checkpoint was written: see [`super::Trainer::resume`].
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] where networks, settings or data are others; [`crate::Error::Device`].
    pub fn resume(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        block_on(self.session.resume(checkpoint))
    }
}
