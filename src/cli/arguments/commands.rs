//! What the other commands take.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;
use halfplane::DeviceChoice;
use halfplane::export::Format;

use super::data::LayoutArguments;

/// What `predict` takes.
#[derive(Debug, Args)]
pub(crate) struct PredictArguments {
    /// A model written by `train --output`
    pub(crate) model: PathBuf,
    /// A table with the model's columns, as `train` takes it; other columns are ignored
    pub(crate) data: PathBuf,
    #[command(flatten)]
    pub(crate) layout: LayoutArguments,
    /// Add a column `spread`, of a model that is the mean of several networks: the standard deviation of
    /// their predictions for the row; of classes, of the chosen one's probability
    #[arg(long)]
    pub(crate) spread: bool,
    /// Write the predictions here, as CSV
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// auto, gpu, software, cpu, or a part of an adapter's name
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    pub(crate) device: DeviceChoice,
}

/// What `evaluate` takes.
#[derive(Debug, Args)]
pub(crate) struct EvaluateArguments {
    /// A model written by `train --output`
    pub(crate) model: PathBuf,
    /// A table with the model's columns and the target; - is standard input
    pub(crate) data: PathBuf,
    /// A separate file with the target
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,
    /// Column with the weight of each row
    #[arg(long, value_name = "COL")]
    pub(crate) sample_weight: Option<String>,
    /// Print JSON instead
    #[arg(long)]
    pub(crate) json: bool,
    /// Write plots here: SVG files, and index.html with all of them
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,
    /// auto, gpu, software, cpu, or a part of an adapter's name
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    pub(crate) device: DeviceChoice,
    #[command(flatten)]
    pub(crate) layout: LayoutArguments,
}

/// What `inspect` takes.
#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    /// A model written by `train --output`
    pub(crate) model: PathBuf,
    /// Print JSON instead
    #[arg(long)]
    pub(crate) json: bool,
    /// The device whose memory use is printed
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    pub(crate) device: DeviceChoice,
}

/// What `export` takes.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// A model written by `train --output`
    pub(crate) model: PathBuf,
    /// Write it here
    pub(crate) file: PathBuf,
    /// onnx or pytorch
    #[arg(long, value_name = "NAME")]
    pub(crate) format: Option<Format>,
}

/// What `devices` takes.
#[derive(Debug, Args)]
pub(crate) struct DevicesArguments {
    /// Measure each device: FLOP/s of a matrix product and bytes per second of a copy
    #[arg(long)]
    pub(crate) measure: bool,
}

/// What `doctor` takes.
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// auto, gpu, software, cpu, or a part of an adapter's name
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub(crate) device: DeviceChoice,
    /// Compile the driver's own bounds checks into the shaders
    #[arg(long)]
    pub(crate) checked: bool,
    /// Print every case, not only one line per kernel
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

/// What `completions` takes.
#[derive(Debug, Args)]
pub(crate) struct CompletionArguments {
    /// The shell
    pub(crate) shell: Shell,
}

/// What `man` takes.
#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// The folder for halfplane.1, halfplane-train.1, …
    pub(crate) folder: PathBuf,
}
