//! The fused way: the twins' numbers, whatever the strands, and the layered way's, on the CPU and in
//! shaders.

use std::ops::ControlFlow;

use halfplane::low_level::backend::Device;
use halfplane::low_level::backend::cpu::Cpu;
use halfplane::low_level::backend::reference::Reference;
use halfplane::low_level::plan::Gradients;
use halfplane::spec::{BatchSize, Length, Optimizer, Parameters, Shuffle};
use halfplane::{
    Activation, Dataset, Event, Network, Result, ShaderChecks, Strategy, Task, TrainOptions,
    Trainer,
};

use crate::support::{quiet, random_data, software};

fn options(strategy: Strategy, optimizer: Optimizer) -> TrainOptions {
    TrainOptions {
        strategy,
        optimizer,
        batch_size: BatchSize::Rows(300),
        length: Length::Steps(9),
        ..TrainOptions::default()
    }
}

fn trained(
    device: &dyn Device,
    network: &Network,
    data: &Dataset,
    options: TrainOptions,
) -> Result<(Parameters, f64)> {
    let mut trainer = Trainer::on(device, network, data, options)?;
    let loss = trainer.run(quiet)?.evaluation.loss;
    Ok((trainer.parameters()?, loss))
}

/// Float32 sums in another order: some units in the last place of a step, a few steps of it.
const TOLERANCE: f32 = 3e-5;

fn near(one: &Parameters, other: &Parameters, place: &str) {
    let numbers = |parameters: &Parameters| -> Vec<f32> {
        let layers = parameters.layers.iter();
        layers.flat_map(|layer| layer.weight.iter().chain(&layer.bias).copied()).collect()
    };
    for (a, b) in numbers(one).into_iter().zip(numbers(other)) {
        assert!((a - b).abs() <= TOLERANCE * (1.0 + b.abs()), "{place}: {a} for {b}");
    }
}

#[test]
fn strands_have_the_twins_numbers() -> Result<()> {
    // One to four strands; the last batch of an epoch has 100 rows, of which the last strands get few.
    let momentum = Optimizer::Sgd { lr: 0.05, momentum: 0.9, nesterov: true, weight_decay: 0.01 };
    let optimizers = [Optimizer::sgd(0.1), momentum, Optimizer::adam(0.01), Optimizer::adamw(0.01)];
    let batches = [(1, 110), (2, 300), (3, 1600), (4, 2100)];
    let tasks =
        [(Task::Binary, 1), (Task::Binary, 3), (Task::Multiclass, 5), (Task::Regression, 2)];
    for (number, &activation) in Activation::ALL.iter().enumerate() {
        for (at, (task, outputs)) in tasks.into_iter().enumerate() {
            let (strands, rows) = batches[(number + at) % batches.len()];
            let data = random_data(task, [2 * rows + 100, 7, outputs], 5)?;
            let network = Network::new(7, &[33, 18], outputs)
                .with_activation(activation)
                .with_output(task.into());
            let options = TrainOptions {
                batch_size: BatchSize::Rows(rows),
                ..options(Strategy::Fused, optimizers[number % optimizers.len()])
            };
            let (expected, loss) = trained(&Reference, &network, &data, options.clone())?;
            let place = format!("{activation}, {task} of {outputs}, {strands} strands");
            let found = trained(&Cpu::new(), &network, &data, options)?;
            near(&found.0, &expected, &place);
            assert!((found.1 - loss).abs() <= 1e-5 * loss, "{place}: {} for {loss}", found.1);
        }
    }
    Ok(())
}

#[test]
fn shaders_have_the_twins_numbers() -> Result<()> {
    // The last batch has 100 rows; the widest layer fills a tile but for three units.
    let adapters = [ShaderChecks::Off, ShaderChecks::On].map(software);
    for (number, activation) in [Activation::Relu, Activation::Gelu].into_iter().enumerate() {
        for (task, outputs) in [(Task::Multiclass, 5), (Task::Regression, 2)] {
            let data = random_data(task, [700, 7, outputs], 5)?;
            let network = Network::new(7, &[61, 18], outputs)
                .with_activation(activation)
                .with_output(task.into());
            let optimizer = [Optimizer::adam(0.01), Optimizer::sgd(0.1)][number];
            let options = options(Strategy::Fused, optimizer);
            let (expected, loss) = trained(&Reference, &network, &data, options.clone())?;
            for adapter in &adapters {
                let place = format!("{activation}, {task} of {outputs}");
                let found = trained(adapter.as_ref(), &network, &data, options.clone())?;
                near(&found.0, &expected, &place);
                assert!((found.1 - loss).abs() <= 1e-5 * loss, "{place}: {} for {loss}", found.1);
                let again = trained(adapter.as_ref(), &network, &data, options.clone())?;
                assert!(found == again, "{place}: two runs differ");
            }
        }
    }
    Ok(())
}

