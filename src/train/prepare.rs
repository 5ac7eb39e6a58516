//! From network, data and options to a plan.

use super::TrainOptions;
use crate::data::{Dataset, Targets, Task};
use crate::kernels::Weighting;
use crate::plan::{self, DataPlacement, Plan, Shard};
use crate::spec::{Loss, Network, Output};
use crate::{Error, Result};

/// What a network is trained on, and what it is tried on meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct TrainingData<'a> {
    /// The rows that it learns from.
    pub training: &'a Dataset,
    /// Rows that it never learns from: they tell how good it is on what it has not seen.
    pub validation: Option<&'a Dataset>,
}

impl<'a> From<&'a Dataset> for TrainingData<'a> {
    fn from(training: &'a Dataset) -> Self {
        Self { training, validation: None }
    }
}

impl<'a> From<(&'a Dataset, &'a Dataset)> for TrainingData<'a> {
    /// Training rows and validation rows.
    fn from((training, validation): (&'a Dataset, &'a Dataset)) -> Self {
        Self { training, validation: Some(validation) }
    }
}

impl<'a> From<(&'a Dataset, Option<&'a Dataset>)> for TrainingData<'a> {
    /// Training rows and, where there are such, validation rows.
    fn from((training, validation): (&'a Dataset, Option<&'a Dataset>)) -> Self {
        Self { training, validation }
    }
}

/// The plan that a [`super::Trainer`] would run, for a device of such limits.
///
/// # Errors
/// As [`super::Trainer::new`], without touching a device.
pub fn plan_for<'a>(
    network: &Network,
    data: impl Into<TrainingData<'a>>,
    options: &TrainOptions,
    limits: &plan::Limits,
) -> Result<Plan> {
    let data = data.into();
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
    data: TrainingData<'_>,
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
            validation: validation.map_or(0, Dataset::rows),
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
