//! The six workloads of `benches/peers`, one JSON line per sample.
//!
//! ```sh
//! cargo bench --bench workloads -- --device cpu --workload mnist --samples 5
//! cargo bench --bench workloads -- --device gpu --crossover
//! cargo bench --bench workloads -- --busy
//! ```
//!
//! `docs/benchmarks.md` describes data, initial weights, protocol and the losses that a run must
//! reach. A sample with wrong losses is an error.

mod busy;
mod crossover;
mod dispatches;
mod grid;
mod sample;
mod workload;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use halfplane::low_level::backend::{self, Device};
use halfplane::low_level::platform::block_on;
use halfplane::{DeviceChoice, ShaderChecks, Strategy};
use serde::Serialize;

use workload::Workload;

/// Errors are those of the library, and wrong losses.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Times the six workloads, one JSON line per sample.
#[derive(Parser)]
#[command(name = "workloads")]
struct Arguments {
    /// auto, gpu, software, cpu, or a part of an adapter's name
    #[arg(long, default_value = "cpu")]
    device: DeviceChoice,
    /// A workload; may be repeated [default: all]
    #[arg(long)]
    workload: Vec<String>,
    /// Samples of each workload
    #[arg(long, default_value_t = 1)]
    samples: u32,
    /// The strategy: auto, layered, resident, fused
    #[arg(long, default_value = "auto")]
    strategy: Strategy,
    /// Instead: print program and device only
    #[arg(long)]
    describe: bool,
    /// Instead: step times of every strategy over a grid of sizes
    #[arg(long, conflicts_with = "describe")]
    crossover: bool,
    /// Instead: time every matrix product of the workloads, and square ones, on its own
    #[arg(long, conflicts_with_all = ["describe", "crossover"])]
    dispatches: bool,
    /// Instead: this many XOR networks in one call, against one alone
    #[arg(long, value_name = "NETWORKS", conflicts_with_all = ["describe", "crossover", "dispatches"])]
    grid: Option<u64>,
    /// Instead: the workloads and five small tables on the CPU path, one thread and all in turn, alone
    /// and beside one and two programs that keep a core busy
    #[arg(long, conflicts_with_all = ["describe", "crossover", "dispatches", "grid"])]
    busy: bool,
    /// Ignored; added by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

/// A device, and its description for every line.
struct Bench {
    device: Box<dyn Device>,
    about: About,
}

/// The program and the device.
#[derive(Clone, Serialize)]
struct About {
    program: String,
    version: &'static str,
    device: String,
    driver: Option<String>,
}

impl Bench {
    fn open(choice: &DeviceChoice) -> Result<Self> {
        let (device, _) = block_on(backend::open(choice, ShaderChecks::Off))?;
        let driver = match choice {
            DeviceChoice::Cpu => None,
            _ => block_on(backend::adapters())
                .into_iter()
                .find(|adapter| device.name().starts_with(&adapter.name))
                .map(|adapter| adapter.driver),
        };
        let about = About {
            program: format!("halfplane-{choice}"),
            version: env!("CARGO_PKG_VERSION"),
            device: device.name().to_owned(),
            driver,
        };
        Ok(Self { device, about })
    }

    /// Prints one JSON line: program and device, then the outcome.
    fn print(&self, outcome: impl Serialize) -> Result<()> {
        #[derive(Serialize)]
        struct Line<'a, T> {
            #[serde(flatten)]
            about: &'a About,
            #[serde(flatten)]
            outcome: T,
        }
        println!("{}", serde_json::to_string(&Line { about: &self.about, outcome })?);
        Ok(())
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let bench = Bench::open(&arguments.device)?;
    if arguments.describe {
        return bench.print(());
    }
    if arguments.crossover {
        return crossover::measure(&bench);
    }
    if arguments.dispatches {
        return dispatches::measure(&bench);
    }
    if let Some(networks) = arguments.grid {
        return grid::measure(&bench, networks);
    }
    if arguments.busy {
        return busy::measure(&bench, &arguments.workload);
    }
    for workload in Workload::named(&arguments.workload)? {
        sample::take(&bench, &workload, arguments.strategy, arguments.samples)?;
    }
    Ok(())
}

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(busy::BUSY) {
        busy::keep_busy();
    }
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
