//! The CPU path beside busy programs: the workloads and five small tables, alone and beside one and two
//! programs that each keep a core busy, on one thread and on all, in turn.

use std::ops::ControlFlow;
use std::process::{Child, Command, Stdio};

use halfplane::data::{Source, TableOptions, prepare};
use halfplane::low_level::backend::cpu::Cpu;
use halfplane::{Dataset, Network, Recipe, Strategy, TrainOptions, Trainer};
use serde::Serialize;

use super::workload::Workload;
use super::{Bench, Result};

/// Small tables of this repository, trained as `halfplane train` does with nothing else typed.
const TABLES: [&str; 5] = ["iris", "wine", "penguins", "breast_cancer", "diabetes"];

/// Busy programs.
const PROGRAMS: [usize; 3] = [0, 1, 2];

/// Pairs of runs, one thread and all, of a long run and of a short one; the median counts. The system
/// gives a core to one program for some milliseconds at a time, about as long as a short run.
const PAIRS: [usize; 2] = [5, 51];

/// Seconds of a short run, at most.
const SHORT: f64 = 0.05;

/// The argument that makes this program a busy one.
pub(crate) const BUSY: &str = "busy-loop";

#[derive(Serialize)]
struct Found<'a> {
    task: &'a str,
    busy_programs: usize,
    /// Medians.
    one_thread_seconds: f64,
    all_threads_seconds: f64,
    /// all / min(one, all), the median over the pairs.
    ratio: f64,
}

/// What is trained.
struct Task {
    name: String,
    network: Network,
    data: Dataset,
    options: TrainOptions,
}

/// Measures and prints a line for each task and number of busy programs.
pub(crate) fn measure(bench: &Bench, names: &[String]) -> Result<()> {
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    let mut tasks = Vec::new();
    for workload in Workload::named(&[])?.iter().filter(|workload| wanted(&workload.name)) {
        tasks.push(Task {
            name: workload.name.clone(),
            network: workload.network(),
            data: workload.data()?,
            options: workload.options(Strategy::Auto),
        });
    }
    for name in TABLES.into_iter().filter(|name| wanted(name)) {
        tasks.push(table(name)?);
    }
    for task in &tasks {
        for count in PROGRAMS {
            let programs = Programs::start(count)?;
            let mut pairs: Vec<[f64; 2]> = Vec::new();
            let [long, short] = PAIRS;
            while pairs.len() < long || (pairs.len() < short && pairs[0][0] < SHORT) {
                let one = seconds(task, Cpu::with_threads(1))?;
                pairs.push([one, seconds(task, Cpu::new())?]);
            }
            drop(programs);
            bench.print(Found {
                task: &task.name,
                busy_programs: count,
                one_thread_seconds: median(pairs.iter().map(|[one, _]| *one)),
                all_threads_seconds: median(pairs.iter().map(|[_, all]| *all)),
                ratio: median(pairs.iter().map(|[one, all]| all / one.min(*all))),
            })?;
        }
    }
    Ok(())
}

fn table(name: &str) -> Result<Task> {
    let path = format!("{}/tests/data/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    let prepared = prepare(&Source::File(path.into()), &TableOptions::default())?;
    let Recipe { network, options, .. } = Recipe::for_data(&prepared.training);
    Ok(Task { name: name.into(), network, data: prepared.training, options })
}

/// The seconds of a run from its initial weights, everything else being ready.
fn seconds(task: &Task, device: Cpu) -> Result<f64> {
    let mut trainer = Trainer::on(&device, &task.network, &task.data, task.options.clone())?;
    Ok(trainer.run(|_| ControlFlow::Continue(()))?.seconds)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Programs that keep a core busy each, until this is dropped.
struct Programs(Vec<Child>);

impl Programs {
    fn start(count: usize) -> Result<Self> {
        let mut programs = Self(Vec::new());
        for _ in 0..count {
            let mut command = Command::new(std::env::current_exe()?);
            programs.0.push(command.arg(BUSY).stdin(Stdio::null()).spawn()?);
        }
        Ok(programs)
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        for program in &mut self.0 {
            // One that has ended by itself needs no end.
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

/// Keeps a core busy until it is killed.
pub(crate) fn keep_busy() -> ! {
    let mut number = 1u64;
    loop {
        number =
            std::hint::black_box(number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
}
