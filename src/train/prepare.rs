//! From network, data and options to a plan.

use std::sync::Arc;

use super::TrainOptions;
use super::members::{Arrangement, Candidate, Members};
use crate::data::{Dataset, Targets};
use crate::kernels::Weighting;
use crate::plan::{self, DataPlacement, Plan, Shard};
use crate::spec::{Loss, Network, Output, Strategy};
use crate::{Error, Result};

/// What a network is trained on, and what it is validated with meanwhile.
///
/// Made from a [`Dataset`], from training and validation rows as a pair, or from such a pair where
/// the second one may be missing. Data sets share their numbers, so references will do: they are
/// cloned at little cost.
#[derive(Clone, Debug)]
pub struct TrainingData {
    /// The rows that it learns from.
    pub training: Dataset,
    /// Rows that it never learns from: they tell how good it is on what it has not seen.
    pub validation: Option<Dataset>,
}

// For those who train many networks at once, which a page in a browser does otherwise.
#[cfg(not(target_arch = "wasm32"))]
impl TrainingData {
    /// Bytes that a device's copy of the features takes.
    pub(crate) fn bytes(&self) -> u64 {
        let of = |data: &Dataset| data.rows() as u64 * data.inputs() as u64 * 4;
        of(&self.training) + self.validation.as_ref().map_or(0, of)
    }
}

impl From<Dataset> for TrainingData {
    fn from(training: Dataset) -> Self {
        Self { training, validation: None }
    }
}

impl From<&Dataset> for TrainingData {
    fn from(training: &Dataset) -> Self {
        training.clone().into()
    }
}

impl From<Arc<Dataset>> for TrainingData {
    fn from(training: Arc<Dataset>) -> Self {
        Arc::unwrap_or_clone(training).into()
    }
}

impl From<(Dataset, Dataset)> for TrainingData {
    fn from((training, validation): (Dataset, Dataset)) -> Self {
        Self { training, validation: Some(validation) }
    }
}

impl From<(&Dataset, &Dataset)> for TrainingData {
    fn from((training, validation): (&Dataset, &Dataset)) -> Self {
        (training.clone(), validation.clone()).into()
    }
}

impl From<(Arc<Dataset>, Arc<Dataset>)> for TrainingData {
    fn from((training, validation): (Arc<Dataset>, Arc<Dataset>)) -> Self {
        (Arc::unwrap_or_clone(training), Arc::unwrap_or_clone(validation)).into()
    }
}

impl From<(Dataset, Option<Dataset>)> for TrainingData {
    fn from((training, validation): (Dataset, Option<Dataset>)) -> Self {
        Self { training, validation }
    }
}

impl From<(&Dataset, Option<&Dataset>)> for TrainingData {
    fn from((training, validation): (&Dataset, Option<&Dataset>)) -> Self {
        (training.clone(), validation.cloned()).into()
    }
}

/// The plan that a [`super::Trainer`] would run, for a device of such limits.
///
/// # Errors
/// As [`super::Trainer::new`], without touching a device.
pub fn plan_for(
    network: &Network,
    data: impl Into<TrainingData>,
    options: &TrainOptions,
    limits: &plan::Limits,
) -> Result<Plan> {
    let data = data.into();
    let members =
        Members::alone(network, options.seed, options.optimizer.lr(), data.training.rows());
    plan_of(&members, &data, options, limits, placement(&members, &data, options))
}

/// What of the training rows is to be on the device.
pub(super) fn placement(
    members: &Members,
    data: &TrainingData,
    options: &TrainOptions,
) -> DataPlacement {
    match (members.arrangement(), options.shard_rows) {
        (Arrangement::SideBySide, _) => DataPlacement::Whole,
        (Arrangement::Alone, None) => DataPlacement::Fitting,
        (Arrangement::Alone, Some(capacity)) if capacity >= data.training.rows() => {
            DataPlacement::Whole
        }
        (Arrangement::Alone, Some(capacity)) => {
            DataPlacement::Shard(Shard { capacity, rows: capacity, place: 0 })
        }
    }
}

/// The plan for networks with the learning rates that they have now.
pub(super) fn plan_of(
    members: &Members,
    data: &TrainingData,
    options: &TrainOptions,
    limits: &plan::Limits,
    placement: DataPlacement,
) -> Result<Plan> {
    let TrainingData { training: data, validation } = data;
    let limits = &limits.with_memory(options.memory);
    options.check()?;
    let first = members.first();
    fits(&first.network, data)?;
    if let Some(validation) = validation {
        alike(data, validation)?;
    }
    let batch = options.batch_size.of(data.rows());
    if let DataPlacement::Shard(shard) = placement
        && !(shard.capacity > 0 && shard.capacity.is_multiple_of(batch))
    {
        return Err(Error::invalid(
            format!("shards of {} rows for batches of {batch}", shard.capacity),
            "give them whole batches",
        ));
    }
    let request = plan::Training {
        network: &first.network,
        loss: options.loss.unwrap_or(Loss::default_for(first.network.output)),
        optimizer: &options.optimizer.with_lr(members.first_rate()),
        regularization: &options.regularization,
        schedule: &options.schedule,
        steps: steps(members, batch, options)?,
        weighting: data.weights().map_or(Weighting::Even, Weighting::of),
        rows: data.rows(),
        placement,
        validation: validation.as_ref().map_or(0, Dataset::rows),
        batch,
        shuffle: options.shuffle,
        seed: options.seed,
        strategy: options.strategy,
        gradients: options.gradients,
    };
    match members.arrangement() {
        Arrangement::Alone => plan::training(&request, limits),
        Arrangement::SideBySide => {
            let request = plan::Training { strategy: Strategy::Resident, ..request };
            let list = members.for_planner((data, batch), request.validation, options);
            plan::grid(&list, &request, limits)
        }
    }
}

/// Steps of the first network's run.
fn steps(members: &Members, batch: usize, options: &TrainOptions) -> Result<u64> {
    let of = |one: &Candidate| one.steps(batch, options);
    // The device counts steps in 32 bits.
    match members.list().iter().map(of).max() {
        Some(most) if most >= u64::from(u32::MAX) => {
            Err(Error::invalid(format!("the run has {most} steps"), "make it below 4 billion"))
        }
        _ => Ok(of(members.first())),
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
    let output = Output::from(data.task());
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

/// Checks that training and validation rows have the same columns.
fn alike(training: &Dataset, validation: &Dataset) -> Result<()> {
    let shape = |data: &Dataset| (data.inputs(), data.task(), data.outputs());
    if shape(training) == shape(validation) {
        return Ok(());
    }
    let told = |data: &Dataset| {
        let (inputs, task, outputs) = shape(data);
        format!("{inputs} columns and {task} targets for {outputs} outputs")
    };
    Err(Error::invalid(
        format!(
            "the validation rows have {}, the training rows {}",
            told(validation),
            told(training)
        ),
        "make them equal",
    ))
}
