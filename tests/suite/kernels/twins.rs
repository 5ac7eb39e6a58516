//! Every kernel at ragged sizes on every device that a test can have, against its naive twin; and
//! a run repeated on one device, to the last bit.

use std::ops::ControlFlow;

use super::spoiled::{Spoil, Spoiled};
use crate::support::{opened, quiet, random_data, software};
use halfplane::low_level::backend::Device;
use halfplane::low_level::backend::cpu::Cpu;
use halfplane::low_level::backend::gpu::{self, ImmediateStorage};
use halfplane::low_level::check::{Check, check_kernels};
use halfplane::low_level::plan::Gradients;
use halfplane::low_level::platform::block_on;
use halfplane::{
    Activation, BatchSize, Dataset, DeviceChoice, Event, Length, Network, Optimizer, Output,
    Result, ShaderChecks, Task, TrainOptions, Trainer,
};

/// Checks a device, and tells how near each kernel came to its tolerance.
fn assert_passes(device: &dyn Device) -> Result<()> {
    let checks = block_on(check_kernels(device, |_| ()))?;
    for of_kernel in checks.chunk_by(|a, b| a.kernel == b.kernel) {
        let worst = of_kernel.iter().max_by(|a, b| a.worst.total_cmp(&b.worst));
        let Some(Check { kernel, case, worst, tolerance, .. }) = worst else { continue };
        let count = of_kernel.len();
        println!("{kernel}: {count} cases, at worst {worst} of {tolerance} steps off ({case})");
    }
    let faults: Vec<String> = checks
        .iter()
        .filter_map(|check| Some((check, check.fault.as_ref()?)))
        .map(|(check, fault)| format!("{} {}: {fault}", check.kernel, check.case))
        .collect();
    assert!(
        faults.is_empty(),
        "{} of {} checks failed on {}:\n{}",
        faults.len(),
        checks.len(),
        device.name(),
        faults.join("\n")
    );
    Ok(())
}

#[test]
fn cpu_path_agrees_with_the_twins() -> Result<()> {
    assert_passes(&Cpu::new())
}

#[test]
fn software_adapter_agrees_with_the_twins() -> Result<()> {
    assert_passes(software(ShaderChecks::Off).as_ref())
}

#[test]
fn software_adapter_with_bounds_checks_agrees_with_the_twins() -> Result<()> {
    assert_passes(software(ShaderChecks::On).as_ref())
}

/// As in a browser, which has no immediates.
#[test]
fn software_adapter_with_a_uniform_buffer_agrees_with_the_twins() -> Result<()> {
    let (choice, storage) = (DeviceChoice::Software, ImmediateStorage::UniformBuffer);
    assert_passes(&block_on(gpu::open(&choice, ShaderChecks::Off, storage))?)
}

/// The checks themselves: what was spoiled fails, what was not passes.
#[test]
fn wrong_devices_are_found_out() -> Result<()> {
    let checks = block_on(check_kernels(&Spoiled(Cpu::new()), |_| ()))?;
    for check in &checks {
        let spoil = Spoil::of(&check.case);
        let Check { kernel, case, fault, .. } = check;
        assert_eq!(
            check.passed(),
            spoil == Spoil::None,
            "{kernel} {case}, spoiled: {spoil:?}, found: {fault:?}"
        );
    }
    for kind in [Spoil::None, Spoil::Number, Spoil::Margin, Spoil::Input] {
        let count = checks.iter().filter(|check| Spoil::of(&check.case) == kind).count();
        assert!(count > 50, "{kind:?} came to only {count} of {} cases", checks.len());
    }
    Ok(())
}

fn three_classes(rows: usize) -> Result<(Network, Dataset)> {
    let network = Network::new(7, &[37, 18], 3)
        .with_activation(Activation::Gelu)
        .with_output(Output::Softmax);
    Ok((network, random_data(Task::Multiclass, [rows, 7, 3], 5)?))
}

fn options(batch: usize, gradients: Gradients) -> TrainOptions {
    TrainOptions {
        optimizer: Optimizer::adam(0.01),
        batch_size: BatchSize::Rows(batch),
        length: Length::Steps(50),
        log_every: 1,
        gradients,
        ..TrainOptions::default()
    }
}

/// The bits of all losses and of all parameters at the end of a training on so many rows.
fn train(device: &dyn Device, [rows, batch]: [usize; 2]) -> Result<(Vec<u32>, Vec<u32>)> {
    let (network, data) = three_classes(rows)?;
    let mut trainer = Trainer::on(device, &network, &data, options(batch, Gradients::Fused))?;
    let mut losses = Vec::new();
    trainer.run(|event| {
        if let Event::Step { loss, .. } = event {
            losses.push(loss.to_bits());
        }
        ControlFlow::Continue(())
    })?;
    let parameters = trainer.parameters()?;
    let layers = parameters.layers.iter().flat_map(|layer| layer.weight.iter().chain(&layer.bias));
    Ok((losses, layers.map(|number| number.to_bits()).collect()))
}

#[test]
fn training_repeats_to_the_last_bit() -> Result<()> {
    // The gradients of the larger batch are summed in ranges.
    for sizes in [[203, 32], [1500, 1200]] {
        let (losses, parameters) = train(opened(ShaderChecks::Off).as_ref(), sizes)?;
        assert_eq!(losses.len(), 50);
        assert_ne!(losses[0], losses[49], "nothing was trained");
        let (again, parameters_again) = train(opened(ShaderChecks::Off).as_ref(), sizes)?;
        assert_eq!(losses, again);
        assert_eq!(parameters, parameters_again);
    }
    Ok(())
}

#[test]
fn replays_repeat_to_the_last_bit() -> Result<()> {
    let device = software(ShaderChecks::Off);
    let (network, data) = three_classes(203)?;
    let options = options(32, Gradients::Kept);
    let mut trainer = Trainer::on(device.as_ref(), &network, &data, options)?;
    trainer.run(quiet)?;
    let gradients = trainer.gradients()?;
    assert!(gradients.layers.iter().any(|layer| layer.weight.iter().any(|&g| g != 0.0)));
    assert_eq!(gradients, trainer.gradients()?);
    assert_eq!(trainer.predict()?, trainer.predict()?);
    Ok(())
}
