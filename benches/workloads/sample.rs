//! The protocol of a sample: a few steps whose loss all programs must agree on; then a warm-up run
//! from the initial weights, and as many steps again, timed.

use std::ops::ControlFlow;
use std::time::Instant;

use halfplane::{Dataset, Strategy, Summary, TrainOptions, Trainer};
use serde::Serialize;

use super::workload::{Moment, Workload};
use super::{Bench, Result};

/// One sample.
#[derive(Serialize)]
struct Sample<'a> {
    workload: &'a str,
    strategy: Strategy,
    steps: u64,
    /// All steps, with data and weights on the device and everything compiled.
    seconds: f64,
    /// The same, with the upload of data and weights and the readback of the weights.
    total_seconds: f64,
    /// The warm-up run, which includes compiling and tuning.
    warm_up_seconds: f64,
    losses: Losses,
}

/// Losses on all rows.
#[derive(Serialize)]
struct Losses {
    early: f64,
    once: f64,
    twice: f64,
}

/// Takes and prints samples of a workload.
pub(crate) fn take(
    bench: &Bench,
    workload: &Workload,
    strategy: Strategy,
    samples: u32,
) -> Result<()> {
    let data = workload.data()?;
    let mut trainer = on(bench, workload, &data, workload.options_early(strategy))?;
    let early = run(&mut trainer)?.evaluation.loss;
    workload.check(Moment::Early, early)?;
    drop(trainer);
    for _ in 0..samples {
        let started = Instant::now();
        let mut trainer = on(bench, workload, &data, workload.options(strategy))?;
        let upload = started.elapsed().as_secs_f64();
        let warm_up = run(&mut trainer)?;
        workload.check(Moment::Once, warm_up.evaluation.loss)?;
        let summary = run(&mut trainer)?;
        workload.check(Moment::Twice, summary.evaluation.loss)?;
        let started = Instant::now();
        trainer.parameters()?;
        let download = started.elapsed().as_secs_f64();
        bench.print(Sample {
            workload: &workload.name,
            strategy: summary.strategy,
            steps: workload.steps,
            seconds: summary.seconds,
            total_seconds: upload + summary.seconds + download,
            warm_up_seconds: warm_up.seconds,
            losses: Losses { early, once: warm_up.evaluation.loss, twice: summary.evaluation.loss },
        })?;
    }
    Ok(())
}

/// A trainer on the bench's device: plan, buffers, upload. Shaders are compiled by the first run.
fn on(
    bench: &Bench,
    workload: &Workload,
    data: &Dataset,
    options: TrainOptions,
) -> Result<Trainer> {
    Ok(Trainer::on(bench.device.as_ref(), &workload.network(), data, options)?)
}

fn run(trainer: &mut Trainer) -> Result<Summary> {
    Ok(trainer.run(|_| ControlFlow::Continue(()))?)
}
