//! What a run promises: it repeats to the bit, goes on where it stopped, tells its losses in order,
//! and stops when told.

use std::ops::ControlFlow;

use halfplane::low_level::backend::{Device, reference::Reference};
use halfplane::low_level::plan::Limits;
use halfplane::train::plan_for;
use halfplane::{
    Activation, BatchSize, Dataset, Error, Event, Length, Network, Optimizer, Output, Parameters,
    Result, Strategy, Task, TrainOptions, Trainer,
};

use crate::support::{Gap, devices, quiet, random_data};

/// Five steps an epoch, the last of five rows only.
const ROWS: usize = 37;
const BATCH: usize = 8;
const PER_EPOCH: u64 = 5;

/// What a run left: its events up to the end, and the weights.
#[derive(Debug, PartialEq)]
struct Run {
    events: Vec<Event>,
    parameters: Parameters,
}

impl Run {
    fn losses(&self) -> Vec<f32> {
        let loss = |event: &Event| match *event {
            Event::Step { loss, .. } => Some(loss),
            _ => None,
        };
        self.events.iter().filter_map(loss).collect()
    }

    /// The losses, and W and b of each layer.
    fn tensors(self) -> Vec<Vec<f32>> {
        let losses = self.losses();
        let layers = self.parameters.layers.into_iter();
        [losses].into_iter().chain(layers.flat_map(|layer| [layer.weight, layer.bias])).collect()
    }
}

#[test]
fn a_run_repeats_to_the_bit() -> Result<()> {
    // Wide enough for several workgroups, and for the CPU's threads.
    let wide = Network::new(101, &[150, 120], 10)
        .with_activation(Activation::Sigmoid)
        .with_output(Output::Softmax);
    let wide_data = random_data(Task::Multiclass, [301, 101, 10], 2)?;
    let wide_options = TrainOptions { batch_size: BatchSize::Rows(64), ..options(20) };
    for device in devices() {
        let (device, name) = (device.as_ref(), device.name());
        let runs = [run(device, options(60))?, run(device, options(60))?];
        assert!(runs[0] == runs[1], "{name}: two runs differ");
        let again = || train(device, &wide, &wide_data, wide_options.clone());
        assert!(again()? == again()?, "{name}: two wide runs differ");
    }
    Ok(())
}

/// Twelve shuffled epochs on the twins, the CPU path and the software adapter: the same rows in
/// the same order, so nothing but rounding parts them. The largest error seen is 6e-7.
#[test]
fn devices_agree() -> Result<()> {
    const TOLERANCE: f64 = 2e-6;
    let reference = run(&Reference, options(60))?.tensors();
    for device in devices() {
        let found = run(device.as_ref(), options(60))?.tensors();
        let gaps = found.iter().zip(&reference).map(|(f, e)| Gap::over_largest(f, e));
        let worst = gaps.max_by(|a, b| a.error.total_cmp(&b.error)).expect("a run has losses");
        println!("{} against the twins: {worst:?}", device.name());
        assert!(worst.error <= TOLERANCE, "{} against the twins: {worst:?}", device.name());
    }
    Ok(())
}

/// Cut within an epoch: 33 steps are six epochs and three steps.
#[test]
fn two_runs_in_a_row_equal_one() -> Result<()> {
    let data = data()?;
    for device in devices() {
        let whole = run(device.as_ref(), options(66))?;
        let mut trainer = Trainer::on(device.as_ref(), &network(), &data, options(33))?;
        let mut events = record(&mut trainer)?;
        events.extend(record(&mut trainer)?);
        let parts = Run { events, parameters: trainer.parameters()? };
        assert_eq!(trainer.step(), 66);
        assert_eq!(parts.events, whole.events, "{}", device.name());
        assert!(parts == whole, "{}: the weights differ", device.name());
    }
    Ok(())
}

#[test]
fn an_epochs_loss_is_the_mean_over_its_rows() -> Result<()> {
    const EPOCHS: u64 = 4;
    for device in devices() {
        let options = TrainOptions { length: Length::Epochs(EPOCHS), ..options(1) };
        let found = run(device.as_ref(), options)?;
        let losses = found.losses();
        let epochs: Vec<(u64, f64)> = found
            .events
            .iter()
            .filter_map(|event| match *event {
                Event::Epoch { epoch, train_loss, .. } => Some((epoch, train_loss)),
                _ => None,
            })
            .collect();
        assert_eq!(losses.len() as u64, EPOCHS * PER_EPOCH);
        assert_eq!(epochs.len() as u64, EPOCHS);
        for (index, (number, found)) in epochs.into_iter().enumerate() {
            let steps = &losses[index * PER_EPOCH as usize..][..PER_EPOCH as usize];
            let rows = |step: usize| BATCH.min(ROWS - step * BATCH) as f64;
            let sum: f64 = steps.iter().enumerate().map(|(s, l)| rows(s) * f64::from(*l)).sum();
            let expected = sum / ROWS as f64;
            assert_eq!(number, index as u64, "{}", device.name());
            assert!((found - expected).abs() < 1e-12, "{}: {found}", device.name());
        }
    }
    Ok(())
}