#[test]
fn fused_and_layered_agree_with_all_threads() -> Result<()> {
    // Large enough for several tiles a strand and a thread a strand.
    let data = random_data(Task::Multiclass, [2000, 40, 6], 2)?;
    for activation in [Activation::Relu, Activation::Gelu] {
        let network = Network::new(40, &[70, 50], 6)
            .with_activation(activation)
            .with_output(Task::Multiclass.into());
        for shuffle in [Shuffle::Never, Shuffle::EveryEpoch] {
            let [fused, layered] = [Strategy::Fused, Strategy::Layered].map(|strategy| {
                let options = options(strategy, Optimizer::sgd(0.1));
                let options = TrainOptions { batch_size: BatchSize::Rows(900), shuffle, ..options };
                trained(&Cpu::new(), &network, &data, options)
            });
            near(&fused?.0, &layered?.0, &format!("{activation}, shuffle {shuffle}"));
        }
    }
    Ok(())
}

#[test]
fn runs_repeat_and_go_on_to_the_last_bit() -> Result<()> {
    let data = random_data(Task::Regression, [1500, 30, 2], 6)?;
    let network = Network::new(30, &[64, 64], 2)
        .with_activation(Activation::Sigmoid)
        .with_output(Task::Regression.into());
    for strategy in [Strategy::Fused, Strategy::Layered] {
        let whole = TrainOptions {
            batch_size: BatchSize::Rows(512),
            length: Length::Steps(40),
            ..options(strategy, Optimizer::adam(1e-3))
        };
        let first = trained(&Cpu::new(), &network, &data, whole.clone())?;
        assert!(first == trained(&Cpu::new(), &network, &data, whole.clone())?, "two runs differ");
        let half = TrainOptions { length: Length::Steps(20), ..whole };
        let mut trainer = Trainer::on(&Cpu::new(), &network, &data, half)?;
        trainer.run(quiet)?;
        trainer.run(quiet)?;
        assert!(trainer.parameters()? == first.0, "two halves differ");
    }
    Ok(())
}

#[test]
fn who_takes_which_strand_does_not_show() -> Result<()> {
    // Sixteen strands, taken by one thread, by two, by three and by eight: who is faster takes more.
    let data = random_data(Task::Binary, [36_000, 3, 1], 8)?;
    let network = Network::new(3, &[16], 1)
        .with_activation(Activation::Sigmoid)
        .with_output(Task::Binary.into());
    let options = TrainOptions {
        batch_size: BatchSize::Rows(34_000),
        length: Length::Steps(6),
        ..options(Strategy::Fused, Optimizer::adam(1e-2))
    };
    let (expected, _) = trained(&Reference, &network, &data, options.clone())?;
    let first = trained(&Cpu::with_threads(1), &network, &data, options.clone())?;
    near(&first.0, &expected, "one thread");
    for threads in [2, 3, 8] {
        for _ in 0..3 {
            let again = trained(&Cpu::with_threads(threads), &network, &data, options.clone())?;
            assert!(first == again, "{threads} threads differ");
        }
    }
    Ok(())
}

