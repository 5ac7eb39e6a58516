//! Validation rows: what they say, that they change nothing, and that they end a run in time.

use std::ops::ControlFlow;

use halfplane::low_level::backend::reference::Reference;
use halfplane::train::{Ended, Evaluation};
use halfplane::{
    Activation, BatchSize, Dataset, EarlyStopping, Event, Keep, Length, Network, Optimizer,
    Parameters, Result, Strategy, Summary, Targets, Task, TrainOptions, Trainer,
};

use crate::support::{WAYS, devices, quiet, random_data};

fn options(strategy: Strategy, epochs: u64) -> TrainOptions {
    TrainOptions {
        strategy,
        optimizer: Optimizer::adam(0.01),
        batch_size: BatchSize::Rows(8),
        length: Length::Epochs(epochs),
        log_every: 1,
        ..TrainOptions::default()
    }
}

/// Training rows and validation rows of the same kind.
fn split(task: Task, rows: [usize; 2]) -> Result<[Dataset; 2]> {
    Ok([random_data(task, [rows[0], 5, 3], 1)?, random_data(task, [rows[1], 5, 3], 2)?])
}

fn network(task: Task) -> Network {
    Network::new(5, &[9, 7], 3).with_activation(Activation::Gelu).with_output(task.into())
}

/// The epochs' training losses and what the validation rows said.
type Epochs = Vec<(f64, Option<Evaluation>)>;

fn record(trainer: &mut Trainer) -> Result<(Epochs, Summary)> {
    let mut epochs = Vec::new();
    let summary = trainer.run(|event| {
        if let Event::Epoch { epoch, train_loss, validation } = *event {
            assert_eq!(epoch as usize, epochs.len());
            epochs.push((train_loss, validation));
        }
        ControlFlow::Continue(())
    })?;
    Ok((epochs, summary))
}

/// A device's word for its own rows, where training and validation rows are the same, and the
/// twins' word for the weights. Rows by the thousand come in several portions.
#[test]
fn validation_rows_say_what_an_evaluation_of_them_says() -> Result<()> {
    for device in devices() {
        for strategy in WAYS {
            for (task, rows) in [
                (Task::Binary, [37, 23]),
                (Task::Multiclass, [1100, 5]),
                (Task::Regression, [20, 2500]),
            ] {
                let place = format!("{}, {strategy}, {task}", device.name());
                let [train, validation] = split(task, rows)?;
                let options = options(strategy, 2);
                let data = (&train, &validation);
                let mut trainer = Trainer::on(device.as_ref(), &network(task), data, options)?;
                let (epochs, summary) = record(&mut trainer)?;
                let last = epochs.last().and_then(|(_, validation)| *validation);
                assert_eq!(last, summary.validation, "{place}");
                let found = last.expect("there are validation rows");
                let expected = on_the_twins(&validation, task, trainer.parameters()?)?;
                close(&place, found.loss, expected.loss);
                let score = |of: Evaluation| of.accuracy.or(of.r2).expect("every task has a score");
                close(&place, score(found), score(expected));
            }
        }
    }
    Ok(())
}

/// Float32 sums of up to 2,500 rows, in another order. The largest error seen is 1.1e-7.
fn close(place: &str, found: f64, expected: f64) {
    let error = (found - expected).abs() / expected.abs().max(1.0);
    println!("{place}: {error:e}");
    assert!(error < 1e-6, "{place}: {found} for {expected}");
}

fn on_the_twins(data: &Dataset, task: Task, parameters: Parameters) -> Result<Evaluation> {
    let options = TrainOptions { initial: Some(parameters), ..options(Strategy::Layered, 1) };
    Trainer::on(&Reference, &network(task), data, options)?.evaluate()
}

