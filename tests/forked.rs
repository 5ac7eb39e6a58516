//! A forked process trains as its parent does: of the parent's threads it has none, and it starts its own.
//! In a process of its own, so that no other test runs in it while it forks.

#![cfg(unix)]

use std::ops::ControlFlow;

use halfplane::low_level::backend::cpu::Cpu;
use halfplane::{
    Activation, BatchSize, Dataset, Length, Network, Output, Parameters, Result, Strategy, Targets,
    TrainOptions, Trainer,
};

/// Steps long enough that threads help.
fn trained() -> Result<Parameters> {
    let numbers = |count: usize, step: usize| {
        (0..count).map(|index| (index * step % 1000) as f32 / 500.0 - 1.0).collect::<Vec<f32>>()
    };
    let (rows, inputs) = (1024, 64);
    let targets = Targets::Numbers { values: numbers(rows, 337), columns: 1 };
    let data = Dataset::new(inputs, numbers(rows * inputs, 619), targets)?;
    let network = Network::new(inputs, &[256, 256], 1)
        .with_activation(Activation::Tanh)
        .with_output(Output::Identity);
    let options = TrainOptions {
        batch_size: BatchSize::Rows(256),
        length: Length::Steps(30),
        strategy: Strategy::Layered,
        ..TrainOptions::default()
    };
    let mut trainer = Trainer::on(&Cpu::with_threads(3), &network, &data, options)?;
    trainer.run(|_| ControlFlow::Continue(()))?;
    trainer.parameters()
}

#[test]
fn a_forked_process_has_threads_of_its_own() -> Result<()> {
    let expected = trained()?;
    for _ in 0..5 {
        // SAFETY: the child calls nothing that another of the parent's threads could hold locked but
        // the allocator, which glibc and others keep usable in it, and it ends by `_exit`.
        let child = unsafe { libc::fork() };
        assert!(child >= 0, "no process");
        if child == 0 {
            let same = trained().is_ok_and(|found| found == expected);
            // SAFETY: it ends the process.
            unsafe { libc::_exit(if same { 0 } else { 1 }) };
        }
        let mut status = 0;
        // SAFETY: the status is written to where it is told.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!(status, 0, "the forked process failed, or has other weights");
        assert!(trained()? == expected, "the parent has other weights after it");
    }
    Ok(())
}
