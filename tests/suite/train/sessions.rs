//! Sessions: many networks that each train as if alone, runs cut into budgets, grids that go on from
//! checkpoints, trainers that go on with other rows.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use halfplane::low_level::backend::{Device, cpu::Cpu};
use halfplane::train::{
    Best, Budget, Candidate, CheckpointOptions, Checkpoints, Ended, Evaluation, Grid, Interval,
    Session, Silent, Status, Trained,
};
use halfplane::{
    Activation, BatchSize, Dataset, EarlyStopping, Error, Event, Length, Network, Optimizer,
    Parameters, Result, Schedule, Shuffle, Strategy, Task, TrainOptions, Trainer,
};

use crate::support::{WAYS, devices, quiet, random_data};

fn network() -> Network {
    Network::new(5, &[4], 3).with_activation(Activation::Tanh).with_output(Task::Multiclass.into())
}

fn data() -> Result<[Dataset; 2]> {
    let of = |rows, seed| random_data(Task::Multiclass, [rows, 5, 3], seed);
    Ok([of(61, 1)?, of(23, 2)?])
}

/// With seeds, rates and rows of their own: epochs of 8, 8, 5, 8, 1 and 3 steps.
fn candidates() -> Vec<Candidate> {
    [
        (1, 0.1, 0..61),
        (2, 0.03, 0..61),
        (3, 0.3, 20..57),
        (4, 0.2, 1..60),
        (5, 0.2, 3..9),
        (6, 0.5, 40..61),
    ]
    .map(|(seed, lr, rows)| Candidate::new(network(), seed, lr, rows))
    .to_vec()
}

/// Random targets: the loss on other rows rises, rates fall, and patience ends at different epochs.
fn options() -> TrainOptions {
    TrainOptions {
        optimizer: Optimizer::Sgd { lr: 1.0, momentum: 0.9, nesterov: false, weight_decay: 0.0 },
        batch_size: BatchSize::Rows(8),
        length: Length::Epochs(30),
        strategy: Strategy::Resident,
        log_every: 1,
        early_stopping: Some(EarlyStopping::after(4)),
        reduce_on_plateau: Some("0.5,1".parse().expect("it is sound")),
        ..TrainOptions::default()
    }
}

/// Steps, epochs and reductions.
fn is_told_again(event: &Event) -> bool {
    matches!(event, Event::Step { .. } | Event::Epoch { .. } | Event::Reduced { .. })
}

/// What a run has come to, but for the time that it took.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    events: Vec<Event>,
    parameters: Parameters,
    evaluation: Evaluation,
    validation: Option<Evaluation>,
    steps: u64,
    ended: Ended,
    best: Option<Best>,
}

impl Outcome {
    fn of(events: Vec<Event>, trained: Trained) -> Self {
        let Trained { parameters, evaluation, validation, steps, ended, best } = trained;
        Self { events, parameters, evaluation, validation, steps, ended, best }
    }
}

fn alone(trainer: &mut Trainer) -> Result<Outcome> {
    let mut events = Vec::new();
    let end = trainer.run(|event| {
        events.extend(is_told_again(event).then(|| event.clone()));
        ControlFlow::Continue(())
    })?;
    let parameters = trainer.parameters()?;
    let (evaluation, validation) = (end.evaluation, end.validation);
    let (steps, ended, best) = (end.steps, end.ended, end.best);
    Ok(Outcome { events, parameters, evaluation, validation, steps, ended, best })
}

fn together(grid: &mut Grid, networks: usize) -> Result<Vec<Outcome>> {
    let mut events = vec![Vec::new(); networks];
    let trained = grid.run_observed(|network, event| {
        events[network].extend(is_told_again(event).then(|| event.clone()));
        ControlFlow::Continue(())
    })?;
    Ok(events.into_iter().zip(trained).map(|(events, own)| Outcome::of(events, own)).collect())
}

/// A candidate by itself, on a data set of its rows.
fn trainer_of(
    one: &Candidate,
    device: &dyn Device,
    [train, validation]: &[Dataset; 2],
    options: &TrainOptions,
) -> Result<Trainer> {
    let rows = train.select(&one.rows.clone().collect::<Vec<_>>());
    let optimizer = options.optimizer.with_lr(one.lr);
    let own = TrainOptions { seed: one.seed, optimizer, ..options.clone() };
    Trainer::on(device, &one.network, (&rows, validation), own)
}

