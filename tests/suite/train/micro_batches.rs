//! Batches that the memory has no room for: they go through the layers in micro-batches, and the
//! numbers are those of the whole batch.

use std::ops::ControlFlow;

use halfplane::low_level::backend::{Device, cpu::Cpu};
use halfplane::low_level::plan::{Gradients, Limits, Plan};
use halfplane::spec::Clip;
use halfplane::train::{CheckpointOptions, Checkpoints, Interval, plan_for};
use halfplane::{
    Activation, BatchSize, Dataset, Event, Keep, Length, Loss, Network, Normalization, Optimizer,
    Parameters, Regularization, Result, Schedule, Shuffle, Strategy, Task, TrainOptions, Trainer,
};

use crate::support::scarce::{Limited, Small};
use crate::support::{Gap, devices, quiet, random_data};

/// Two steps an epoch, the last of 990 rows: both take two micro-batches, the second of which are
/// large enough that the CPU's products of matrices go the same way as those of a whole batch.
const ROWS: usize = 1990;
const BATCH: usize = 1000;
/// Rows of the parts that the CPU's sums are cut into, and the others' of so small layers.
const SPAN: usize = 512;
const RANGE: usize = 1024;
const INPUTS: usize = 9;
const OUTPUTS: usize = 3;

fn options() -> TrainOptions {
    TrainOptions {
        strategy: Strategy::Layered,
        optimizer: Optimizer::adam(0.003),
        batch_size: BatchSize::Rows(BATCH),
        length: Length::Epochs(3),
        log_every: 1,
        keep: Some(Keep::Best),
        ..TrainOptions::default()
    }
}

fn network(task: Task) -> Network {
    Network::new(INPUTS, &[40, 20], OUTPUTS)
        .with_activation(Activation::Sigmoid)
        .with_output(task.into())
}

fn data(task: Task) -> Result<[Dataset; 2]> {
    let of = |rows, seed| random_data(task, [rows, INPUTS, OUTPUTS], seed);
    Ok([of(ROWS, 1)?, of(70, 2)?])
}

/// What a run tells, to the bit, and what it leaves.
#[derive(PartialEq)]
struct Run {
    events: Vec<Event>,
    parameters: Parameters,
    evaluation: [f64; 2],
}

fn run(trainer: &mut Trainer) -> Result<Run> {
    let mut events = Vec::new();
    trainer.run(|event| {
        if !matches!(event, Event::End(_)) {
            events.push(event.clone());
        }
        ControlFlow::Continue(())
    })?;
    let evaluation = trainer.evaluate()?;
    let score = evaluation.accuracy.or(evaluation.r2).unwrap_or_default();
    let evaluation = [evaluation.loss, score];
    Ok(Run { events, parameters: trainer.parameters()?, evaluation })
}

/// The same with no more memory than is one byte too little for whole batches.
fn narrow(plan: &Plan, options: &TrainOptions) -> TrainOptions {
    TrainOptions { memory: Some(plan.bytes() - 1), ..options.clone() }
}

