//! Data larger than the memory that a plan may take: it comes in shards, and the numbers are those
//! of a training with all of it on the device.

use std::ops::ControlFlow;

use halfplane::low_level::backend::cpu::Cpu;
use halfplane::low_level::plan::Limits;
use halfplane::train::{CheckpointOptions, Checkpoints, Interval, plan_for};
use halfplane::{
    Activation, BatchSize, Dataset, Error, Event, Keep, Length, Network, Normalization, Optimizer,
    Output, Result, Shuffle, Strategy, Targets, Task, TrainOptions, Trainer,
};

use crate::support::scarce::Small;
use crate::support::{devices, quiet, random_data};

const ROWS: usize = 403;
const BATCH: usize = 16;

fn options(epochs: u64) -> TrainOptions {
    TrainOptions {
        strategy: Strategy::Layered,
        optimizer: Optimizer::adam(0.003),
        batch_size: BatchSize::Rows(BATCH),
        length: Length::Epochs(epochs),
        log_every: 1,
        keep: Some(Keep::Best),
        reduce_on_plateau: Some("0.7,1".parse().expect("it is sound")),
        ..TrainOptions::default()
    }
}

fn network() -> Network {
    Network::new(33, &[12], 3)
        .with_activation(Activation::Tanh)
        .with_output(Task::Multiclass.into())
}

fn data() -> Result<[Dataset; 2]> {
    let of = |rows, seed| random_data(Task::Multiclass, [rows, 33, 3], seed);
    Ok([of(ROWS, 1)?, of(70, 2)?])
}

/// The memory that a device's plan takes whose shards have so many rows.
fn memory_for(network: &Network, shard_rows: usize, limits: &Limits) -> Result<u64> {
    let [train, validation] = data()?;
    let options = TrainOptions { shard_rows: Some(shard_rows), ..options(1) };
    Ok(plan_for(network, (&train, &validation), &options, limits)?.bytes())
}

/// All but what validation rows say: their portions, and with them the order of a sum, go by the
/// memory.
fn events(trainer: &mut Trainer) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    trainer.run(|event| {
        match event.clone() {
            Event::End(_) | Event::Checkpoint { .. } => {}
            Event::Epoch { epoch, train_loss, .. } => {
                events.push(Event::Epoch { epoch, train_loss, validation: None });
            }
            event => events.push(event),
        }
        ControlFlow::Continue(())
    })?;
    Ok(events)
}

/// Taken as they stand, the rows come in the same order with shards and without.
#[test]
fn shards_train_to_the_same_bits() -> Result<()> {
    let [train, validation] = data()?;
    let data = (&train, &validation);
    let both = Normalization::ALL.iter().map(|how| network().with_normalization(*how));
    for (device, network) in devices().iter().flat_map(|own| both.clone().map(move |n| (own, n))) {
        let name = device.name();
        let plain = TrainOptions { shuffle: Shuffle::Never, ..options(4) };
        let mut whole = Trainer::on(device.as_ref(), &network, data, plain.clone())?;
        assert_eq!(whole.plan().shard, None);
        let expected = events(&mut whole)?;
        // Three shards, six, and those of one batch, the last of three rows.
        for capacity in [12 * BATCH, 5 * BATCH, BATCH] {
            let memory = memory_for(&network, capacity, &device.limits())?;
            let limited = TrainOptions { memory: Some(memory), ..plain.clone() };
            let mut trainer = Trainer::on(device.as_ref(), &network, data, limited)?;
            let shard = trainer.plan().shard.expect("there is no room for all rows");
            assert_eq!((shard.capacity, trainer.plan().bytes()), (capacity, memory), "{name}");
            let found = events(&mut trainer)?;
            let place = format!("{name}, shards of {}", shard.capacity);
            assert!(found == expected, "{place}: other losses");
            assert!(trainer.parameters()? == whole.parameters()?, "{place}: other weights");
            let [found, expected] = [trainer.evaluate()?.loss, whole.evaluate()?.loss];
            // Another order of the portions' sums, in float64 but for the portions' means.
            assert!((found - expected).abs() < 1e-6, "{place}: {found} for {expected}");
        }
    }
    Ok(())
}

/// With a rate that moves no weight, a row has its loss: an epoch must show each once.
#[test]
fn an_epoch_sees_each_row_once_in_an_order_of_its_own() -> Result<()> {
    const EPOCHS: usize = 4;
    let targets: Vec<f32> = (0..ROWS).map(|row| 1.0 + row as f32 / 64.0).collect();
    let targets = Targets::Numbers { values: targets, columns: 1 };
    let data = Dataset::new(1, vec![0.0; ROWS], targets)?;
    let network = Network::new(1, &[], 1).with_output(Output::Identity);
    for device in devices() {
        let options = TrainOptions {
            optimizer: Optimizer::sgd(1e-30),
            batch_size: BatchSize::Rows(1),
            shard_rows: Some(50),
            ..options(EPOCHS as u64)
        };
        let mut trainer = Trainer::on(device.as_ref(), &network, &data, options)?;
        let mut losses = Vec::new();
        trainer.run(|event| {
            if let Event::Step { loss, .. } = event {
                losses.push(loss.to_bits());
            }
            ControlFlow::Continue(())
        })?;
        assert_eq!(losses.len(), EPOCHS * ROWS);
        let epochs: Vec<&[u32]> = losses.chunks(ROWS).collect();
        for (number, epoch) in epochs.iter().enumerate() {
            let mut sorted = epoch.to_vec();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), ROWS, "{}: epoch {number} repeats rows", device.name());
            assert!(!epochs[..number].contains(epoch), "{}: an order repeats", device.name());
        }
    }
    Ok(())
}

