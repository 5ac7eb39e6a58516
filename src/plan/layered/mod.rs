//! The `layered` strategy: one dispatch for each layer and direction.

mod backward;
mod batch;
mod builder;
mod forward;
mod loss;
mod micro;
mod norm;
mod regularized;
mod shards;
mod tensors;

use super::{DataPlacement, Gradients, Limits, Phase, Plan, Shard, Training};
use crate::kernels::{Metrics, Update, Weighting};
use crate::spec::Network;
use crate::{Error, Result, Setting};

use batch::Source;
use builder::{LayeredBuilder, PORTION};
use forward::Use;

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
    let shards = || fitting.then(|| shards::largest(request, limits, usize::MAX)).flatten();
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
        shards::largest(request, limits, rows)
    };
    one.or_else(both).unwrap_or(Err(error))
}

/// With at most so many rows in the layers at once.
pub(in crate::plan) fn lower(
    request: &Training<'_>,
    limits: &Limits,
    at_once: usize,
) -> Result<Plan> {
    request.check()?;
    let mut layered = LayeredBuilder::new(request.network, request.batch, limits);
    layered.check_layers()?;
    let whole = request.rows;
    let room = Training { rows: request.room(), ..request.clone() };
    let request = &Training { rows: request.device_rows(), ..request.clone() };
    let portion = layered.portion(&room);
    layered.at_once = portion.min(at_once).min(layered.most_rows());
    let data = layered.training_rows(&room, request)?;
    let validation = Training {
        rows: request.validation,
        placement: DataPlacement::Whole,
        // They all count the same: they tell what the network is worth as it is.
        weighting: Weighting::Even,
        ..request.clone()
    };
    let validation_data = layered.data_set("validation", &validation)?;
    [
        layered.builder.handles.features,
        layered.builder.handles.targets,
        layered.builder.handles.weights,
    ] = data.clone();
    layered.parameters();
    layered.state(request);
    layered.activations()?;
    layered.row_metrics(portion)?;
    layered.dropouts(request)?;
    layered.gradients(request);
    layered.partials()?;

    let (batch, shuffle) = (request.batch, request.shuffle);
    let step = Source::batch(&mut layered, request, data.clone(), portion, batch, shuffle)?;
    let step_control = layered.builder.control("control", 1)?;
    if portion > layered.at_once {
        layered.micro_control = Some(layered.builder.control("micro.control", 1)?);
    }
    let history = layered.builder.history("history", 1, HISTORY)?;
    layered.builder.handles.control = Some(step_control);
    layered.builder.handles.history = Some(history);

    let mut weighed = step.gather_weights(request, step_control, batch);
    let weights = layered.weigh(&mut weighed, step_control, &step)?;
    let mut list = request.scheduled(step_control);
    list.extend(weighed.iter().cloned());
    if layered.sums_gradients(request) {
        layered.learn(&mut list, request, step_control, (&step, weights), Update::Gradient);
        layered.update_all(&mut list, request, step_control)?;
    } else {
        let update = Update::of(request.optimizer);
        layered.learn(&mut list, request, step_control, (&step, weights), update);
    }
    let metrics = Metrics { rows: batch, count: request.rows, capacity: HISTORY, parts: None };
    layered.end(&mut list, step_control, history, metrics);
    layered.builder.phase(Phase::Step, list);

    if request.gradients == Gradients::Kept {
        let mut list = weighed;
        layered.learn(&mut list, request, step_control, (&step, weights), Update::Gradient);
        layered.builder.phase(Phase::Gradient, list);
    }

    let rows = portion.min(request.rows);
    let sizes = [portion, rows, room.rows.div_ceil(portion)];
    let examination = layered.examination(Phase::Evaluate, request, data, sizes)?;
    layered.builder.handles.evaluation = Some(examination);
    layered.validation(&validation, validation_data, portion)?;
    layered.finish(whole, rows, request.placement)
}

/// Plans predictions by a trained network, at most `rows` rows at a time.
///
/// # Errors
/// As [`super::training`].
pub fn inference(network: &Network, rows: usize, limits: &Limits) -> Result<Plan> {
    network.check()?;
    let mut layered = LayeredBuilder::new(network, 0, limits);
    layered.check_layers()?;
    let portion = layered.fitting(rows.clamp(1, PORTION), 1);
    layered.at_once = portion;
    layered.parameters();
    layered.activations()?;
    layered.predict(portion)?;
    layered.finish(0, 0, DataPlacement::Whole)
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
