//! The resident way: many networks at once, each as if it were alone, and the same numbers as the
//! layered way.

use halfplane::low_level::backend::{Device, cpu::Cpu, reference::Reference};
use halfplane::low_level::plan::{DeviceKind, Limits};
use halfplane::spec::{Clip, Decay, Moments};
use halfplane::train::{Candidate, Grid, plan_for};
use halfplane::{
    Activation, BatchSize, Dataset, EarlyStopping, Error, Length, Network, Normalization,
    Optimizer, Parameters, Regularization, Result, Schedule, Strategy, Targets, Task, TrainOptions,
    Trainer,
};

use crate::support::{devices, quiet, random_data};

fn options(optimizer: Optimizer, batch_size: BatchSize, steps: u64) -> TrainOptions {
    TrainOptions {
        optimizer,
        batch_size,
        length: Length::Steps(steps),
        strategy: Strategy::Resident,
        ..TrainOptions::default()
    }
}

/// One network on its own.
fn alone(
    device: &dyn Device,
    network: &Network,
    data: &Dataset,
    options: TrainOptions,
) -> Result<Parameters> {
    let mut trainer = Trainer::on(device, network, data, options)?;
    trainer.run(quiet)?;
    trainer.parameters()
}

#[test]
fn each_of_many_ends_where_it_ends_alone() -> Result<()> {
    let data = Dataset::xor();
    let network = Network::new(2, &[2], 1).with_activation(Activation::Sigmoid);
    let candidates: Vec<Candidate> =
        (0..64).map(|seed| Candidate::new(network.clone(), seed, 1.0, 0..4)).collect();
    for device in devices() {
        let device = device.as_ref();
        let options = options(Optimizer::sgd(1.0), BatchSize::Full, 700);
        let trained = Grid::on(device, &candidates, &data, options.clone())?.run()?;
        assert_eq!(trained.len(), candidates.len());
        for (one, trained) in candidates.iter().zip(&trained).step_by(9) {
            let own = TrainOptions { seed: one.seed, ..options.clone() };
            let expected = alone(device, &network, &data, own)?;
            assert!(trained.parameters == expected, "{}: seed {}", device.name(), one.seed);
        }
    }
    Ok(())
}

/// One takes all its rows in every step, in the order in which they stand; the other shuffles more.
#[test]
fn a_full_batch_ends_where_it_ends_alone_beside_one_that_shuffles() -> Result<()> {
    let data = random_data(Task::Binary, [8, 2, 1], 5)?;
    let network = Network::new(2, &[2], 1).with_activation(Activation::Sigmoid);
    let [full, shuffled] = [0..4, 0..8].map(|rows| Candidate::new(network.clone(), 3, 1.0, rows));
    for device in devices() {
        let options = options(Optimizer::sgd(1.0), BatchSize::Rows(4), 200);
        let train = |candidates: &[Candidate]| {
            Grid::on(device.as_ref(), candidates, &data, options.clone())?.run()
        };
        let alone = train(std::slice::from_ref(&full))?;
        let beside = train(&[full.clone(), shuffled.clone()])?;
        assert!(beside[0].parameters == alone[0].parameters, "{}", device.name());
        assert!(beside[1].parameters != alone[0].parameters, "{}", device.name());
    }
    Ok(())
}

