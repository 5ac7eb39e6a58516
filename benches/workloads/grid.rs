//! Many XOR networks in one call against one alone: how well they scale over cores or workgroups.

use std::ops::ControlFlow;
use std::time::Instant;

use halfplane::train::{Candidate, Grid, Trained};
use halfplane::{
    Activation, BatchSize, Dataset, Length, Network, Optimizer, Parameters, Strategy, TrainOptions,
    Trainer,
};
use serde::Serialize;

use super::{Bench, Result};

#[derive(Serialize)]
struct Scaling {
    networks: u64,
    steps: u64,
    /// All networks in one call.
    seconds: f64,
    /// One network alone, on one core or in one workgroup.
    one_seconds: f64,
    /// seconds / (networks · one_seconds)
    share: f64,
}

const STEPS: u64 = 10_001;

/// Runs of each, alternating; the fastest counts.
const RUNS: u32 = 5;

/// Measures and prints one line, after checking that some networks have the same weights as when
/// they are trained alone.
pub(crate) fn measure(bench: &Bench, networks: u64) -> Result<()> {
    let data = Dataset::xor();
    let candidates: Vec<Candidate> = (0..networks)
        .map(|seed| {
            let network = Network::new(2, &[2], 1).with_activation(Activation::Sigmoid);
            Candidate::new(network, seed, 1.0, 0..4)
        })
        .collect();
    let mut grid = Grid::on(bench.device.as_ref(), &candidates, &data, options(0))?;
    let trained = grid.run()?;
    for seed in [0, networks / 2, networks - 1] {
        let (_, alone) = one(bench, &data, seed)?;
        check(&trained, seed, &alone)?;
    }
    let mut seconds = f64::INFINITY;
    let mut one_seconds = f64::INFINITY;
    for _ in 0..RUNS {
        let started = Instant::now();
        grid.run()?;
        seconds = seconds.min(started.elapsed().as_secs_f64());
        one_seconds = one_seconds.min(one(bench, &data, 0)?.0);
    }
    let share = seconds / (networks as f64 * one_seconds);
    bench.print(Scaling { networks, steps: STEPS, seconds, one_seconds, share })
}

fn options(seed: u64) -> TrainOptions {
    TrainOptions {
        optimizer: Optimizer::sgd(1.0),
        batch_size: BatchSize::Full,
        length: Length::Steps(STEPS),
        strategy: Strategy::Resident,
        seed,
        ..TrainOptions::default()
    }
}

/// One network alone: the seconds of its second run, and its weights after the first.
fn one(bench: &Bench, data: &Dataset, seed: u64) -> Result<(f64, Parameters)> {
    let network = Network::new(2, &[2], 1).with_activation(Activation::Sigmoid);
    let mut trainer = Trainer::on(bench.device.as_ref(), &network, data, options(seed))?;
    trainer.run(|_| ControlFlow::Continue(()))?;
    let weights = trainer.parameters()?;
    let summary = trainer.run(|_| ControlFlow::Continue(()))?;
    Ok((summary.seconds, weights))
}

fn check(trained: &[Trained], seed: u64, alone: &Parameters) -> Result<()> {
    match trained.get(seed as usize) {
        Some(one) if one.parameters == *alone => Ok(()),
        _ => Err(format!("network {seed} has other weights in the grid than alone").into()),
    }
}