/// Cut within a shard, and at its end.
#[test]
fn a_training_in_shards_goes_on_to_the_last_bit() -> Result<()> {
    let [train, validation] = data()?;
    let (network, data) = (network(), (&train, &validation));
    for device in devices() {
        let plain = TrainOptions { shard_rows: Some(5 * BATCH), ..options(3) };
        let mut whole = Trainer::on(device.as_ref(), &network, data, plain.clone())?;
        events(&mut whole)?;
        let folder = tempfile::tempdir().expect("a folder can be made");
        let own = CheckpointOptions::new(folder.path());
        let checkpoints = Some(CheckpointOptions { every: Interval::Steps(20), ..own });
        let saving = TrainOptions { checkpoints, ..plain.clone() };
        for steps in [33, 35, 62] {
            let place = format!("{}, {steps} steps", device.name());
            let short = TrainOptions { length: Length::Steps(steps), ..saving.clone() };
            let mut first = Trainer::on(device.as_ref(), &network, data, short)?;
            first.run(quiet)?;
            let (_, checkpoint) = Checkpoints::of(folder.path()).latest()?;
            assert_eq!(checkpoint.step(), steps);
            let mut rest = Trainer::on(device.as_ref(), &network, data, plain.clone())?;
            rest.resume(&checkpoint)?;
            rest.run(quiet)?;
            assert_eq!(rest.step(), whole.step(), "{place}");
            assert!(rest.parameters()? == whole.parameters()?, "{place}");
            for entry in std::fs::read_dir(folder.path()).expect("it is there") {
                std::fs::remove_file(entry.expect("it can be read").path()).expect("it is ours");
            }
            // With all rows on the device they would come in another order.
            let all = TrainOptions { shard_rows: None, ..plain.clone() };
            let mut other = Trainer::on(device.as_ref(), &network, data, all)?;
            let refused = other.resume(&checkpoint).err().map(|error| error.to_string());
            assert!(refused.unwrap_or_default().contains("shard-rows was 80"), "{place}");
        }
    }
    Ok(())
}

#[test]
fn where_a_plan_finds_no_room_a_smaller_one_is_tried() -> Result<()> {
    let [_, validation] = data()?;
    let many = random_data(Task::Multiclass, [10 * ROWS, 33, 3], 1)?;
    let (network, data) = (network(), (&many, &validation));
    let plain = TrainOptions { shuffle: Shuffle::Never, ..options(2) };
    let mut whole = Trainer::on(&Cpu::new(), &network, data, plain.clone())?;
    whole.run(quiet)?;
    let small = Small { bytes: whole.plan().bytes() * 3 / 4 };
    let mut trainer = Trainer::on(&small, &network, data, plain.clone())?;
    assert!(trainer.plan().shard.is_some());
    let notice = trainer.notice().expect("it is said aloud").to_owned();
    assert!(notice.contains("no room") && notice.contains("shards"), "{notice}");
    trainer.run(quiet)?;
    assert!(trainer.parameters()? == whole.parameters()?);
    let smaller = Small { bytes: 1000 };
    match Trainer::on(&smaller, &network, data, plain).err() {
        Some(Error::Device { problem, .. }) => assert!(problem.contains("no room"), "{problem}"),
        other => panic!("{other:?}"),
    }
    Ok(())
}

#[test]
fn plans_say_how_and_refuse_what_cannot_be() -> Result<()> {
    let [train, validation] = data()?;
    let (network, data) = (network(), (&train, &validation));
    let limits = Limits::unlimited("any");
    let plan = |options: TrainOptions| plan_for(&network, data, &options, &limits);
    let sharded =
        plan(TrainOptions { memory: Some(memory_for(&network, 48, &limits)?), ..options(1) })?;
    let text = sharded.to_string();
    assert!(text.contains("in 9 shards of 48 rows"), "{text}");
    // What knows no shards gives way to what does.
    let auto = TrainOptions { strategy: Strategy::Auto, ..options(1) };
    let whole = plan(auto.clone())?;
    assert_eq!((whole.strategy, whole.shard), (Strategy::Resident, None));
    let sharded = plan(TrainOptions { memory: Some(whole.bytes() - 1), ..auto })?;
    assert_eq!(sharded.strategy, Strategy::Layered);
    assert!(sharded.shard.is_some() && sharded.bytes() < whole.bytes());
    assert_eq!(sharded.steps_per_epoch(), whole.steps_per_epoch());
    let refusal = |options: TrainOptions| {
        plan(options).err().map(|error| error.to_string()).unwrap_or_default()
    };
    // With too little for two shards of one batch, a batch is split too; and where not even its
    // rows fit, it is said what does.
    let with = |memory| TrainOptions { memory: Some(memory), ..options(1) };
    let mut memory = memory_for(&network, BATCH, &limits)? - 1;
    assert!(plan(with(memory))?.micro_batch.is_some());
    while plan(with(memory)).is_ok() {
        memory -= 100;
    }
    let text = refusal(with(memory));
    assert!(text.contains("a batch size of at most"), "{text}");
    let text = refusal(TrainOptions { shard_rows: Some(BATCH + 1), ..options(1) });
    assert!(text.contains("whole batches"), "{text}");
    let resident = TrainOptions { strategy: Strategy::Resident, ..options(1) };
    let text = refusal(TrainOptions { shard_rows: Some(BATCH), ..resident });
    assert!(text.contains("resident") && text.contains("layered"), "{text}");
    Ok(())
}