#[test]
fn each_of_many_stops_where_it_stops_alone() -> Result<()> {
    let data = data()?;
    let [train, validation] = &data;
    let candidates = candidates();
    for device in devices() {
        let device = device.as_ref();
        let mut grid = Grid::on(device, &candidates, (train, validation), options())?;
        let found = together(&mut grid, candidates.len())?;
        let ends: Vec<u64> = found.iter().map(|own| own.steps).collect();
        assert!(ends.iter().any(|end| *end != ends[0]), "all end at {ends:?}");
        assert!(found.iter().any(|own| own.best.is_some()), "no best weights were kept");
        let reduced = |event: &Event| matches!(event, Event::Reduced { .. });
        assert!(found.iter().any(|own| own.events.iter().any(reduced)), "no rate was lowered");
        for (number, (one, found)) in candidates.iter().zip(&found).enumerate() {
            let mut trainer = trainer_of(one, device, &data, &options())?;
            let expected = alone(&mut trainer)?;
            assert!(*found == expected, "{}, {one:?}: {found:?} for {expected:?}", device.name());
            let (model, own) = (grid.model(number)?, trainer.model()?);
            let provenance = model.provenance.clone().expect("it was trained here");
            assert_eq!((provenance.seed, provenance.rows), (one.seed, one.rows.len()));
            assert_eq!(model, own);
        }
        // Nobody listens, and nothing else changes.
        let mut grid = Grid::on(device, &candidates, (train, validation), options())?;
        for (silent, found) in grid.run()?.into_iter().zip(&found) {
            assert!(Outcome::of(found.events.clone(), silent) == *found, "{}", device.name());
        }
    }
    Ok(())
}

/// Each goes on where it is, with its own optimizer state.
#[test]
fn each_of_many_goes_on_where_it_goes_on_alone() -> Result<()> {
    let data = data()?;
    let candidates = candidates();
    for device in devices() {
        let device = device.as_ref();
        let both = (&data[0], &data[1]);
        let mut grid = Grid::on(device, &candidates, both, options())?;
        let halves =
            [together(&mut grid, candidates.len())?, together(&mut grid, candidates.len())?];
        for (number, one) in candidates.iter().enumerate() {
            let mut trainer = trainer_of(one, device, &data, &options())?;
            for half in &halves {
                let expected = alone(&mut trainer)?;
                let found = &half[number];
                assert!(*found == expected, "{}: {found:?} for {expected:?}", device.name());
            }
        }
    }
    Ok(())
}

#[test]
fn a_run_cut_into_budgets_ends_where_it_ends_in_one_go() -> Result<()> {
    let [train, validation] = data()?;
    let budgets = [
        Budget::Steps(1),
        Budget::Steps(7),
        Budget::Time(Duration::ZERO),
        Budget::Steps(0),
        Budget::Time(Duration::from_millis(3)),
    ];
    for device in devices() {
        for strategy in WAYS {
            let options = TrainOptions { strategy, ..options() };
            let both = (&train, &validation);
            let mut whole = Trainer::on(device.as_ref(), &network(), both, options.clone())?;
            let expected = alone(&mut whole)?;
            let mut trainer = Trainer::on(device.as_ref(), &network(), both, options)?;
            let mut events = Vec::new();
            for (part, budget) in budgets.into_iter().cycle().enumerate() {
                let before = trainer.step();
                let status = trainer.advance(budget, |event| {
                    events.extend(is_told_again(event).then(|| event.clone()));
                    ControlFlow::Continue(())
                })?;
                if let Budget::Steps(most) = budget {
                    assert!(trainer.step() - before <= most, "{budget:?}");
                }
                if status == Status::Ended {
                    assert!(part > 2, "it ended in part {part}");
                    break;
                }
            }
            assert!(trainer.parameters()? == expected.parameters, "{}, {strategy}", device.name());
            assert!(events == expected.events, "{}, {strategy}", device.name());
            assert_eq!(trainer.step(), expected.steps);
            // What has ended stays so until it is to go on.
            assert_eq!(trainer.advance(Budget::Steps(9), quiet)?, Status::Ended);
            assert_eq!(trainer.step(), expected.steps);
        }
        let candidates = candidates();
        let both = (&train, &validation);
        let mut grid = Grid::on(device.as_ref(), &candidates, both, options())?;
        let expected = grid.run()?;
        let mut grid = Grid::on(device.as_ref(), &candidates, both, options())?;
        while grid.advance(Budget::Steps(5), |_, _| ControlFlow::Continue(()))? == Status::Running {
        }
        let ended = grid.session().summaries().flatten().map(|own| (own.steps, own.ended));
        assert!(ended.eq(expected.iter().map(|own| (own.steps, own.ended))));
        for (number, expected) in expected.iter().enumerate() {
            let model = grid.model(number)?;
            assert!(model.members[0] == expected.parameters, "{}: {number}", device.name());
        }
    }
    Ok(())
}

