//! The weights that a run shows while they change.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use halfplane::low_level::backend::{Device, cpu::Cpu};
use halfplane::{
    Activation, BatchSize, Event, Length, Network, Parameters, Result, ShaderChecks, Strategy,
    Task, TrainOptions, Trainer,
};

use crate::support::{random_data, software};

#[test]
fn cpu_path() -> Result<()> {
    check(&Cpu::new())
}

#[test]
fn software_adapter() -> Result<()> {
    check(software(ShaderChecks::Off).as_ref())
}

fn check(device: &dyn Device) -> Result<()> {
    let data = random_data(Task::Binary, [50, 4, 1], 7)?;
    let network = Network::new(4, &[6], 1).with_activation(Activation::Sigmoid);
    for strategy in [Strategy::Layered, Strategy::Resident] {
        let trainer = |steps| {
            let options = TrainOptions {
                batch_size: BatchSize::Rows(16),
                length: Length::Steps(steps),
                strategy,
                ..TrainOptions::default()
            };
            Trainer::on(device, &network, &data, options)
        };
        let after = |steps: u64| -> Result<Parameters> {
            let mut trainer = trainer(steps)?;
            trainer.run(|_| ControlFlow::Continue(()))?;
            trainer.parameters()
        };
        // With no time between them, each leg ends as soon as it can.
        let mut watched = trainer(300)?.showing_weights(Duration::ZERO);
        let mut shown: Vec<(u64, Arc<Parameters>)> = Vec::new();
        watched.run(|event| {
            if let Event::Weights { step, parameters } = event {
                shown.push((*step, Arc::clone(parameters)));
            }
            ControlFlow::Continue(())
        })?;
        assert_eq!(watched.parameters()?, after(300)?, "{strategy}: watching changes nothing");
        assert!(!shown.is_empty(), "{strategy}: nothing was shown");
        assert!(shown.is_sorted_by_key(|(step, _)| *step), "{strategy}");
        for (step, parameters) in shown.iter().take(3) {
            assert_eq!(**parameters, after(*step)?, "{strategy}: the weights after step {step}");
        }
    }
    Ok(())
}
