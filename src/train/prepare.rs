//! From network, data and options to a plan.

use std::sync::Arc;

use super::TrainOptions;
use crate::data::{Dataset, Targets, Task};
use crate::kernels::Weighting;
use crate::plan::{self, DataPlacement, Plan, Shard};
use crate::spec::{Loss, Network, Output};
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
    plan_within(network, &data.into(), options, limits)
}

/// The same.
pub(super) fn plan_within(
    network: &Network,
    data: &TrainingData,
    options: &TrainOptions,
    limits: &plan::Limits,
) -> Result<Plan> {
    let rows = data.training.rows();
    let placement = match options.shard_rows {
        None => DataPlacement::Fitting,
        Some(capacity) if capacity >= rows => DataPlacement::Whole,
        Some(capacity) => DataPlacement::Shard(Shard { capacity, rows: capacity, place: 0 }),
    };
    plan_of(network, data, options, limits, placement)
}

/// The plan for what of the training rows is on the device.
pub(super) fn plan_of(
    network: &Network,
    data: &TrainingData,
    options: &TrainOptions,
    limits: &plan::Limits,
    placement: DataPlacement,
) -> Result<Plan> {
    let TrainingData { training: data, validation } = data;
    let limits = &limits.with_memory(options.memory);
    options.check()?;
    let loss = options.loss.unwrap_or(Loss::default_for(network.output));
    fits(network, data)?;
    if let Some(validation) = validation {
        alike(data, validation)?;
    }
    let per_epoch = data.rows().div_ceil(options.batch_size.of(data.rows()).max(1)) as u64;
    // The device counts steps in 32 bits.
    if options.length.steps(per_epoch) >= u64::from(u32::MAX) {
        return Err(Error::invalid(
            format!("the run has {} steps", options.length.steps(per_epoch)),
            "make it below 4 billion",
        ));
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
    plan::training(
        &plan::Training {
            network,
            loss,
            optimizer: &options.optimizer,
            regularization: &options.regularization,
            schedule: &options.schedule,
            steps: options.length.steps(per_epoch),
            weighting: data.weights().map_or(Weighting::Even, Weighting::of),
            rows: data.rows(),
            placement,
            validation: validation.as_ref().map_or(0, Dataset::rows),
            batch,
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
pub(super) fn fits(network: &Network, data: &Dataset) -> Result<()> {
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
