//! Networks on rows of their own, as candidates of one grid.

use super::{Candidate, TrainOptions, TrainingData, plan_for};
#[cfg(not(target_arch = "wasm32"))]
use super::{members::Members, prepare::plan_of};
use crate::data::Dataset;
#[cfg(not(target_arch = "wasm32"))]
use crate::plan::{DataPlacement, Plan};
use crate::plan::{Limits, pays_side_by_side};
use crate::spec::{Network, Optimizer, Regularization, Strategy};
use crate::{Error, Result};

/// A network to be trained: on what, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trainee<'a> {
    pub(crate) network: &'a Network,
    pub(crate) data: &'a TrainingData,
    pub(crate) options: &'a TrainOptions,
}

impl Trainee<'_> {
    /// What must be the same of trainees that are trained side by side, as text: the options but for seed,
    /// optimizer settings and penalties, the network but for its hidden layers. `None` for what has to be
    /// trained by itself, on a device of such limits.
    pub(crate) fn common(&self, limits: &Limits) -> Option<String> {
        let Self { network, data, options } = *self;
        let is_alone = options.checkpoints.is_some()
            || options.initial.is_some()
            || options.memory.is_some()
            || options.shard_rows.is_some()
            || !matches!(options.strategy, Strategy::Auto | Strategy::Resident);
        let side_by_side = TrainOptions { strategy: Strategy::Resident, ..options.clone() };
        if is_alone || plan_for(network, data.clone(), &side_by_side, limits).is_err() {
            return None;
        }
        let optimizer = match options.optimizer {
            Optimizer::Sgd { momentum, .. } => Optimizer::Sgd {
                lr: 1.0,
                momentum: if momentum == 0.0 { 0.0 } else { 0.9 },
                nesterov: false,
                weight_decay: 0.0,
            },
            Optimizer::Adam(_) | Optimizer::AdamW(_) => Optimizer::adam(1.0),
        };
        let label_smoothing = options.regularization.label_smoothing;
        let options = TrainOptions {
            seed: 0,
            optimizer,
            regularization: Regularization { label_smoothing, ..Regularization::default() },
            ..options.clone()
        };
        let network = Network { hidden: Vec::new(), ..network.clone() };
        let validates = data.validation.is_some();
        let weighs = data.training.weights().is_some();
        serde_json::to_string(&(options, network, validates, weighs)).ok()
    }

    /// Whether so many networks like this one are sooner done side by side than one after another.
    pub(crate) fn pays(&self, networks: usize, limits: &Limits) -> bool {
        let Self { network, data, options } = *self;
        let batch = options.batch_size.of(data.training.rows()) as u64;
        let work = batch.saturating_mul(network.flops_forward());
        options.strategy == Strategy::Resident || pays_side_by_side(work, networks, limits)
    }

    /// With rows of stacks of its own.
    fn candidate(&self, training: &mut Stack, validation: &mut Stack) -> Candidate {
        let Self { network, data, options } = *self;
        let rows = training.place(&data.training);
        Candidate {
            validation: data.validation.as_ref().map(|own| validation.place(own)),
            optimizer: Some(options.optimizer),
            regularization: Some(options.regularization.clone()),
            ..Candidate::new(network.clone(), options.seed, options.optimizer.lr(), rows)
        }
    }
}

/// The candidates of trainees that have all in [common](Trainee::common), with the rows of all: in the units in
/// which the networks learn, and without knowledge of columns.
///
/// # Errors
/// [`Error::Invalid`] where there is none.
pub(crate) fn candidates(trainees: &[Trainee<'_>]) -> Result<(Vec<Candidate>, TrainingData)> {
    let (mut training, mut validation) = (Stack::default(), Stack::default());
    let candidates =
        trainees.iter().map(|trainee| trainee.candidate(&mut training, &mut validation)).collect();
    let none = || Error::invalid("there is no network to train", "give at least one");
    let training = training.into_rows().ok_or_else(none)?;
    Ok((candidates, TrainingData { training, validation: validation.into_rows() }))
}

/// The plan for one network by any strategy, or for several side by side, on a device of such limits.
///
/// # Errors
/// As [`super::plan_for`] and [`candidates`].
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn plan_of_all(trainees: &[Trainee<'_>], limits: &Limits) -> Result<Plan> {
    if let [Trainee { network, data, options }] = *trainees {
        return plan_for(network, data.clone(), options, limits);
    }
    let (candidates, data) = candidates(trainees)?;
    let members = Members::side_by_side(&candidates)?;
    plan_of(&members, &data, trainees[0].options, limits, DataPlacement::Whole)
}

/// Data sets one after another, each once.
#[derive(Default)]
struct Stack {
    parts: Vec<Dataset>,
    /// Where each begins.
    first: Vec<usize>,
    rows: usize,
}

impl Stack {
    /// The rows at which a data set stands.
    fn place(&mut self, data: &Dataset) -> std::ops::Range<usize> {
        let known = self.parts.iter().position(|part| part.is_same(data));
        let at = known.unwrap_or_else(|| {
            self.first.push(self.rows);
            self.rows += data.rows();
            self.parts.push(data.clone());
            self.parts.len() - 1
        });
        self.first[at]..self.first[at] + data.rows()
    }

    fn into_rows(self) -> Option<Dataset> {
        Dataset::stacked(&self.parts)
    }
}
