//! Many networks at once, on one data set and one device.

use std::ops::{ControlFlow, Range};

use super::transfer::{begin, check_steps, evaluation, handle, parameters, sums};
use super::{Evaluation, TrainOptions};
use crate::backend::{self, Backend};
use crate::data::Dataset;
use crate::kernels::Weighting;
use crate::model;
use crate::plan::{self, DataPlacement, GridMember, Phase, Plan};
use crate::platform::block_on;
use crate::spec::{Length, Loss, Network, Parameters, Strategy};
use crate::{Error, Result};

/// One network of a [`Grid`], where it differs from the options that all share.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The network. Inputs, outputs, activation and output are the same for all.
    pub network: Network,
    /// The seed of its initial weights and of its order.
    pub seed: u64,
    /// Its learning rate.
    pub lr: f64,
    /// Its rows of the data set.
    pub rows: Range<usize>,
}

/// How one network of a grid has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// Its weights.
    pub parameters: Parameters,
    /// How good they are on its rows.
    pub evaluation: Evaluation,
}

/// Trains many small networks at once: each in a workgroup of its own on a GPU, in a SIMD lane of
/// its own on a software adapter where all have one small shape, or one tiny shape on a GPU, spread
/// over the threads on the CPU. Each ends, to the bit, where it ends when it is trained alone on that
/// device; among networks of other shapes to rounding, where alone it would have a lane.
///
/// ```
/// use halfplane::train::{Candidate, Grid, TrainOptions};
/// use halfplane::{BatchSize, Dataset, Length, Network, Optimizer};
///
/// # fn main() -> halfplane::Result<()> {
/// let data = Dataset::xor();
/// let candidates: Vec<Candidate> = (0..8)
///     .map(|seed| Candidate { network: Network::new(2, &[3], 1), seed, lr: 1.0, rows: 0..4 })
///     .collect();
/// let options = TrainOptions {
///     optimizer: Optimizer::sgd(1.0),
///     batch_size: BatchSize::Full,
///     length: Length::Steps(5_000),
///     ..TrainOptions::default()
/// };
/// let trained = Grid::new(&candidates, &data, options)?.run()?;
/// assert!(trained.iter().any(|one| one.evaluation.loss < 0.01));
/// # Ok(())
/// # }
/// ```
pub struct Grid {
    data: Dataset,
    candidates: Vec<Candidate>,
    length: Length,
    backend: Box<dyn Backend>,
    device: String,
    done: u64,
}

impl Grid {
    /// Plans the training, opens the device, and puts data and initial weights there.
    ///
    /// Of the options, `loss`, `optimizer` but for its learning rate, `regularization`,
    /// `schedule`, `initialization`, `batch_size`, `length`, `shuffle` and `device` hold for all.
    ///
    /// # Errors
    /// As [`super::Trainer::new`]; [`Error::Invalid`] for networks that differ in more than their
    /// hidden layers.
    pub fn new(candidates: &[Candidate], data: &Dataset, options: TrainOptions) -> Result<Self> {
        let (device, _) = block_on(backend::open(&options.device, options.shader_checks))?;
        Self::on(device.as_ref(), candidates, data, options)
    }

    /// The same on a device that is open already.
    ///
    /// # Errors
    /// As [`Grid::new`].
    pub fn on(
        device: &dyn backend::Device,
        candidates: &[Candidate],
        data: &Dataset,
        options: TrainOptions,
    ) -> Result<Self> {
        let Some(first) = candidates.first() else {
            return Err(Error::invalid("there is no network to train", "give at least one"));
        };
        options.check()?;
        super::prepare::fits(&first.network, data)?;
        let batch = options.batch_size.of(data.rows());
        let per_epoch = first.rows.len().div_ceil(batch.clamp(1, first.rows.len().max(1))) as u64;
        let members: Vec<GridMember> = candidates
            .iter()
            .map(|one| GridMember {
                network: one.network.clone(),
                seed: one.seed,
                lr: one.lr,
                rows: one.rows.clone(),
            })
            .collect();
        let request = plan::Training {
            network: &first.network,
            loss: options.loss.unwrap_or(Loss::default_for(first.network.output)),
            optimizer: &options.optimizer,
            regularization: &options.regularization,
            schedule: &options.schedule,
            steps: options.length.steps(per_epoch),
            weighting: data.weights().map_or(Weighting::Even, Weighting::of),
            rows: data.rows(),
            placement: DataPlacement::Whole,
            validation: 0,
            batch,
            shuffle: options.shuffle,
            seed: options.seed,
            strategy: Strategy::Resident,
            gradients: options.gradients,
        };
        let mut backend = block_on(device.load(plan::grid(&members, &request, &device.limits())?))?;
        let regions = backend.plan().handles.parameters.clone();
        for (one, regions) in candidates.iter().zip(&regions) {
            let initial = Parameters::initial(&one.network, options.initialization, one.seed);
            model::upload(backend.as_mut(), regions, &initial)?;
        }
        let mut grid = Self {
            data: data.clone(),
            candidates: candidates.to_vec(),
            length: options.length,
            backend,
            device: device.name().to_owned(),
            done: 0,
        };
        let shares = grid.shares(request.batch);
        begin(grid.backend.as_mut(), data, &shares)?;
        Ok(grid)
    }

    /// The dispatch graph.
    pub fn plan(&self) -> &Plan {
        self.backend.plan()
    }

    /// Trains for the length in the options; epochs are the first network's.
    ///
    /// # Errors
    /// [`Error::Device`] where the device fails. A network that diverges does not stop the others:
    /// its loss tells.
    pub fn run(&mut self) -> Result<Vec<Trained>> {
        let steps = self.length.steps(self.plan().steps_per_epoch());
        block_on(self.backend.steps(steps, &mut |_| ControlFlow::Continue(())))?;
        self.done += steps;
        check_steps(self.backend.as_mut(), &self.device, self.done)?;
        let shares = self.shares(self.plan().batch);
        let examination = handle(self.plan().handles.evaluation);
        let backend = self.backend.as_mut();
        let all = sums(backend, Phase::Evaluate, examination, &shares)?;
        let told =
            |(sums, share): ([f64; 2], &(usize, usize))| evaluation(&self.data, sums, share.0);
        let evaluations: Vec<Evaluation> = all.into_iter().zip(&shares).map(told).collect();
        let regions = self.plan().handles.parameters.clone();
        let ends = self.candidates.iter().zip(&regions).zip(evaluations);
        ends.map(|((one, regions), evaluation)| {
            let parameters = parameters(self.backend.as_mut(), &one.network, regions)?;
            Ok(Trained { parameters, evaluation })
        })
        .collect()
    }

    /// Rows and batch of each network.
    fn shares(&self, batch: usize) -> Vec<(usize, usize)> {
        self.candidates.iter().map(|one| (one.rows.len(), batch.min(one.rows.len()))).collect()
    }
}
