//! The `layered` way: one dispatch for each layer and direction.

mod backward;
mod batch;
mod forward;
mod loss;
mod lowering;
mod micro;
mod norm;
mod regularized;
mod tensors;

use super::{DataPlacement, Gradients, Limits, Phase, Plan, Role, Shard, Training, shard};
use crate::kernels::{Metrics, Update, Weighting};
use crate::spec::Network;
use crate::{Error, Result, Setting};

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

/// With all rows on the device and whole batches or, where there is no room for that, with what
/// takes the most of it cut: the data into shards, or the batch into micro-batches. Where that is
/// not enough it is the other, and then both.
///
/// A batch in micro-batches trains to the same result; shards bring the rows in another order.
fn fit(request: &Training<'_>, limits: &Limits) -> Result<Plan> {
    let error = match lower(request, limits, usize::MAX) {
        Err(error @ Error::TooLarge { .. }) => error,
        plan => return plan,
    };
    let fitting = request.placement == DataPlacement::Fitting;
    let shards = || fitting.then(|| shard::largest(request, limits, usize::MAX)).flatten();
    let split = || micro::largest(request, limits);
    let one = if micro::takes_more_than_data(request) {
        split().or_else(shards)
    } else {
        shards().or_else(split)
    };
    let both = || {
        let room = Shard { capacity: request.batch, rows: request.batch, place: 0 };
        let least = Training { placement: DataPlacement::Shard(room), ..request.clone() };
        let rows = micro::most(&least, limits).filter(|_| fitting)?;
        shard::largest(request, limits, rows)
    };
    one.or_else(both).unwrap_or(Err(error))
}

/// With at most so many rows in the layers at once.
pub(in crate::plan) fn lower(
    request: &Training<'_>,
    limits: &Limits,
    at_once: usize,
) -> Result<Plan> {
    check(request)?;
    let mut lowering = Lowering::new(request.network, request.batch, limits);
    lowering.check_layers()?;
    let whole = request.rows;
    let room = Training { rows: request.room(), ..request.clone() };
    let request = &Training { rows: request.device_rows(), ..request.clone() };
    let portion = lowering.portion(&room);
    lowering.at_once = portion.min(at_once).min(lowering.most_rows());
    let data = lowering.training_rows(&room, request)?;
    let validation = Training {
        rows: request.validation,
        placement: DataPlacement::Whole,
        // They all count the same: they tell what the network is worth as it is.
        weighting: Weighting::Even,
        ..request.clone()
    };
    let validation_data = lowering.data_set("validation", &validation)?;
    [lowering.handles.features, lowering.handles.targets, lowering.handles.weights] = data.clone();
    lowering.parameters();
    lowering.state(request);
    lowering.activations()?;
    lowering.row_metrics(portion)?;
    lowering.dropouts(request)?;
    lowering.gradients(request);
    lowering.partials()?;

    let (batch, shuffle) = (request.batch, request.shuffle);
    let step = Source::batch(&mut lowering, request, data.clone(), portion, batch, shuffle)?;
    let step_control = lowering.control("control")?;
    if portion > lowering.at_once {
        lowering.micro_control = Some(lowering.control("micro.control")?);
    }
    let history = lowering.buffer("history", vec![HISTORY, 2], Role::Bookkeeping)?;
    lowering.handles.control = Some(step_control);
    lowering.handles.history = Some(history);

    let mut weighed = step.gather_weights(request, step_control, batch);
    let weights = lowering.weigh(&mut weighed, step_control, &step)?;
    let mut list = request.scheduled(step_control);
    list.extend(weighed.iter().cloned());
    if lowering.sums_gradients(request) {
        lowering.learn(&mut list, request, step_control, (&step, weights), Update::Gradient);
        lowering.update_all(&mut list, request, step_control)?;
    } else {
        let update = Update::of(request.optimizer);
        lowering.learn(&mut list, request, step_control, (&step, weights), update);
    }
    let metrics = Metrics { rows: batch, count: request.rows, capacity: HISTORY, parts: None };
    lowering.end(&mut list, step_control, history, metrics);
    lowering.phases[Phase::Step as usize] = list;

    if request.gradients == Gradients::Kept {
        let mut list = weighed;
        lowering.learn(&mut list, request, step_control, (&step, weights), Update::Gradient);
        lowering.phases[Phase::Gradient as usize] = list;
    }

    let rows = portion.min(request.rows);
    let sizes = [portion, rows, room.rows.div_ceil(portion)];
    let examination = lowering.examination(Phase::Evaluate, request, data, sizes)?;
    lowering.handles.evaluation = Some(examination);
    lowering.validation(&validation, validation_data, portion)?;
    lowering.finish(whole, rows, request.placement)
}

/// Plans predictions by a trained network, at most `rows` rows at a time.
///
/// # Errors
/// As [`super::training`].
pub fn inference(network: &Network, rows: usize, limits: &Limits) -> Result<Plan> {
    network.check()?;
    let mut lowering = Lowering::new(network, 0, limits);
    lowering.check_layers()?;
    let portion = lowering.fitting(rows.clamp(1, PORTION), 1);
    lowering.at_once = portion;
    lowering.parameters();
    lowering.activations()?;
    lowering.predict(portion)?;
    lowering.finish(0, 0, DataPlacement::Whole)
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
        let fits = format!("a batch size of at most {fitting} fits (");
        *remedy = (fits, Setting::BatchSize.to(fitting), ")").into();
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