#[test]
fn shapes_rates_and_rows_may_differ() -> Result<()> {
    let data = random_data(Task::Multiclass, [40, 5, 3], 3)?;
    let shape = |hidden: &[usize]| {
        let network = Network::new(5, hidden, 3).with_activation(Activation::Tanh);
        network.with_output(halfplane::Output::Softmax)
    };
    let candidates = [(&[7][..], 0.01, 0..40), (&[4, 6], 0.02, 0..40), (&[], 0.05, 8..31)]
        .map(|(hidden, lr, rows)| Candidate::new(shape(hidden), 4, lr, rows));
    let grid_options = options(Optimizer::adam(0.5), BatchSize::Rows(9), 50);
    let twins = Grid::on(&Reference, &candidates, &data, grid_options.clone())?.run()?;
    for device in devices() {
        let trained = Grid::on(device.as_ref(), &candidates, &data, grid_options.clone())?.run()?;
        for (found, twin) in trained.iter().zip(&twins) {
            let gap = (found.evaluation.loss - twin.evaluation.loss).abs();
            assert!(gap < 1e-5, "{}: {found:?} for {twin:?}", device.name());
        }
        // The learning rate is the candidate's own, and the whole data set's rows are the first's.
        let own =
            TrainOptions { optimizer: Optimizer::adam(0.01), seed: 4, ..grid_options.clone() };
        let expected = alone(device.as_ref(), &candidates[0].network, &data, own)?;
        let single = Grid::on(device.as_ref(), &candidates[..1], &data, grid_options.clone())?;
        let mut single = single;
        assert!(single.run()?[0].parameters == expected, "{}", device.name());
    }
    Ok(())
}

/// With dropout, too: both draw the same masks.
#[test]
fn both_ways_agree() -> Result<()> {
    let data = random_data(Task::Binary, [50, 6, 1], 8)?;
    for (activation, dropout) in [
        (Activation::Silu, vec![]),
        (Activation::Silu, vec![0.3, 0.1]),
        (Activation::Relu, vec![0.4]),
    ] {
        let network = Network::new(6, &[11, 5], 1).with_activation(activation);
        let regularization = Regularization { dropout, ..Regularization::default() };
        for device in devices() {
            let losses = [Strategy::Layered, Strategy::Resident].map(|strategy| {
                let options = options(Optimizer::adamw(0.01), BatchSize::Rows(8), 80);
                let regularization = regularization.clone();
                let options = TrainOptions { strategy, regularization, ..options };
                let mut trainer = Trainer::on(device.as_ref(), &network, &data, options)?;
                assert_eq!(trainer.strategy(), strategy);
                Ok::<_, Error>(trainer.run(quiet)?.evaluation.loss)
            });
            let [layered, resident] = losses;
            let (layered, resident) = (layered?, resident?);
            let gap = (layered - resident).abs() / layered;
            assert!(gap < 1e-5, "{}, {activation}: {layered} and {resident}", device.name());
        }
    }
    Ok(())
}