#[test]
fn an_interrupted_grid_ends_where_it_ends_in_one_go() -> Result<()> {
    let [train, validation] = data()?;
    let (both, candidates) = ((&train, &validation), candidates());
    for device in devices() {
        let mut whole = Grid::on(device.as_ref(), &candidates, both, options())?;
        let expected = together(&mut whole, candidates.len())?;
        let folder = tempfile::tempdir().expect("a folder can be made");
        let own = CheckpointOptions {
            every: Interval::Steps(11),
            ..CheckpointOptions::new(folder.path())
        };
        let options = TrainOptions { checkpoints: Some(own), ..options() };
        let flag = Arc::new(AtomicBool::new(false));
        let grid = Grid::on(device.as_ref(), &candidates, both, options.clone())?;
        let mut grid = grid.with_interrupt(Arc::clone(&flag));
        let mut events = vec![Vec::new(); candidates.len()];
        let first = grid.run_observed(|network, event| {
            events[network].extend(is_told_again(event).then(|| event.clone()));
            // When some have ended, and some have not.
            if let Event::Checkpoint { step: 44.., .. } = event {
                flag.store(true, Ordering::Relaxed);
            }
            ControlFlow::Continue(())
        })?;
        let ended = |ended| first.iter().filter(|own| own.ended == ended).count();
        assert!(ended(Ended::Interrupted) > 0 && ended(Ended::Patience) > 0, "{first:?}");
        drop(grid);

        let (_, checkpoint) = Checkpoints::of(folder.path()).latest()?;
        let mut grid = Grid::on(device.as_ref(), &candidates, both, options.clone())?;
        grid.resume(&checkpoint)?;
        let rest = together(&mut grid, candidates.len())?;
        for ((rest, expected), mut events) in rest.into_iter().zip(&expected).zip(events) {
            events.extend(rest.events.iter().cloned());
            let found = Outcome { events, ..rest };
            assert!(found == *expected, "{}: {found:?} for {expected:?}", device.name());
        }
        // Other networks are refused.
        let mut others = candidates.clone();
        others[2].seed = 99;
        let mut other = Grid::on(device.as_ref(), &others, both, options.clone())?;
        let text = other.resume(&checkpoint).expect_err("a seed is another one").to_string();
        assert!(text.contains("network 2"), "{text}");
        let mut other = Grid::on(device.as_ref(), &candidates[1..], both, options.clone())?;
        assert!(other.resume(&checkpoint).is_err(), "a network is missing");
        let mut other = Trainer::on(device.as_ref(), &network(), both, options)?;
        let text = other.resume(&checkpoint).expect_err("it is of a grid").to_string();
        assert!(text.contains("grid"), "{text}");
    }
    Ok(())
}

#[test]
fn one_that_diverges_or_is_broken_off_leaves_the_others_alone() -> Result<()> {
    let data = data()?;
    let both = (&data[0], &data[1]);
    let mut candidates = candidates();
    candidates[1].lr = 1e38;
    for device in devices() {
        let device = device.as_ref();
        let mut grid = Grid::on(device, &candidates, both, options())?;
        let found = grid.run_observed(|network, event| match event {
            Event::Epoch { epoch: 1, .. } if network == 3 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        })?;
        assert_eq!(found[1].ended, Ended::Diverged, "{}: {:?}", device.name(), found[1]);
        assert_eq!((found[3].ended, found[3].steps), (Ended::Observer, 16), "{}", device.name());
        for (number, one) in candidates.iter().enumerate().filter(|(one, _)| ![1, 3].contains(one))
        {
            let expected = alone(&mut trainer_of(one, device, &data, &options())?)?;
            assert!(found[number].parameters == expected.parameters, "{}", device.name());
            assert_eq!(found[number].ended, expected.ended);
        }
        let plain = TrainOptions { early_stopping: None, reduce_on_plateau: None, ..options() };
        let mut grid = Grid::on(device, &candidates, &data[0], plain)?;
        assert_eq!(grid.run()?[1].ended, Ended::Diverged, "{}", device.name());
        assert!(matches!(grid.model(1), Err(Error::Diverged { .. })), "{}", device.name());
        assert!(grid.model(0).is_ok(), "{}", device.name());
        // It can go on, for what that is worth.
        assert_eq!(grid.run()?[1].ended, Ended::Diverged, "{}", device.name());
    }
    Ok(())
}

