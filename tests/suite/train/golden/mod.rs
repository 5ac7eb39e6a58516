//! Fifty small runs against PyTorch's own numbers, on every device: initial weights, gradients,
//! the whole loss curve, final weights and outputs. `tests/golden/make.py` made the files.

mod case;
mod report;

use std::ops::ControlFlow;

use halfplane::low_level::backend::{Device, cpu::Cpu};
use halfplane::low_level::plan::{DeviceKind, Gradients};
use halfplane::{Event, Parameters, Result, ShaderChecks, Strategy, TrainOptions, Trainer};

use crate::support::software;
use case::Case;
use report::{Report, Tolerances};

/// float32 adds up in another order here than in PyTorch, so a device may stray as far from it as
/// PyTorch itself strays from float64. Every device stays within 1.2 times that (final weights:
/// 2.7, where a plateau makes the most of each bit); the rest is for processors yet unseen.
const TOLERANCES: Tolerances =
    Tolerances { gradients: 4.0, losses: 4.0, trained: 8.0, outputs: 4.0 };

#[test]
fn cpu_path() -> Result<()> {
    check(&Cpu::new())
}

#[test]
fn software_adapter() -> Result<()> {
    check(software(ShaderChecks::Off).as_ref())
}

#[test]
fn software_adapter_with_shader_checks() -> Result<()> {
    check(software(ShaderChecks::On).as_ref())
}

/// Runs every case on a device.
fn check(device: &dyn Device) -> Result<()> {
    let cases = Case::all();
    assert!(cases.len() >= 50, "only {} golden files", cases.len());
    let mut report = Report::default();
    for case in &cases {
        run(device, case, Strategy::Layered, &mut report)?;
        let is_cpu = device.limits().kind == DeviceKind::Cpu;
        // On an adapter that a CPU pretends to be, a large network in one workgroup takes minutes.
        let fits = is_cpu || case.network.parameters() < 3000;
        for (strategy, runs) in [(Strategy::Resident, fits), (Strategy::Fused, is_cpu)] {
            if !case.suits(strategy) {
                refuses(device, case, strategy)?;
            } else if runs {
                run(device, case, strategy, &mut report)?;
            }
        }
    }
    report.conclude(device.name());
    Ok(())
}

/// What a strategy has not got is refused by name, and `auto` takes another one.
fn refuses(device: &dyn Device, case: &Case, strategy: Strategy) -> Result<()> {
    let data = case.dataset()?;
    let on = |strategy| {
        let options = TrainOptions { gradients: Gradients::Fused, ..case.options(strategy) };
        Trainer::on(device, &case.network, &data, options)
    };
    assert_ne!(on(Strategy::Auto)?.strategy(), strategy, "{}", case.name);
    let text = on(strategy).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(text.contains(strategy.name()) && text.contains("`strategy = layered`"), "{text}");
    Ok(())
}

fn run(device: &dyn Device, case: &Case, strategy: Strategy, report: &mut Report) -> Result<()> {
    let data = case.dataset()?;
    let mut trainer = Trainer::on(device, &case.network, &data, case.options(strategy))?;
    report.initial(case, &Parameters::pytorch(&case.network, case.seed));
    report.initial(case, &trainer.parameters()?);
    assert_eq!(trainer.strategy(), strategy, "{}", case.name);
    if strategy == Strategy::Layered {
        report.gradients(case, &trainer.gradients()?, &TOLERANCES);
    }
    let mut losses = Vec::new();
    trainer.run(|event| {
        if let Event::Step { step, loss } = *event {
            assert_eq!(step, losses.len() as u64, "{}: steps in order", case.name);
            losses.push(loss);
        }
        ControlFlow::Continue(())
    })?;
    report.losses(case, &losses, &TOLERANCES);
    report.trained(case, &trainer.parameters()?, &TOLERANCES);
    report.outputs(case, &trainer.predict()?, &TOLERANCES);
    Ok(())
}