#[test]
fn an_observer_can_break_off() -> Result<()> {
    const LAST: u64 = 7;
    const LONG: u64 = 100_000;
    let data = data()?;
    for device in devices() {
        let name = device.name();
        let mut trainer = Trainer::on(device.as_ref(), &network(), &data, options(LONG))?;
        let mut seen = Vec::new();
        let summary = trainer.run(|event| {
            seen.push(event.clone());
            match event {
                Event::Step { step: LAST, .. } => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        })?;
        // A GPU finishes the steps that are on their way, and no more.
        assert!((LAST + 1..LONG).contains(&summary.steps), "{name}: {} steps", summary.steps);
        assert_eq!(trainer.step(), summary.steps, "{name}");
        let [.., last, end] = &seen[..] else { panic!("{name}: {seen:?}") };
        assert!(matches!(last, Event::Step { step: LAST, .. }), "{name}: {last:?}");
        assert_eq!(*end, Event::End(summary), "{name}");
    }
    Ok(())
}

/// An epoch of which some losses were never told has the mean of the others, not a part of it.
#[test]
fn a_run_can_go_on_after_breaking_off() -> Result<()> {
    let data = data()?;
    for device in devices() {
        let mut trainer = Trainer::on(device.as_ref(), &network(), &data, options(12))?;
        trainer.run(|_| ControlFlow::Break(()))?;
        let first = trainer.step();
        let events = record(&mut trainer)?;
        let steps = events.iter().filter_map(|event| match *event {
            Event::Step { step, .. } => Some(step),
            _ => None,
        });
        assert!(steps.eq(first..first + 12), "{}", device.name());
        for event in &events {
            if let Event::Epoch { train_loss, .. } = event {
                // Of three classes, almost nothing being learnt yet: ln 3.
                assert!((train_loss - 3f64.ln()).abs() < 0.3, "{}: {event:?}", device.name());
            }
        }
    }
    Ok(())
}

#[test]
fn divergence_is_an_error_that_names_the_step() -> Result<()> {
    let data = random_data(Task::Regression, [ROWS, 5, 1], 3)?;
    let network = Network::new(5, &[], 1).with_output(Output::Identity);
    for device in devices() {
        let diverge = |steps| {
            let options = TrainOptions { optimizer: Optimizer::sgd(1e20), ..options(steps) };
            let mut trainer = Trainer::on(device.as_ref(), &network, &data, options)?;
            trainer.run(quiet)
        };
        // The first loss is sound, the second step's is not: squares of 1e20 are past float32.
        match diverge(100) {
            Err(Error::Diverged { step: 1, loss, lr: 1e20 }) => assert!(!loss.is_finite()),
            other => panic!("{}: {other:?}", device.name()),
        }
        // Where no step comes after, the final evaluation tells.
        match diverge(1) {
            Err(Error::Diverged { step: 1, loss, .. }) => assert!(!loss.is_finite()),
            other => panic!("{}: {other:?}", device.name()),
        }
    }
    Ok(())
}

/// A GPU's losses come back through a ring: past its end, each must still be its own.
#[test]
fn losses_outlast_the_ring() -> Result<()> {
    const STEPS: usize = 17_000;
    let data = random_data(Task::Regression, [12, 5, 1], 4)?;
    let network = Network::new(5, &[], 1).with_output(Output::Identity);
    let options = TrainOptions {
        optimizer: Optimizer::sgd(1e-4),
        batch_size: BatchSize::Full,
        ..options(STEPS as u64)
    };
    let plan = plan_for(&network, &data, &options, &Limits::unlimited("any"))?;
    assert!(plan.history_steps() < STEPS, "the ring never comes round");
    let [cpu, software] = devices().map(|device| {
        Ok::<_, Error>(train(device.as_ref(), &network, &data, options.clone())?.losses())
    });
    let (cpu, software) = (cpu?, software?);
    assert_eq!((cpu.len(), software.len()), (STEPS, STEPS));
    // Rounding is far less than what a step takes off the loss, so that no neighbour's would pass.
    let step = cpu.windows(2).map(|pair| pair[0] - pair[1]).fold(f32::INFINITY, f32::min);
    let tolerance = f64::from(step / cpu[0]) / 2.0;
    let gap = Gap::over_largest(&software, &cpu);
    assert!(gap.error < tolerance, "{gap:?}, where {tolerance} would pass");
    Ok(())
}

fn network() -> Network {
    Network::new(5, &[9, 7], 3).with_activation(Activation::Tanh).with_output(Output::Softmax)
}

fn data() -> Result<Dataset> {
    random_data(Task::Multiclass, [ROWS, 5, 3], 1)
}

/// Shuffled mini-batches, Adam, every step logged, a dispatch a layer.
pub(crate) fn options(steps: u64) -> TrainOptions {
    TrainOptions {
        strategy: Strategy::Layered,
        optimizer: Optimizer::adam(0.01),
        batch_size: BatchSize::Rows(BATCH),
        length: Length::Steps(steps),
        log_every: 1,
        ..TrainOptions::default()
    }
}

fn run(device: &dyn Device, options: TrainOptions) -> Result<Run> {
    train(device, &network(), &data()?, options)
}

fn train(
    device: &dyn Device,
    network: &Network,
    data: &Dataset,
    options: TrainOptions,
) -> Result<Run> {
    let mut trainer = Trainer::on(device, network, data, options)?;
    Ok(Run { events: record(&mut trainer)?, parameters: trainer.parameters()? })
}

/// Trains; all events but the end, which holds the time.
pub(crate) fn record(trainer: &mut Trainer) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    trainer.run(|event| {
        if !matches!(event, Event::End(_)) {
            events.push(event.clone());
        }
        ControlFlow::Continue(())
    })?;
    Ok(events)
}