#[test]
fn a_trainer_goes_on_with_other_rows() -> Result<()> {
    let [train, other] = data()?;
    for device in devices() {
        for strategy in WAYS {
            let place = format!("{}, {strategy}", device.name());
            let options = TrainOptions {
                strategy,
                optimizer: Optimizer::adam(0.01),
                batch_size: BatchSize::Rows(8),
                length: Length::Epochs(2),
                shuffle: Shuffle::Never,
                ..TrainOptions::default()
            };
            let twice = TrainOptions { length: Length::Epochs(4), ..options.clone() };
            let mut whole = Trainer::on(device.as_ref(), &network(), &train, twice)?;
            whole.run(quiet)?;
            let mut parts = Trainer::on(device.as_ref(), &network(), &train, options)?;
            parts.run(quiet)?;
            parts.continue_on(&train)?;
            parts.run(quiet)?;
            assert!(parts.parameters()? == whole.parameters()?, "{place}");
            // Other rows, of which an epoch has three steps: weights, state and steps go on.
            let before = (parts.parameters()?, parts.step());
            parts.continue_on((&other, &train))?;
            assert!(before == (parts.parameters()?, parts.step()), "{place}");
            let mut epochs = Vec::new();
            let end = parts.run(|event| {
                if let Event::Epoch { epoch, validation, .. } = event {
                    epochs.push((*epoch, validation.is_some()));
                }
                ControlFlow::Continue(())
            })?;
            assert_eq!((end.steps, &epochs[..]), (before.1 + 6, &[(0, true), (1, true)][..]));
            // And from a checkpoint.
            let checkpoint = parts.checkpoint()?;
            let narrow = random_data(Task::Multiclass, [9, 4, 3], 1)?;
            assert!(parts.continue_on(&narrow).is_err(), "{place}: a column is missing");
            parts.resume(&checkpoint)?;
            assert_eq!(parts.step(), end.steps, "{place}");
        }
    }
    Ok(())
}

#[test]
fn a_schedule_goes_by_the_length_of_each_run() -> Result<()> {
    let data = data()?;
    let candidates = candidates();
    let plain = TrainOptions { early_stopping: None, reduce_on_plateau: None, ..options() };
    let decay = halfplane::spec::Decay::Cosine { floor: 0.0 };
    let cosine = TrainOptions { schedule: Schedule { warmup: 0, decay }, ..plain };
    let [train, validation] = &data;
    for device in devices() {
        let device = device.as_ref();
        let options = cosine.clone();
        let trained = Grid::on(device, &candidates, (train, validation), options)?.run()?;
        let lengths: Vec<u64> = trained.iter().map(|own| own.steps).collect();
        assert!(lengths.iter().any(|steps| *steps != lengths[0]), "all have {lengths:?}");
        for (one, found) in candidates.iter().zip(&trained) {
            let mut alone = trainer_of(one, device, &data, &cosine)?;
            alone.run(quiet)?;
            assert!(alone.parameters()? == found.parameters, "{}: {one:?}", device.name());
        }
    }
    Ok(())
}

/// So that they can live in another language's objects, and wait on another thread.
#[test]
fn trainers_move_between_threads() -> Result<()> {
    fn send<T: Send>() {}
    fn sends<T: Send>(own: T) -> T {
        own
    }
    send::<Trainer>();
    send::<Grid>();
    send::<Session>();
    let [train, _] = data()?;
    let mut trainer = Trainer::on(&Cpu::new(), &network(), train, options())?;
    let mut silent = Silent;
    drop(sends(trainer.session().advance(Budget::Steps(1), &mut silent)));
    let moved = std::thread::spawn(move || trainer.run(quiet));
    moved.join().expect("the thread does not panic")?;
    Ok(())
}
