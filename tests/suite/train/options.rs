//! What a recipe adds to a step, on every device: the same numbers as the twins, the same whether a
//! run is made in one go or in two, weights that count like rows.

use halfplane::low_level::backend::{Device, reference::Reference};
use halfplane::spec::{Clip, Decay};
use halfplane::{
    Activation, BatchSize, Dataset, Error, Length, Loss, Network, Normalization, Optimizer, Output,
    Regularization, Result, Schedule, Shuffle, Strategy, Targets, Task, TrainOptions, Trainer,
};

use crate::support::{Draws, Gap, devices, quiet, random_data};

const ROWS: usize = 37;

/// Everything at once, with [`network`]'s norms: dropout, penalties, clipping, a schedule, weights,
/// smooth labels.
fn everything(steps: u64) -> TrainOptions {
    TrainOptions {
        optimizer: Optimizer::adam(0.01),
        regularization: Regularization {
            label_smoothing: 0.1,
            l1: 1e-3,
            l2: 1e-2,
            clip: Some(Clip::Norm(0.4)),
            dropout: vec![0.3, 0.1],
        },
        schedule: Schedule { warmup: 9, decay: Decay::Exponential { factor: 0.97 } },
        batch_size: BatchSize::Rows(8),
        length: Length::Steps(steps),
        log_every: 1,
        ..TrainOptions::default()
    }
}

fn network() -> Network {
    plain().with_normalization(Normalization::LayerNorm)
}

fn plain() -> Network {
    Network::new(5, &[19, 6], 3).with_activation(Activation::Silu).with_output(Output::Softmax)
}

fn data() -> Result<Dataset> {
    let weights = Draws(9).values(ROWS).iter().map(|weight| weight.max(0.0)).collect();
    random_data(Task::Multiclass, [ROWS, 5, 3], 1)?.with_weights(weights)
}

/// The final weights after as many runs as there are lengths, and the loss on all rows.
fn train(device: &dyn Device, data: &Dataset, runs: &[TrainOptions]) -> Result<(Vec<f32>, f64)> {
    let first = runs[0].clone();
    let mut trainer = Trainer::on(device, &network(), data, first)?;
    for _ in runs {
        trainer.run(quiet)?;
    }
    let parameters = trainer.parameters()?;
    let numbers = parameters.blocks().flat_map(|block| [&block.weight[..], &block.bias].concat());
    Ok((numbers.collect(), trainer.evaluate()?.loss))
}

/// The masks are the same to the bit, so nothing but rounding parts the devices, as it adds up over
/// 60 steps of Adam.
#[test]
fn devices_agree() -> Result<()> {
    const TOLERANCE: f64 = 1e-5;
    let data = data()?;
    let (expected, loss) = train(&Reference, &data, &[everything(60)])?;
    for device in devices() {
        let (found, found_loss) = train(device.as_ref(), &data, &[everything(60)])?;
        let gap = Gap::over_largest(&found, &expected);
        println!("{}: {gap:?}", device.name());
        assert!(gap.error < TOLERANCE, "{}: {gap:?}", device.name());
        assert!((found_loss - loss).abs() < TOLERANCE * loss, "{}", device.name());
    }
    Ok(())
}

#[test]
fn two_runs_in_a_row_equal_one() -> Result<()> {
    let data = data()?;
    for device in devices() {
        let whole = train(device.as_ref(), &data, &[everything(60)])?;
        let halves = train(device.as_ref(), &data, &[everything(30), everything(30)])?;
        assert!(whole == halves, "{}", device.name());
    }
    Ok(())
}