#[test]
fn who_takes_which_rows_and_units_does_not_show() -> Result<()> {
    // Rows and units that no number of threads divides, a product that is cut into blocks, and zeros
    // enough for those that leave them out where a thread has many rows. Of the hidden layers both go
    // forward by rows, one by units, and both, with weights in panels and as they are.
    let data = random_data(Task::Multiclass, [700, 300, 6], 8)?;
    let network = Network::new(300, &[333, 133], 6)
        .with_activation(Activation::Relu)
        .with_output(Task::Multiclass.into());
    for rows in [470, 90, 20, 5] {
        for optimizer in [Optimizer::sgd(0.1), Optimizer::adam(1e-2)] {
            let options = TrainOptions {
                batch_size: BatchSize::Rows(rows),
                length: Length::Steps(10),
                ..options(Strategy::Layered, optimizer)
            };
            let run =
                |threads| trained(&Cpu::with_threads(threads), &network, &data, options.clone());
            let first = run(1)?;
            // Adam makes much of a gradient that is zero but for rounding.
            if optimizer == Optimizer::sgd(0.1) {
                let (expected, _) = trained(&Reference, &network, &data, options.clone())?;
                near(&first.0, &expected, &format!("{rows} rows"));
            }
            for threads in [2, 3, 8] {
                assert!(first == run(threads)?, "{rows} rows: {threads} threads differ");
            }
        }
    }
    Ok(())
}

#[test]
fn auto_takes_it_where_rows_are_many_for_the_parameters() -> Result<()> {
    let data = random_data(Task::Multiclass, [600, 784, 10], 3)?;
    let network = |hidden: &[usize]| {
        Network::new(784, hidden, 10)
            .with_activation(Activation::Relu)
            .with_output(Task::Multiclass.into())
    };
    for (hidden, rows, expected) in [
        (&[64][..], 128, Strategy::Fused),
        (&[256, 128], 128, Strategy::Layered),
        (&[256, 128], 256, Strategy::Fused),
        (&[512], 512, Strategy::Layered),
    ] {
        let options = TrainOptions {
            batch_size: BatchSize::Rows(rows),
            ..options(Strategy::Auto, Optimizer::sgd(0.1))
        };
        let trainer = Trainer::on(&Cpu::new(), &network(hidden), &data, options)?;
        assert_eq!(trainer.strategy(), expected, "{hidden:?}, {rows} rows");
    }
    Ok(())
}

#[test]
fn the_observer_stops_it_after_whole_steps() -> Result<()> {
    let data = random_data(Task::Regression, [600, 30, 1], 6)?;
    let network = Network::new(30, &[64], 1)
        .with_activation(Activation::Sigmoid)
        .with_output(Task::Regression.into());
    for strategy in [Strategy::Fused, Strategy::Layered] {
        let options = TrainOptions {
            length: Length::Steps(1_000_000),
            log_every: 1,
            ..options(strategy, Optimizer::sgd(0.01))
        };
        let mut trainer = Trainer::on(&Cpu::new(), &network, &data, options.clone())?;
        let summary = trainer.run(|event| match event {
            Event::Step { step: 20.., .. } => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        })?;
        let steps = summary.steps;
        assert!((21..1_000_000).contains(&steps), "{strategy}: {steps} steps");
        let as_many = TrainOptions { length: Length::Steps(steps), ..options };
        assert!(
            trainer.parameters()? == trained(&Cpu::new(), &network, &data, as_many)?.0,
            "{strategy}"
        );
    }
    Ok(())
}

#[test]
fn what_it_lacks_is_refused_by_name() -> Result<()> {
    let data = random_data(Task::Regression, [300, 4, 1], 6)?;
    let network = Network::new(4, &[8], 1)
        .with_activation(Activation::Relu)
        .with_output(Task::Regression.into());
    let options = options(Strategy::Fused, Optimizer::sgd(0.01));
    let kept = TrainOptions { gradients: Gradients::Kept, ..options.clone() };
    let told = |result: Result<Trainer>| result.err().map(|error| error.to_string());
    let text = told(Trainer::on(&Cpu::new(), &network, &data, kept)).unwrap_or_default();
    assert!(text.contains("fused") && text.contains("gradients"), "{text}");
    // What goes through a workgroup's memory cannot be as wide as one likes, nor as deep.
    let software = software(ShaderChecks::Off);
    for hidden in [vec![300], vec![8; 10]] {
        let network = Network::new(4, &hidden, 1)
            .with_activation(Activation::Sigmoid)
            .with_output(Task::Regression.into());
        let refused = Trainer::on(software.as_ref(), &network, &data, options.clone());
        let text = told(refused).unwrap_or_default();
        assert!(text.contains("fused") && text.contains("layered"), "{text}");
    }
    Ok(())
}
