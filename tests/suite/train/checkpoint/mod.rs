//! Checkpoints: a training that was broken off and goes on ends, to the last bit, where it ends in
//! one go; whatever else is refused.

mod damaged;
mod killed;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use halfplane::low_level::backend::cpu::Cpu;
use halfplane::train::{Checkpoint, CheckpointOptions, Checkpoints, Ended, Interval};
use halfplane::{
    Activation, BatchSize, Dataset, EarlyStopping, Event, Keep, Length, Network, Normalization,
    Optimizer, Parameters, Result, Strategy, Summary, Task, TrainOptions, Trainer,
};

use crate::support::{WAYS, devices, quiet, random_data};

/// Two memories, one, and none.
fn optimizers() -> [Optimizer; 3] {
    let momentum = Optimizer::Sgd { lr: 0.01, momentum: 0.9, nesterov: true, weight_decay: 0.01 };
    [Optimizer::adamw(0.002), momentum, Optimizer::sgd(0.02)]
}

fn network() -> Network {
    Network::new(5, &[9, 7], 3)
        .with_activation(Activation::Silu)
        .with_output(Task::Multiclass.into())
}

/// 37 rows in batches of 8: five steps an epoch, the last of five rows.
fn data() -> Result<[Dataset; 2]> {
    let of = |rows, seed| random_data(Task::Multiclass, [rows, 5, 3], seed);
    Ok([of(37, 1)?, of(23, 2)?])
}

fn options(strategy: Strategy, steps: u64) -> TrainOptions {
    TrainOptions {
        strategy,
        optimizer: Optimizer::adam(0.002),
        batch_size: BatchSize::Rows(8),
        length: Length::Steps(steps),
        log_every: 1,
        keep: Some(Keep::Best),
        // Random targets: the loss on other rows rises, and the rate falls.
        reduce_on_plateau: Some("0.7,2".parse().expect("it is sound")),
        validate_every: 10,
        ..TrainOptions::default()
    }
}

/// Steps, epochs and reductions: what the same training must say again. And how it ended.
fn record(trainer: &mut Trainer, flag: Option<&AtomicBool>) -> Result<(Vec<Event>, Summary)> {
    let mut events = Vec::new();
    let summary = trainer.run(|event| {
        if matches!(event, Event::Step { .. } | Event::Epoch { .. } | Event::Reduced { .. }) {
            events.push(event.clone());
        }
        // As Ctrl-C would, at some moment or other.
        if let (Event::Step { step: 13.., .. }, Some(flag)) = (event, flag) {
            flag.store(true, Ordering::Relaxed);
        }
        ControlFlow::Continue(())
    })?;
    Ok((events, summary))
}

/// What a run has come to, but for the time it took.
type Outcome = (Vec<Event>, Parameters, (u64, f64, Option<f64>, Option<u64>));

fn outcome(trainer: &mut Trainer, events: Vec<Event>, end: &Summary) -> Result<Outcome> {
    let validation = end.validation.map(|found| found.loss);
    let best = end.best.map(|best| best.epoch);
    Ok((events, trainer.parameters()?, (end.steps, end.evaluation.loss, validation, best)))
}

#[test]
fn an_interrupted_training_ends_where_it_ends_in_one_go() -> Result<()> {
    const STEPS: u64 = 777;
    let [train, validation] = data()?;
    let data = (&train, &validation);
    for device in devices() {
        for strategy in WAYS {
            // The layered way with all that it alone has.
            let network = match strategy {
                Strategy::Layered => network().with_normalization(Normalization::LayerNorm),
                _ => network(),
            };
            for optimizer in optimizers() {
                let place = format!("{}, {strategy}, {}", device.name(), optimizer.name());
                let options = TrainOptions { optimizer, ..options(strategy, STEPS) };
                let mut trainer = Trainer::on(device.as_ref(), &network, data, options.clone())?;
                let (events, end) = record(&mut trainer, None)?;
                let lowered = |event: &Event| matches!(event, Event::Reduced { .. });
                assert!(events.iter().any(lowered), "{place}: no rate was lowered");
                let whole = outcome(&mut trainer, events, &end)?;

                let folder = tempfile::tempdir().expect("a folder can be made");
                let checkpoints = Some(CheckpointOptions::new(folder.path()));
                let options = TrainOptions { checkpoints, ..options };
                let flag = Arc::new(AtomicBool::new(false));
                let trainer = Trainer::on(device.as_ref(), &network, data, options.clone())?;
                let mut trainer = trainer.with_interrupt(Arc::clone(&flag));
                let (mut events, end) = record(&mut trainer, Some(&flag))?;
                assert_eq!(end.ended, Ended::Interrupted, "{place}");
                drop(trainer);

                let (_, checkpoint) = Checkpoints::of(folder.path()).latest()?;
                assert_eq!(checkpoint.step(), end.steps, "{place}");
                assert!((14..STEPS).contains(&end.steps), "{place}: {} steps", end.steps);
                let mut trainer = Trainer::on(device.as_ref(), &network, data, options)?;
                trainer.resume(&checkpoint)?;
                let (rest, end) = record(&mut trainer, None)?;
                events.extend(rest);
                let parts = outcome(&mut trainer, events, &end)?;
                assert!(parts.0 == whole.0, "{place}: it says something else");
                assert!(parts.1 == whole.1, "{place}: the weights differ");
                assert_eq!(parts.2, whole.2, "{place}");
            }
        }
    }
    Ok(())
}