/// A row that weighs 2 counts like two rows, one that weighs 0 like none: in the loss that is told,
/// in the training, and in the evaluation. The last digits are those of sums in another order.
#[test]
fn weights_count_like_rows() -> Result<()> {
    let draws = Draws(5).values(6 * 4);
    let (features, targets) = draws.split_at(6 * 3);
    let rows = |times: &[usize]| {
        let of = |from: &[f32], columns: usize| -> Vec<f32> {
            let row = |row: usize| &from[row * columns..(row + 1) * columns];
            (0..6).flat_map(|index| row(index).repeat(times[index])).collect()
        };
        Dataset::new(3, of(features, 3), Targets::Numbers { values: of(targets, 1), columns: 1 })
    };
    let repeated = rows(&[1, 2, 0, 3, 1, 0])?;
    let weighted = rows(&[1; 6])?.with_weights(vec![0.5, 1.0, 0.0, 1.5, 0.5, 0.0])?;
    let options = TrainOptions {
        loss: Some(Loss::Huber { delta: 0.4 }),
        optimizer: Optimizer::sgd(0.2),
        batch_size: BatchSize::Full,
        length: Length::Steps(50),
        strategy: Strategy::Layered,
        shuffle: Shuffle::Never,
        ..TrainOptions::default()
    };
    let network =
        Network::new(3, &[7], 1).with_activation(Activation::Tanh).with_output(Output::Identity);
    for device in devices() {
        let losses = [&repeated, &weighted].map(|data| {
            let mut trainer = Trainer::on(device.as_ref(), &network, data, options.clone())?;
            let before = trainer.evaluate()?.loss;
            Ok::<_, Error>([before, trainer.run(quiet)?.evaluation.loss])
        });
        let [repeated, weighted] = losses;
        for (repeated, weighted) in repeated?.into_iter().zip(weighted?) {
            let gap = (repeated - weighted).abs() / repeated;
            assert!(gap < 2e-6, "{}: {weighted} for {repeated}", device.name());
        }
    }
    Ok(())
}

/// A batch of rows that all weigh nothing changes nothing.
#[test]
fn rows_without_weight_teach_nothing() -> Result<()> {
    let mut weights = vec![0.0; ROWS];
    weights[ROWS - 1] = 1.0;
    let data = random_data(Task::Multiclass, [ROWS, 5, 3], 1)?.with_weights(weights)?;
    for device in devices() {
        let options = TrainOptions {
            optimizer: Optimizer::sgd(0.5),
            batch_size: BatchSize::Rows(8),
            length: Length::Steps(4),
            shuffle: Shuffle::Never,
            ..TrainOptions::default()
        };
        let mut trainer = Trainer::on(device.as_ref(), &network(), &data, options)?;
        let before = trainer.parameters()?;
        trainer.run(quiet)?;
        assert!(trainer.parameters()? == before, "{}", device.name());
        trainer.run(quiet)?;
        assert!(trainer.parameters()? != before, "{}", device.name());
    }
    Ok(())
}

#[test]
fn strategies_refuse_by_name_what_they_have_not_got() -> Result<()> {
    let data = random_data(Task::Multiclass, [ROWS, 5, 3], 1)?;
    let none = Regularization::default;
    let both = [Strategy::Resident, Strategy::Fused];
    let dropout = Regularization { dropout: vec![0.5], ..none() };
    let by_norm = Regularization { clip: Some(Clip::Norm(1.0)), ..none() };
    let cases = [
        (plain(), dropout, "dropout", &both[1..]),
        (plain(), by_norm, "clipping by the norm", &both[1..]),
        (network(), none(), "no layer-norm", &both),
    ];
    for (network, regularization, what, strategies) in cases {
        for &strategy in strategies {
            let options = TrainOptions {
                regularization: regularization.clone(),
                strategy,
                ..TrainOptions::default()
            };
            let [cpu, _] = devices();
            let refused = Trainer::on(cpu.as_ref(), &network, &data, options).err();
            let text = refused.map(|error| error.to_string()).unwrap_or_default();
            assert!(text.contains(what) && text.contains(strategy.name()), "{text}");
            assert!(text.contains("`strategy = layered`"), "{text}");
        }
    }
    Ok(())
}