/// Optimizer settings, penalties, dropout, schedules of other lengths and rows of their own: each ends where
/// it ends when all others have the same, and where the twins end.
#[test]
fn all_of_its_settings_may_be_a_networks_own() -> Result<()> {
    let training = random_data(Task::Regression, [60, 4, 1], 3)?;
    let validation = random_data(Task::Regression, [30, 4, 1], 4)?;
    let shape = |hidden: &[usize]| {
        let network = Network::new(4, hidden, 1).with_activation(Activation::Tanh);
        network.with_output(halfplane::Output::Identity)
    };
    let moments =
        |weight_decay, beta1| Moments { lr: 1.0, beta1, beta2: 0.999, eps: 1e-8, weight_decay };
    let dropout = |dropout: &[f64], l1, l2| Regularization {
        dropout: dropout.to_vec(),
        l1,
        l2,
        clip: (l1 > 0.0).then_some(Clip::Value(0.05)),
        ..Regularization::default()
    };
    let own = [
        (&[7][..], 0..60, 0..30, Optimizer::AdamW(moments(0.1, 0.8)), dropout(&[0.2], 0.0, 0.0)),
        (&[4, 6], 0..41, 5..29, Optimizer::Adam(moments(0.01, 0.9)), dropout(&[], 1e-3, 0.0)),
        (
            &[5, 3],
            20..60,
            10..30,
            Optimizer::Adam(moments(0.0, 0.9)),
            dropout(&[0.1, 0.4], 0.0, 0.1),
        ),
        (&[], 8..31, 0..1, Optimizer::AdamW(moments(0.0, 0.9)), dropout(&[], 0.0, 0.0)),
    ];
    let candidates: Vec<Candidate> = own
        .into_iter()
        .map(|(hidden, rows, validation, optimizer, regularization)| Candidate {
            validation: Some(validation),
            optimizer: Some(optimizer),
            regularization: Some(regularization),
            ..Candidate::new(shape(hidden), hidden.len() as u64 + 5, 0.02, rows)
        })
        .collect();
    let options = TrainOptions {
        optimizer: Optimizer::adam(1.0),
        schedule: Schedule { warmup: 3, decay: Decay::Cosine { floor: 0.1 } },
        batch_size: BatchSize::Rows(9),
        length: Length::Epochs(12),
        early_stopping: Some(EarlyStopping::after(4)),
        ..TrainOptions::default()
    };
    let data = (&training, &validation);
    let twins = Grid::on(&Reference, &candidates, data, options.clone())?.run()?;
    for device in devices() {
        let mut grid = Grid::on(device.as_ref(), &candidates, data, options.clone())?;
        let trained = grid.run()?;
        for (number, (found, twin)) in trained.iter().zip(&twins).enumerate() {
            assert_eq!(found.steps, twin.steps, "{}: {number}", device.name());
            let [own, expected] = [found, twin].map(|one| one.validation.map(|own| own.loss));
            let gap = (own.unwrap_or(f64::NAN) - expected.unwrap_or(f64::NAN)).abs();
            assert!(gap < 1e-5, "{}: {found:?} for {twin:?}", device.name());

            // A grid of this network alone, whose options are its settings.
            let one = &candidates[number];
            let single = Candidate::new(one.network.clone(), one.seed, one.lr, one.rows.clone());
            let single = Candidate { validation: one.validation.clone(), ..single };
            let optimizer = one.optimizer.unwrap_or(options.optimizer);
            let regularization = one.regularization.clone().unwrap_or_default();
            let options = TrainOptions { optimizer, regularization, ..options.clone() };
            let alone = Grid::on(device.as_ref(), &[single], data, options)?.run()?;
            let gap = (alone[0].evaluation.loss - found.evaluation.loss).abs();
            // In the same order of sums, but with another number of threads.
            assert!(gap < 1e-6, "{}: {found:?} for {:?}", device.name(), alone[0]);

            let told = grid.model(number)?.provenance;
            let told = told.map(|own| (own.optimizer, own.regularization));
            let given = (one.optimizer.map(|own| own.with_lr(0.02)), one.regularization.clone());
            assert_eq!(told, given.0.zip(given.1));
        }
    }
    Ok(())
}

/// Those small enough to be written out, in registers or as a shader's variables, too.
#[test]
fn the_smallest_networks_agree_with_their_twins() -> Result<()> {
    for rows in 1..=4 {
        let data = random_data(Task::Binary, [rows, 2, 1], 21)?;
        for hidden in 2..=4 {
            let network = Network::new(2, &[hidden], 1).with_activation(Activation::Sigmoid);
            for label_smoothing in [0.0, 0.2] {
                let mut own = options(Optimizer::sgd(1.5), BatchSize::Full, 300);
                own.regularization.label_smoothing = label_smoothing;
                let train = |device: &dyn Device| {
                    let mut trainer = Trainer::on(device, &network, &data, own.clone())?;
                    trainer.run(quiet)
                };
                let twin = train(&Reference)?.evaluation;
                for device in devices() {
                    let found = train(device.as_ref())?.evaluation;
                    let gap = (found.loss - twin.loss).abs();
                    assert!(
                        gap < 1e-5 && found.accuracy == twin.accuracy,
                        "{}: {rows} rows, {hidden} units: {found:?} for {twin:?}",
                        device.name()
                    );
                }
            }
        }
    }
    Ok(())
}

