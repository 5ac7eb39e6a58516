//! What can be typed: the one definition that parser, help, manual pages, completions and
//! configuration files share. Nothing here touches files or devices.

mod bytes;
mod checkpoints;
mod commands;
mod data;
mod folds;
mod learning;
mod selection;
mod space;
mod stopping;
mod sweep;
mod training;
mod values;
mod views;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub(super) use checkpoints::CheckpointArguments;
pub(super) use commands::{
    CompletionArguments, DevicesArguments, DoctorArguments, EvaluateArguments, ExportArguments,
    InspectArguments, ManArguments, PredictArguments,
};
pub(super) use data::{DataArguments, source};
pub(super) use folds::FoldArguments;
pub(super) use selection::CvArguments;
pub(super) use space::{is_switch, searchable};
pub(super) use sweep::{Refit, SweepArguments};
pub(super) use training::{
    PlanArguments, Resumed, ResumedNetwork, TrainArguments, TrainingArguments,
};
pub(super) use values::{AutoOr, Hidden, OptimizerName};

use super::{defaults, examples};

/// Trains dense neural networks on any vendor's GPU, and fast on the CPU where there is none.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100, after_help = examples::ALL)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(allow_negative_numbers = true, after_help = examples::TRAIN)]
    /// Train a network on a table, or on the built-in `xor`
    Train(Box<TrainArguments>),
    #[command(allow_negative_numbers = true, after_help = examples::CV)]
    /// Score a training on rows that it has not seen: cross-validation
    Cv(Box<CvArguments>),
    #[command(allow_negative_numbers = true, after_help = examples::SWEEP)]
    /// Search for hyper-parameters: the best on rows that were not seen is trained on all
    Sweep(Box<SweepArguments>),
    #[command(after_help = examples::PREDICT)]
    /// Apply a trained model to the rows of a table
    Predict(PredictArguments),
    #[command(after_help = examples::EVALUATE)]
    /// Score a trained model on rows whose target is known
    Evaluate(EvaluateArguments),
    #[command(after_help = examples::INSPECT)]
    /// Print a model's layers, cost, preprocessing, and how it was trained
    Inspect(InspectArguments),
    #[command(after_help = examples::EXPORT)]
    /// Write a model for other programs: ONNX, or a PyTorch script
    Export(ExportArguments),
    #[command(allow_negative_numbers = true, after_help = examples::PLAN)]
    /// Print the dispatch graph of a training: kernels, shapes, FLOPs, bytes, memory
    Plan(Box<PlanArguments>),
    /// List every adapter, and say which one `auto` takes
    Devices(DevicesArguments),
    /// Check every kernel on a device: shader against its naive twin
    Doctor(DoctorArguments),
    /// Print the script that completes the arguments in a shell
    Completions(CompletionArguments),
    /// Write manual pages
    Man(ManArguments),
}

/// The definition of all arguments, with the defaults in their help.
pub(crate) fn definition() -> clap::Command {
    defaults::told(Arguments::command())
}

/// What parsed matches mean.
pub(super) fn command(matches: &clap::ArgMatches) -> Result<Command, clap::Error> {
    Arguments::from_arg_matches(matches).map(|arguments| arguments.command)
}