#[test]
fn looking_changes_nothing() -> Result<()> {
    let [train, validation] = split(Task::Multiclass, [37, 23])?;
    let network = network(Task::Multiclass);
    for device in devices() {
        for strategy in WAYS {
            let place = format!("{}, {strategy}", device.name());
            let plain = TrainOptions { keep: Some(Keep::Last), ..options(strategy, 6) };
            let mut blind = Trainer::on(device.as_ref(), &network, &train, plain.clone())?;
            let (blind_epochs, _) = record(&mut blind)?;
            let every = TrainOptions { validate_every: 2, ..plain };
            let data = (&train, &validation);
            let mut seeing = Trainer::on(device.as_ref(), &network, data, every)?;
            let (epochs, _) = record(&mut seeing)?;
            assert!(blind.parameters()? == seeing.parameters()?, "{place}: the weights differ");
            let losses = |epochs: &[(f64, Option<Evaluation>)]| -> Vec<f64> {
                epochs.iter().map(|(loss, _)| *loss).collect()
            };
            assert_eq!(losses(&epochs), losses(&blind_epochs), "{place}");
            let looked: Vec<bool> = epochs.iter().map(|(_, found)| found.is_some()).collect();
            assert_eq!(looked, [false, true, false, true, false, true], "{place}");
            assert!(blind_epochs.iter().all(|(_, found)| found.is_none()), "{place}");
        }
    }
    Ok(())
}

/// Random targets cannot be learnt: on rows not seen the loss soon rises. The run must end where
/// its own losses say, with the weights of a run that ends at the best epoch.
#[test]
fn early_stopping_ends_with_the_best_weights() -> Result<()> {
    const PATIENCE: u64 = 3;
    let [train, validation] = split(Task::Multiclass, [37, 23])?;
    let data = (&train, &validation);
    let network = network(Task::Multiclass);
    for device in devices() {
        for strategy in WAYS {
            let place = format!("{}, {strategy}", device.name());
            let stopping = Some(EarlyStopping::after(PATIENCE));
            let options = TrainOptions { early_stopping: stopping, ..options(strategy, 10_000) };
            let mut trainer = Trainer::on(device.as_ref(), &network, data, options.clone())?;
            let (epochs, summary) = record(&mut trainer)?;
            let losses: Vec<f64> =
                epochs.iter().map(|(_, found)| found.expect("each is looked at").loss).collect();
            let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
            let best = losses.iter().position(|loss| *loss == least).expect("it is one of them");
            let told = summary.best.expect("the last epoch is not the best");
            assert_eq!(losses.len(), best + 1 + PATIENCE as usize, "{place}: {losses:?}");
            assert_eq!((told.epoch, told.loss), (best as u64, least), "{place}");
            assert_eq!(summary.ended, Ended::Patience, "{place}");
            assert_eq!(summary.validation.map(|found| found.loss), Some(least), "{place}");

            let length = Length::Epochs(best as u64 + 1);
            let short = TrainOptions { length, early_stopping: None, ..options.clone() };
            let mut expected = Trainer::on(device.as_ref(), &network, &train, short)?;
            expected.run(quiet)?;
            assert!(trainer.parameters()? == expected.parameters()?, "{place}");

            let last = TrainOptions { keep: Some(Keep::Last), ..options };
            let mut trainer = Trainer::on(device.as_ref(), &network, data, last)?;
            let (epochs, summary) = record(&mut trainer)?;
            assert_eq!((epochs.len(), summary.best), (losses.len(), None), "{place}");
            let found = summary.validation.map(|found| found.loss);
            assert_eq!(found, losses.last().copied(), "{place}");
        }
    }
    Ok(())
}