/// ∞ · 0 is NaN, which no minimum or maximum may hide. Only the CPU's: WGSL promises no NaN.
#[test]
fn divergence_shows_in_the_smallest_network() -> Result<()> {
    let targets = Targets::Binary { values: vec![1.0, 0.0], columns: 1 };
    let data = Dataset::new(2, vec![0.0, 1.0, 1.0, 0.0], targets)?;
    let network = Network::new(2, &[2], 1).with_activation(Activation::Sigmoid);
    let mut initial = Parameters::pytorch(&network, 1);
    initial.layers[0].weight = vec![f32::INFINITY, 0.5, 0.5, 0.5];
    let options = TrainOptions {
        initial: Some(initial),
        ..options(Optimizer::sgd(1.0), BatchSize::Full, 50)
    };
    match Trainer::on(&Cpu::new(), &network, &data, options)?.run(quiet) {
        Err(Error::Diverged { step: 0, .. }) => Ok(()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn runs_repeat_and_go_on_to_the_last_bit() -> Result<()> {
    let data = random_data(Task::Regression, [30, 4, 2], 6)?;
    let network = Network::new(4, &[8], 2)
        .with_activation(Activation::Gelu)
        .with_output(halfplane::Output::Identity);
    let momentum = Optimizer::Sgd { lr: 0.05, momentum: 0.9, nesterov: true, weight_decay: 0.01 };
    for device in devices() {
        let whole = options(momentum, BatchSize::Rows(7), 60);
        let first = alone(device.as_ref(), &network, &data, whole.clone())?;
        let second = alone(device.as_ref(), &network, &data, whole)?;
        assert!(first == second, "{}: two runs differ", device.name());
        let half = options(momentum, BatchSize::Rows(7), 30);
        let mut trainer = Trainer::on(device.as_ref(), &network, &data, half)?;
        trainer.run(quiet)?;
        trainer.run(quiet)?;
        assert!(trainer.parameters()? == first, "{}: two halves differ", device.name());
    }
    Ok(())
}

/// The shader's division would go wrong, and with it every index: the planner must not let it.
#[test]
fn a_grid_past_the_shaders_division_is_refused() -> Result<()> {
    let data = random_data(Task::Regression, [3000, 2, 1], 6)?;
    let wide = Network::new(2, &[1500], 1)
        .with_activation(Activation::Sigmoid)
        .with_output(halfplane::Output::Identity);
    let options = options(Optimizer::sgd(0.1), BatchSize::Full, 1);
    let gpu = Limits { kind: DeviceKind::Gpu, ..Limits::unlimited("gpu") };
    let refused = plan_for(&wide, &data, &options, &gpu).err();
    let text = refused.map(|error| error.to_string()).unwrap_or_default();
    assert!(text.contains("4500000") && text.contains("layered"), "{text}");
    let narrow = Network { hidden: vec![1000], ..wide };
    assert!(plan_for(&narrow, &data, &options, &gpu).is_ok());
    Ok(())
}

#[test]
fn senseless_grids_are_refused() {
    let data = Dataset::xor();
    let network = Network::new(2, &[2], 1).with_activation(Activation::Sigmoid);
    let good = Candidate::new(network, 0, 1.0, 0..4);
    let bad = [
        Candidate { rows: 0..5, ..good.clone() },
        Candidate { rows: 2..2, ..good.clone() },
        Candidate { lr: 0.0, ..good.clone() },
        Candidate { optimizer: Some(Optimizer::adam(1.0)), ..good.clone() },
        Candidate {
            regularization: Some(Regularization {
                dropout: vec![1.0],
                ..Regularization::default()
            }),
            ..good.clone()
        },
        Candidate {
            regularization: Some(Regularization {
                label_smoothing: 0.1,
                ..Regularization::default()
            }),
            ..good.clone()
        },
        Candidate {
            network: Network::new(2, &[0], 1).with_activation(Activation::Sigmoid),
            ..good.clone()
        },
        Candidate {
            network: Network::new(2, &[2], 1).with_activation(Activation::Relu),
            ..good.clone()
        },
        Candidate {
            network: Network::new(2, &[2], 1)
                .with_activation(Activation::Sigmoid)
                .with_normalization(Normalization::LayerNorm),
            ..good.clone()
        },
    ];
    let of = |list: &[Candidate]| {
        let options = options(Optimizer::sgd(1.0), BatchSize::Full, 5);
        Grid::on(&Reference, list, &data, options).err().map(|error| error.to_string())
    };
    assert_eq!(of(std::slice::from_ref(&good)), None);
    assert!(of(&[]).is_some());
    for bad in bad {
        assert!(of(&[good.clone(), bad.clone()]).is_some(), "{bad:?}");
    }
}
