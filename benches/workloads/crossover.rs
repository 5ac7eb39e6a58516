//! Step times of all strategies over a grid of networks and batches, as a Markdown table: the data
//! for the thresholds of `auto`.

use std::ops::ControlFlow;

use halfplane::{
    Activation, BatchSize, Dataset, Length, Network, Optimizer, Strategy, Targets, TrainOptions,
    Trainer,
};

use super::workload::signed;
use super::{Bench, Result};

const INPUTS: usize = 16;
const HIDDEN: [&[usize]; 7] = [&[4], &[16], &[64], &[256], &[16, 16], &[64, 32], &[10, 10, 10]];
const BATCHES: [usize; 5] = [4, 32, 256, 2048, 16_384];

const STRATEGIES: [Strategy; 3] = [Strategy::Resident, Strategy::Layered, Strategy::Fused];

/// The shortest measurement, in seconds.
const LONG_ENOUGH: f64 = 0.2;

/// Measures and prints the table, from small steps to large ones.
pub(crate) fn measure(bench: &Bench) -> Result<()> {
    println!("{}, {}", bench.about.device, bench.about.driver.as_deref().unwrap_or("no driver"));
    println!();
    println!(
        "| network | batch | operations forward | resident, µs | layered, µs | fused, µs | fastest | auto |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let mut cases: Vec<(Network, usize)> = HIDDEN
        .iter()
        .map(|hidden| Network::new(INPUTS, hidden, 1).with_activation(Activation::Relu))
        .flat_map(|network| BATCHES.map(|batch| (network.clone(), batch)))
        .collect();
    let work = |(network, batch): &(Network, usize)| *batch as u64 * network.flops_forward();
    cases.sort_by_key(work);
    for case in &cases {
        let (network, batch) = case;
        let data = data(4 * batch)?;
        // Not every strategy supports every network, batch and device.
        let times =
            STRATEGIES.map(|strategy| step_seconds(bench, network, &data, *batch, strategy).ok());
        let tried = STRATEGIES
            .into_iter()
            .zip(times)
            .filter_map(|(strategy, time)| Some((strategy, time?)));
        let (fastest, _) = tried.min_by(|a, b| a.1.total_cmp(&b.1)).ok_or("no strategy works")?;
        let auto = trainer(bench, network, &data, *batch, Strategy::Auto, 1)?.strategy();
        let [resident, layered, fused] =
            times.map(|time| time.map_or("–".into(), |time| format!("{:.2}", 1e6 * time)));
        let work = work(case);
        println!(
            "| {network} | {batch} | {work} | {resident} | {layered} | {fused} | {fastest} | {auto} |"
        );
    }
    Ok(())
}

fn data(rows: usize) -> Result<Dataset> {
    let x = signed(0, rows * INPUTS);
    let values = x.chunks_exact(INPUTS).map(|row| f32::from(row[0] * row[1] > 0.0)).collect();
    Ok(Dataset::new(INPUTS, x, Targets::Binary { values, columns: 1 })?)
}

fn trainer(
    bench: &Bench,
    network: &Network,
    data: &Dataset,
    batch: usize,
    strategy: Strategy,
    steps: u64,
) -> Result<Trainer> {
    let options = TrainOptions {
        optimizer: Optimizer::adam(1e-3),
        batch_size: BatchSize::Rows(batch),
        length: Length::Steps(steps),
        strategy,
        ..TrainOptions::default()
    };
    Ok(Trainer::on(bench.device.as_ref(), network, data, options)?)
}

/// Seconds per step: the best of three runs of sufficient length, after a warm-up.
fn step_seconds(
    bench: &Bench,
    network: &Network,
    data: &Dataset,
    batch: usize,
    strategy: Strategy,
) -> Result<f64> {
    let mut steps = 16;
    loop {
        let mut trainer = trainer(bench, network, data, batch, strategy, steps)?;
        let mut seconds = f64::INFINITY;
        trainer.run(|_| ControlFlow::Continue(()))?;
        for _ in 0..3 {
            seconds = seconds.min(trainer.run(|_| ControlFlow::Continue(()))?.seconds);
        }
        if seconds >= LONG_ENOUGH {
            return Ok(seconds / steps as f64);
        }
        steps = (steps as f64 * (1.2 * LONG_ENOUGH / seconds).clamp(2.0, 32.0)) as u64;
    }
}