/// Losses, validation losses and weights, step by step, of everything that a step may have.
#[test]
fn micro_batches_train_to_the_same_bits() -> Result<()> {
    let regularized = |regularization| TrainOptions { regularization, ..options() };
    let plain = Regularization::default();
    let momentum = Optimizer::Sgd { lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.01 };
    let cases = [
        ("adam", Task::Multiclass, options()),
        ("full batch", Task::Multiclass, TrainOptions { batch_size: BatchSize::Full, ..options() }),
        ("as the rows stand", Task::Binary, {
            TrainOptions { shuffle: Shuffle::Never, ..options() }
        }),
        ("momentum", Task::Regression, TrainOptions { optimizer: momentum, ..options() }),
        ("huber", Task::Regression, {
            TrainOptions { loss: Some(Loss::Huber { delta: 0.5 }), ..options() }
        }),
        ("schedule", Task::Binary, {
            TrainOptions { schedule: Schedule { warmup: 2, ..Schedule::default() }, ..options() }
        }),
        ("dropout", Task::Multiclass, {
            regularized(Regularization { dropout: vec![0.3, 0.2], ..plain.clone() })
        }),
        ("norm", Task::Binary, {
            regularized(Regularization { clip: Some(Clip::Norm(0.02)), ..plain.clone() })
        }),
        ("value", Task::Regression, {
            let clip = Some(Clip::Value(1e-3));
            regularized(Regularization { clip, l1: 1e-3, l2: 1e-2, ..plain.clone() })
        }),
        ("smooth labels", Task::Multiclass, {
            regularized(Regularization { label_smoothing: 0.1, ..plain })
        }),
    ];
    for device in devices() {
        for (name, task, options) in &cases {
            let place = format!("{}, {name}", device.name());
            same_bits(device.as_ref(), &network(*task), &data(*task)?, options, &place)?;
        }
        let [train, validation] = data(Task::Multiclass)?;
        let weights = (0..ROWS).map(|row| (row % 7) as f32 / 3.0).collect();
        let weighted = [train.with_weights(weights)?, validation];
        let gelu = network(Task::Multiclass).with_activation(Activation::Gelu);
        let place = format!("{}, weights of rows and gelu", device.name());
        same_bits(device.as_ref(), &gelu, &weighted, &options(), &place)?;
        // Three spans would be the even half: ranges must not be cut.
        let many = [5 * SPAN + 40, 70]
            .map(|rows| random_data(Task::Regression, [rows, INPUTS, OUTPUTS], 4));
        let [train, validation] = many;
        let full = TrainOptions { batch_size: BatchSize::Full, ..options() };
        let place = format!("{}, many rows", device.name());
        let regression = network(Task::Regression);
        same_bits(device.as_ref(), &regression, &[train?, validation?], &full, &place)?;
        let normed = gelu.with_normalization(Normalization::LayerNorm);
        let dropped = Regularization { dropout: vec![0.3, 0.2], ..Regularization::default() };
        for options in [options(), TrainOptions { regularization: dropped, ..options() }] {
            let place = format!("{}, layer norms", device.name());
            same_bits(device.as_ref(), &normed, &weighted, &options, &place)?;
        }
    }
    Ok(())
}

fn same_bits(
    device: &dyn Device,
    network: &Network,
    [train, validation]: &[Dataset; 2],
    options: &TrainOptions,
    place: &str,
) -> Result<()> {
    let data = (train, Some(validation));
    let mut whole = Trainer::on(device, network, data, options.clone())?;
    assert_eq!(whole.plan().micro_batch, None, "{place}");
    let split = narrow(whole.plan(), options);
    let mut split = Trainer::on(device, network, data, split)?;
    let plan = split.plan();
    assert!(plan.bytes() < whole.plan().bytes() && plan.shard.is_none(), "{place}");
    let grain = if device.name() == "cpu" || plan.batch <= RANGE { SPAN } else { RANGE };
    assert!(plan.micro_batches() > 1 && plan.micro_batch == Some(rows_of(plan, grain)), "{place}");
    let (whole, split) = (run(&mut whole)?, run(&mut split)?);
    assert!(split.events == whole.events, "{place}: other losses");
    assert!(split.parameters == whole.parameters, "{place}: other weights");
    assert_eq!(split.evaluation, whole.evaluation, "{place}");
    Ok(())
}

/// Whole parts of the sums over rows, as even as they can be.
fn rows_of(plan: &Plan, grain: usize) -> usize {
    plan.batch.div_ceil(plan.micro_batches()).next_multiple_of(grain)
}