/// Without validation rows the training loss is what must improve.
#[test]
fn early_stopping_does_without_validation_rows() -> Result<()> {
    let data = Dataset::xor();
    for device in devices() {
        for strategy in WAYS {
            // One line cannot part the points: the loss stays at ln 2.
            let options = TrainOptions {
                early_stopping: Some(EarlyStopping { patience: 20, min_delta: 1e-3 }),
                ..options(strategy, 10_000)
            };
            let mut trainer =
                Trainer::on(device.as_ref(), &Network::new(2, &[], 1), &data, options)?;
            let (epochs, summary) = record(&mut trainer)?;
            assert_eq!(summary.ended, Ended::Patience, "{}", device.name());
            assert!(epochs.len() < 1000, "{}: {} epochs", device.name(), epochs.len());
        }
    }
    Ok(())
}

#[test]
fn senseless_settings_are_refused() -> Result<()> {
    let [train, validation] = split(Task::Multiclass, [37, 23])?;
    let network = network(Task::Multiclass);
    let refusal = |validation: &Dataset, options: TrainOptions| {
        let trainer = Trainer::on(&Reference, &network, (&train, validation), options);
        trainer.err().map(|error| error.to_string()).unwrap_or_default()
    };
    let good = options(Strategy::Layered, 1);
    assert_eq!(refusal(&validation, good.clone()), "");
    let narrow = random_data(Task::Multiclass, [9, 4, 3], 2)?;
    assert!(refusal(&narrow, good.clone()).contains("4 columns"));
    let numbers = Targets::Numbers { values: vec![0.0; 23], columns: 1 };
    let other = Dataset::new(5, validation.features().to_vec(), numbers)?;
    assert!(refusal(&other, good.clone()).contains("regression targets"));
    for (patience, min_delta, words) in
        [(0, 0.0, "the patience is 0"), (1, -1.0, "min-delta is -1"), (1, f64::NAN, "NaN")]
    {
        let early_stopping = Some(EarlyStopping { patience, min_delta });
        let text = refusal(&validation, TrainOptions { early_stopping, ..good.clone() });
        assert!(text.contains(words), "{text}");
    }
    let never = TrainOptions { validate_every: 0, ..good };
    assert!(refusal(&validation, never).contains("validate-every"));
    Ok(())
}

/// A rate that has fallen is a rate: full batches have no order and plain descent no memory, so
/// that trainings with the rates that were told, one after the other, come to the same weights.
#[test]
fn a_plateau_lowers_the_rate() -> Result<()> {
    const EPOCHS: u64 = 60;
    let [train, validation] = split(Task::Multiclass, [37, 23])?;
    let network = network(Task::Multiclass);
    for device in devices() {
        for strategy in WAYS {
            let place = format!("{}, {strategy}", device.name());
            let plain = TrainOptions {
                optimizer: Optimizer::sgd(0.8),
                batch_size: BatchSize::Full,
                ..options(strategy, EPOCHS)
            };
            let reduce_on_plateau = Some("0.5,1".parse()?);
            let options = TrainOptions { reduce_on_plateau, ..plain.clone() };
            let data = (&train, &validation);
            let mut trainer = Trainer::on(device.as_ref(), &network, data, options)?;
            let mut rates = vec![(0, 0.8)];
            trainer.run(|event| {
                if let Event::Reduced { epoch, lr } = *event {
                    rates.push((epoch + 1, lr));
                }
                ControlFlow::Continue(())
            })?;
            assert!(rates.len() > 3, "{place}: {rates:?}");
            let ends = rates.iter().skip(1).map(|(epoch, _)| *epoch).chain([EPOCHS]);
            let mut parameters = Parameters::pytorch(&network, plain.seed);
            for ((begin, lr), end) in rates.iter().zip(ends).filter(|((a, _), b)| a < b) {
                let part = TrainOptions {
                    optimizer: Optimizer::sgd(*lr),
                    length: Length::Epochs(end - begin),
                    initial: Some(parameters),
                    ..plain.clone()
                };
                let mut trainer = Trainer::on(device.as_ref(), &network, &train, part)?;
                trainer.run(quiet)?;
                parameters = trainer.parameters()?;
            }
            assert!(trainer.parameters()? == parameters, "{place}: {rates:?}");
        }
    }
    Ok(())
}
