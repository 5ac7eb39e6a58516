//! The `layered` way: one dispatch for each layer and direction.

mod backward;
mod batch;
mod forward;
mod loss;
mod lowering;
mod regularized;
mod tensors;

use super::{Gradients, Limits, Phase, Plan, Residence, Role, Training, shard};
use crate::kernels::{Metrics, Update, Weighting};
use crate::spec::{Clip, Network};
use crate::{Error, Result};

use batch::Source;
use forward::Use;
use lowering::{Lowering, PORTION};

/// Entries of the ring of losses: several submissions of tiny steps.
const HISTORY: usize = 1 << 14;

/// Plans the training of a network: phases step and evaluate, and gradient where asked.
///
/// # Errors
/// [`Error::Invalid`] for a network or loss that makes no sense, [`Error::TooLarge`] for a plan
/// past the device's limits.
pub(in crate::plan) fn training(request: &Training<'_>, limits: &Limits) -> Result<Plan> {
    fit(request, limits).map_err(|error| suggest_batch(error, request, limits))
}

/// With all rows on the device or, where that may be and must be, in shards.
fn fit(request: &Training<'_>, limits: &Limits) -> Result<Plan> {
    match lower(request, limits) {
        Err(error @ Error::TooLarge { .. }) if request.residence == Residence::Fitting => {
            shard::largest(request, limits).unwrap_or(Err(error))
        }
        plan => plan,
    }
}

pub(in crate::plan) fn lower(request: &Training<'_>, limits: &Limits) -> Result<Plan> {
    check(request)?;
    let mut lowering = Lowering::new(request.network, request.batch, limits);
    lowering.check_parameters()?;
    let whole = request.rows;
    let room = Training { rows: request.room(), ..request.clone() };
    let request = &Training { rows: request.shown(), ..request.clone() };
    let portion = lowering.portion(&room);
    let data = lowering.training_rows(&room, request)?;
    let validation = Training {
        rows: request.validation,
        residence: Residence::Whole,
        // They all count the same: they tell what the network is worth as it is.
        weighting: Weighting::Even,
        ..request.clone()
    };
    let validation_data = lowering.data_set("validation", &validation)?;
    [lowering.handles.features, lowering.handles.targets, lowering.handles.weights] = data.clone();
    lowering.parameters();
    lowering.state(request);
    lowering.activations(portion, request.batch)?;
    lowering.row_metrics(portion)?;
    lowering.dropouts(request)?;
    lowering.gradients(request);

    let (batch, shuffle) = (request.batch, request.shuffle);
    let step = Source::batch(&mut lowering, request, data.clone(), portion, batch, shuffle)?;
    let step_control = lowering.control("control")?;
    let history = lowering.buffer("history", vec![HISTORY, 2], Role::Bookkeeping)?;
    lowering.handles.control = Some(step_control);
    lowering.handles.history = Some(history);

    let mut list = step.gather(request, step_control, request.batch);
    lowering.forward(&mut list, Use::Training, step_control, step.features, request.batch);
    let weights = lowering.weigh(&mut list, step_control, &step)?;
    lowering.loss(&mut list, request, step_control, (step.targets, weights), request.batch);
    let mut gradient = list.clone();
    list.extend(request.scheduled(step_control));
    match request.regularization.clip {
        Some(Clip::Norm(most)) => {
            lowering.clipped(&mut list, request, step_control, step.features, most as f32)?;
        }
        Some(Clip::Value(_)) | None => {
            let update = Update::of(request.optimizer);
            lowering.backward(&mut list, request, step_control, step.features, update);
        }
    }
    let metrics = Metrics { rows: request.batch, count: request.rows, capacity: HISTORY };
    lowering.end(&mut list, step_control, history, metrics);
    lowering.phases[Phase::Step as usize] = list;

    if request.gradients == Gradients::Kept {
        lowering.backward(&mut gradient, request, step_control, step.features, Update::Gradient);
        lowering.phases[Phase::Gradient as usize] = gradient;
    }

    let rows = portion.min(request.rows);
    let sizes = [portion, rows, room.rows.div_ceil(portion)];
    let examination = lowering.examination(Phase::Evaluate, request, data, sizes)?;
    lowering.handles.evaluation = Some(examination);
    lowering.validation(&validation, validation_data, portion)?;
    lowering.finish(whole, rows, request.residence)
}

/// Plans predictions by a trained network, at most `rows` rows at a time.
///
/// # Errors
/// As [`super::training`].
pub fn inference(network: &Network, rows: usize, limits: &Limits) -> Result<Plan> {
    network.check()?;
    let mut lowering = Lowering::new(network, 0, limits);
    lowering.check_parameters()?;
    let portion = lowering.fitting(rows.clamp(1, PORTION), 1);
    lowering.parameters();
    lowering.activations(portion, 0)?;
    lowering.predict(portion)?;
    lowering.finish(0, 0, Residence::Whole)
}

/// Where a smaller batch would fit, names the largest that does: found by planning it.
fn suggest_batch(mut error: Error, request: &Training<'_>, limits: &Limits) -> Error {
    let fits = |batch| fit(&Training { batch, ..request.clone() }, limits).is_ok();
    if let Error::TooLarge { remedy, .. } = &mut error
        && request.batch > 1
        && fits(1)
    {
        let (mut fitting, mut too_large) = (1, request.batch);
        while too_large - fitting > 1 {
            let middle = fitting.midpoint(too_large);
            *(if fits(middle) { &mut fitting } else { &mut too_large }) = middle;
        }
        *remedy = format!("a batch size of at most {fitting} fits");
    }
    error
}

/// What is wrong with a request on any device.
pub(in crate::plan) fn check(request: &Training<'_>) -> Result<()> {
    request.network.check()?;
    request.optimizer.check()?;
    request.loss.check(request.network.output)?;
    request.regularization.check(request.network, request.loss)?;
    request.schedule.check(request.steps, request.optimizer)?;
    if request.rows == 0 {
        return Err(Error::invalid("there are no rows to train on", "give at least one row"));
    }
    if request.rows > i32::MAX as usize {
        return Err(Error::invalid(
            format!("{} rows are more than the 2,147,483,647 that can be numbered", request.rows),
            "train on fewer",
        ));
    }
    if request.batch == 0 || request.batch > request.rows {
        return Err(Error::invalid(
            format!("a batch of {} rows out of {}", request.batch, request.rows),
            "it must be at least 1 and at most the rows of the data",
        ));
    }
    Ok(())
}
