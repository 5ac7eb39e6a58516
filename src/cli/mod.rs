//! Arguments to a validated run. What can be typed (`arguments`, whose help `defaults` completes)
//! stands apart from how it is read (`parse`, `config`, `resume`) and from what will run
//! (`settings`, and a file for each command).
//!
//! Must not know: kernels, wgpu.

mod arguments;
mod config;
mod cv;
mod defaults;
mod devices;
mod doctor;
mod evaluate;
mod examples;
mod export;
mod faults;
mod folds;
mod inspect;
mod interrupt;
mod manual;
mod models;
mod outputs;
mod parse;
mod plan;
mod predict;
mod resume;
mod settings;
mod sweep;
mod train;
mod train_folds;
mod wording;

use halfplane::Result;
use halfplane::low_level::platform::threads;

pub(crate) use arguments::Command;
pub(crate) use interrupt::{catch as catch_signals, code as interrupted_code};
pub(crate) use wording::error as worded;

/// How a command ended, if nothing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// Ctrl-C or a signal stopped it early.
    Interrupted,
    /// It failed while running, and has said how.
    Failed,
}

/// Parses the command line with its configuration file. Exits with code 2 if the arguments are wrong,
/// and with 0 after `--help`.
pub(crate) fn parse() -> Result<Command> {
    parse::parse(std::env::args_os().collect())
}

/// Runs a command.
pub(crate) fn run(command: Command) -> Result<Outcome> {
    // A slip in the environment is reported, too, and not passed over.
    threads::from_environment()?;
    match command {
        Command::Train(arguments) => return train::run(&arguments),
        Command::Cv(arguments) => return cv::run(&arguments),
        Command::Sweep(arguments) => return sweep::run(&arguments),
        Command::Predict(arguments) => predict::run(&arguments),
        Command::Evaluate(arguments) => evaluate::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Plan(arguments) => plan::run(&arguments),
        Command::Devices(arguments) => devices::run(&arguments),
        Command::Completions(own) => manual::completions(&own, arguments::definition()),
        Command::Man(own) => manual::man(&own, arguments::definition()),
        Command::Doctor(arguments) => doctor::run(&arguments),
    }?;
    Ok(Outcome::Done)
}