/// Where not even a span of rows fits, a GPU still adds up row by row; the CPU's partial sums are
/// others. The largest error seen is 9e-7.
#[test]
fn the_smallest_micro_batches_end_in_the_same_place() -> Result<()> {
    const TOLERANCE: f64 = 2e-6;
    let [train, _] = data(Task::Regression)?;
    for device in devices() {
        let plain = [100, 1000, 4000].map(|units| (units, Normalization::None));
        let normed = [100, 1000].map(|units| (units, Normalization::LayerNorm));
        for (units, normalization) in plain.into_iter().chain(normed) {
            let network = Network::new(INPUTS, &[units], OUTPUTS)
                .with_activation(Activation::Sigmoid)
                .with_normalization(normalization)
                .with_output(Task::Regression.into());
            // Adam would make much of errors of gradients that are next to nothing.
            let optimizer = Optimizer::sgd(0.1);
            let length = Length::Steps(4);
            let options = TrainOptions { optimizer, length, keep: None, ..options() };
            let mut whole = Trainer::on(device.as_ref(), &network, &train, options.clone())?;
            let limited = Limited { inner: device.as_ref(), binding_bytes: 160 << 10 };
            let mut split = Trainer::on(&limited, &network, &train, options)?;
            let rows = split.plan().micro_batch.expect("a layer is wider than a binding");
            let place = format!("{}, {units} units, {normalization}, {rows} rows", device.name());
            assert!(rows < SPAN && (rows < 16 || rows % 16 == 0), "{place}");
            let losses = |run: &Run| -> Vec<f32> {
                let loss = |event: &Event| match *event {
                    Event::Step { loss, .. } => Some(loss),
                    _ => None,
                };
                run.events.iter().filter_map(loss).collect()
            };
            let (whole, split) = (run(&mut whole)?, run(&mut split)?);
            if device.name() != "cpu" {
                assert!(split.parameters == whole.parameters, "{place}");
                assert_eq!(losses(&split), losses(&whole), "{place}");
            }
            let layers = |run: &Run| -> Vec<f32> {
                run.parameters.blocks().flat_map(|block| block.weight.clone()).collect()
            };
            let gap = Gap::over_largest(&layers(&split), &layers(&whole));
            println!("{place}: {gap:?}");
            assert!(gap.error < TOLERANCE, "{place}: {gap:?}");
        }
    }
    Ok(())
}

#[test]
fn gradients_are_those_of_the_whole_batch() -> Result<()> {
    let [train, _] = data(Task::Binary)?;
    for device in devices() {
        let plain = TrainOptions { gradients: Gradients::Kept, ..options() };
        let network = network(Task::Binary);
        let mut whole = Trainer::on(device.as_ref(), &network, &train, plain.clone())?;
        let narrow = narrow(whole.plan(), &plain);
        let mut split = Trainer::on(device.as_ref(), &network, &train, narrow)?;
        assert_eq!(split.plan().micro_batches(), 2);
        for _ in 0..2 {
            assert!(split.gradients()? == whole.gradients()?, "{}", device.name());
        }
    }
    Ok(())
}

/// Cut within an epoch and at its end; and one goes on where the other has stopped.
#[test]
fn a_split_training_goes_on_to_the_last_bit() -> Result<()> {
    let [train, validation] = data(Task::Multiclass)?;
    let (network, data) = (network(Task::Multiclass), (&train, &validation));
    for device in devices() {
        let device = device.as_ref();
        let regularization = Regularization { dropout: vec![0.3], ..Regularization::default() };
        let plain = TrainOptions { regularization, ..options() };
        let mut whole = Trainer::on(device, &network, data, plain.clone())?;
        whole.run(quiet)?;
        let narrow = narrow(whole.plan(), &plain);
        for (steps, before, after) in [
            (3, &narrow, &narrow),
            (4, &narrow, &narrow),
            (3, &plain, &narrow),
            (3, &narrow, &plain),
        ] {
            let folder = tempfile::tempdir().expect("a folder can be made");
            let own = CheckpointOptions::new(folder.path());
            let checkpoints = Some(CheckpointOptions { every: Interval::Steps(20), ..own });
            let length = Length::Steps(steps);
            let short = TrainOptions { checkpoints, length, ..before.clone() };
            Trainer::on(device, &network, data, short)?.run(quiet)?;
            let (_, checkpoint) = Checkpoints::of(folder.path()).latest()?;
            let mut rest = Trainer::on(device, &network, data, after.clone())?;
            rest.resume(&checkpoint)?;
            rest.run(quiet)?;
            let place = format!("{}, {steps} steps", device.name());
            assert_eq!(rest.step(), whole.step(), "{place}");
            assert!(rest.parameters()? == whole.parameters()?, "{place}");
        }
    }
    Ok(())
}