/// From the older of the two that stay, too, and from one in the middle of an epoch.
#[test]
fn two_checkpoints_stay_and_either_will_do() -> Result<()> {
    let [train, validation] = data()?;
    let (network, data) = (network(), (&train, &validation));
    let folder = tempfile::tempdir().expect("a folder can be made");
    for device in devices() {
        for strategy in WAYS {
            let place = format!("{}, {strategy}", device.name());
            let folder = folder.path().join(&place);
            let own =
                CheckpointOptions { every: Interval::Steps(7), ..CheckpointOptions::new(&folder) };
            let options = TrainOptions { checkpoints: Some(own), ..options(strategy, 60) };
            let mut trainer = Trainer::on(device.as_ref(), &network, data, options.clone())?;
            let mut written = Vec::new();
            trainer.run(|event| {
                if let Event::Checkpoint { step, path } = event {
                    written.push((*step, path.clone()));
                }
                ControlFlow::Continue(())
            })?;
            let steps: Vec<u64> = written.iter().map(|(step, _)| *step).collect();
            assert_eq!(steps, [0, 7, 14, 21, 28, 35, 42, 49, 56, 60], "{place}");
            assert_eq!(
                names(&folder),
                ["step-0000000056.safetensors", "step-0000000060.safetensors"]
            );
            let expected = trainer.parameters()?;
            for (_, path) in &written[8..] {
                let checkpoint = Checkpoint::load(path)?;
                let mut trainer = Trainer::on(device.as_ref(), &network, data, options.clone())?;
                trainer.resume(&checkpoint)?;
                let (_, end) = record(&mut trainer, None)?;
                assert_eq!(end.steps, 60, "{place}");
                assert!(trainer.parameters()? == expected, "{place}: from {}", path.display());
            }
            // A new training would push these out.
            let other = Trainer::on(device.as_ref(), &network, data, options)?;
            let refused = record(&mut { other }, None).err().map(|error| error.to_string());
            assert!(refused.is_some_and(|text| text.contains("`resume = ")), "{place}");
        }
    }
    Ok(())
}

/// The patience that was lost stays lost, and what has ended stays so.
#[test]
fn early_stopping_goes_on_where_it_was() -> Result<()> {
    let [train, validation] = data()?;
    let (network, data) = (network(), (&train, &validation));
    let folder = tempfile::tempdir().expect("a folder can be made");
    let own =
        CheckpointOptions { every: Interval::Epochs(1), ..CheckpointOptions::new(folder.path()) };
    let options = TrainOptions {
        optimizer: Optimizer::adam(0.02),
        early_stopping: Some(EarlyStopping::after(4)),
        validate_every: 1,
        checkpoints: Some(own),
        ..options(Strategy::Layered, 100_000)
    };
    let mut trainer = Trainer::on(&Cpu::new(), &network, data, options.clone())?;
    let (_, whole) = record(&mut trainer, None)?;
    assert_eq!(whole.ended, Ended::Patience);
    let expected = trainer.parameters()?;
    for name in names(folder.path()) {
        let checkpoint = Checkpoint::load(&folder.path().join(&name))?;
        let mut trainer = Trainer::on(&Cpu::new(), &network, data, options.clone())?;
        trainer.resume(&checkpoint)?;
        let (_, end) = record(&mut trainer, None)?;
        assert_eq!((end.steps, end.best), (whole.steps, whole.best), "{name}");
        assert!(trainer.parameters()? == expected, "{name}");
    }
    Ok(())
}

/// A checkpoint knows no device and no strategy: the other one goes on, to other last bits.
#[test]
fn another_device_goes_on_too() -> Result<()> {
    let [train, validation] = data()?;
    let (network, data) = (network(), (&train, &validation));
    let mut half = Trainer::on(&Cpu::new(), &network, data, options(Strategy::Layered, 40))?;
    half.run(quiet)?;
    let checkpoint = half.checkpoint()?;
    half.run(quiet)?;
    let expected = half.evaluate()?.loss;
    for device in devices() {
        for strategy in WAYS {
            let options = options(strategy, 80);
            let mut trainer = Trainer::on(device.as_ref(), &network, data, options)?;
            trainer.resume(&checkpoint)?;
            let end = trainer.run(quiet)?;
            assert_eq!(end.steps, 80);
            let gap = (end.evaluation.loss - expected).abs();
            assert!(gap < 1e-5, "{}, {strategy}: {gap}", device.name());
        }
    }
    Ok(())
}

#[test]
fn what_is_not_the_same_training_is_refused() -> Result<()> {
    let [train, validation] = data()?;
    let network = network();
    let good = options(Strategy::Layered, 10);
    let data = (&train, &validation);
    let checkpoint = Trainer::on(&Cpu::new(), &network, data, good.clone())?.checkpoint()?;
    let refusal = |network: &Network, data: (&Dataset, Option<&Dataset>), options| {
        let mut trainer = Trainer::on(&Cpu::new(), network, data, options).expect("it is sound");
        trainer.resume(&checkpoint).err().map(|error| error.to_string()).unwrap_or_default()
    };
    let both = (&train, Some(&validation));
    let check = |network: &Network, data, options, words: &[&str]| {
        let text = refusal(network, data, options);
        assert!(!text.is_empty(), "it was not refused: {words:?}");
        words.iter().for_each(|word| assert!(text.contains(word), "no `{word}` in: {text}"));
    };
    assert_eq!(refusal(&network, both, good.clone()), "");
    let longer = TrainOptions { length: Length::Steps(20), device: "gpu".parse()?, ..good.clone() };
    assert_eq!(refusal(&network, both, longer), "");

    let mut changed = train.features().to_vec();
    changed[77] += 1e-6;
    let changed = Dataset::new(5, changed, train.targets().clone())?;
    let words = ["training data has changed", "other values", "`initial`"];
    check(&network, (&changed, Some(&validation)), good.clone(), &words);
    let words = ["training data has changed", "37 rows then, 23 now"];
    check(&network, (&validation, Some(&validation)), good.clone(), &words);
    check(
        &network,
        (&train, Some(&train)),
        good.clone(),
        &["validation data has changed", "37 now"],
    );
    check(&network, (&train, None), good.clone(), &["with validation rows", "none"]);

    let wide = Network { hidden: vec![9, 8], ..network.clone() };
    check(&wide, both, good.clone(), &["5-9-7-3", "5-9-8-3"]);
    let tanh = network.clone().with_activation(Activation::Tanh);
    check(&tanh, both, good.clone(), &["silu hidden"]);
    let faster = TrainOptions { optimizer: Optimizer::adam(0.003), ..good.clone() };
    check(&network, both, faster, &["optimizer was", "0.002", "0.003"]);
    let batches = TrainOptions { batch_size: BatchSize::Rows(9), ..good.clone() };
    check(&network, both, batches, &["batch-size was", "8", "9"]);
    let seeded = TrainOptions { seed: 1, ..good };
    check(&network, both, seeded, &["seed was 777", "1 now"]);
    Ok(())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let paths: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    let name = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let mut names: Vec<String> = paths.iter().filter_map(name).collect();
    names.sort();
    names
}

/// The last checkpoint of a short training on the CPU.
fn written(folder: &Path) -> Result<PathBuf> {
    let [train, validation] = data()?;
    let checkpoints = Some(CheckpointOptions::new(folder));
    let options = TrainOptions { validate_every: 1, checkpoints, ..options(Strategy::Layered, 12) };
    Trainer::on(&Cpu::new(), &network(), (&train, &validation), options)?.run(quiet)?;
    let (path, _) = Checkpoints::of(folder).latest()?;
    std::fs::remove_file(folder.join("step-0000000000.safetensors")).expect("it is ours");
    Ok(path)
}