/// Ten rows of a hundred numbers weigh more than what two units make of them.
#[test]
fn what_takes_the_most_is_cut_first_and_then_the_other() -> Result<()> {
    let task = Task::Regression;
    let limits = |memory| Limits { memory_bytes: Some(memory), ..Limits::unlimited("small") };
    let plan = |network: &Network, data: &Dataset, batch, memory| {
        let options = TrainOptions { batch_size: BatchSize::Rows(batch), ..options() };
        plan_for(network, data, &options, &limits(memory))
    };
    let wide = random_data(task, [20_000, 100, 1], 3)?;
    let small =
        Network::new(100, &[2], 1).with_activation(Activation::Sigmoid).with_output(task.into());
    let whole = plan(&small, &wide, 100, 1 << 30)?.bytes();
    let shards = plan(&small, &wide, 100, whole - 1)?;
    assert!(shards.shard.is_some() && shards.micro_batch.is_none(), "{shards}");

    let deep = Network::new(100, &[500, 500, 500], 1)
        .with_activation(Activation::Sigmoid)
        .with_output(task.into());
    let whole = plan(&deep, &wide, 4000, 1 << 30)?.bytes();
    let split = plan(&deep, &wide, 4000, whole - 1)?;
    assert!(split.shard.is_none() && split.micro_batch == Some(2048), "{split}");
    // Not even one row at a time leaves room for all rows.
    let both = plan(&deep, &wide, 4000, 13 << 20)?;
    assert!(both.shard.is_some() && both.micro_batches() > 2, "{both}");
    assert!(both.bytes() <= 13 << 20, "{both}");
    let text = both.to_string();
    assert!(text.contains("shards of 4000 rows") && text.contains("micro-batches of"), "{text}");
    // What was planned for is what is planned again while it runs.
    let shard_rows = both.shard.map(|shard| shard.capacity);
    let again = TrainOptions { batch_size: BatchSize::Rows(4000), shard_rows, ..options() };
    assert_eq!(plan_for(&deep, &wide, &again, &limits(13 << 20))?, both);
    Ok(())
}

/// Shards bring the rows in another order, so that only those of shards are comparable.
#[test]
fn split_batches_and_shards_go_together() -> Result<()> {
    let task = Task::Multiclass;
    let data = random_data(task, [4950, INPUTS, OUTPUTS], 4)?;
    let network = network(task);
    for device in devices() {
        let shards = TrainOptions { shard_rows: Some(BATCH), ..options() };
        let mut whole = Trainer::on(device.as_ref(), &network, &data, shards.clone())?;
        let narrow = narrow(whole.plan(), &shards);
        let mut split = Trainer::on(device.as_ref(), &network, &data, narrow)?;
        assert_eq!(split.plan().micro_batch, Some(SPAN), "{}", device.name());
        assert!(split.plan().shard.is_some(), "{}", device.name());
        assert!(run(&mut split)? == run(&mut whole)?, "{}: another result", device.name());
    }
    Ok(())
}

#[test]
fn a_device_without_room_for_the_batch_takes_it_in_parts() -> Result<()> {
    let task = Task::Multiclass;
    let [train, _] = data(task)?;
    let mut whole = Trainer::on(&Cpu::new(), &network(task), &train, options())?;
    let small = Small { bytes: whole.plan().bytes() * 4 / 5 };
    let mut split = Trainer::on(&small, &network(task), &train, options())?;
    let notice = split.notice().expect("it is said aloud").to_owned();
    assert!(notice.contains("no room") && notice.contains("micro-batches"), "{notice}");
    assert_eq!(split.plan().micro_batch, Some(SPAN));
    assert!(run(&mut split)? == run(&mut whole)?);
    Ok(())
}

#[test]
fn a_plan_says_that_the_batch_is_split() -> Result<()> {
    let [train, _] = data(Task::Binary)?;
    let limits = Limits::unlimited("any");
    let plan = |options: &TrainOptions| plan_for(&network(Task::Binary), &train, options, &limits);
    let whole = plan(&options())?;
    assert!(!whole.to_string().contains("micro"), "{whole}");
    let split = plan(&narrow(&whole, &options()))?;
    let text = split.to_string();
    assert!(text.contains("in 2 micro-batches of 512 rows"), "{text}");
    assert!(text.contains("rows 0..512 of 1000"), "{text}");
    // The others are told by one line.
    assert!(!text.contains("rows 512..1000"), "{text}");
    assert!(text.contains("… the same for each further micro-batch"), "{text}");
    Ok(())
}
