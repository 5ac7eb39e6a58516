//! Arguments to a validated run. What was typed (`arguments`, `config`) stands apart from what
//! will run (`settings`); only the second touches files and devices.
//!
//! Must not know: kernels, wgpu.

mod arguments;
mod bytes;
mod config;
mod course;
mod devices;
mod doctor;
mod evaluate;
mod examples;
mod export;
mod inspect;
mod interrupt;
mod manual;
mod outputs;
mod plan;
mod predict;
mod recipe;
mod resume;
mod settings;
mod train;
mod views;

use halfplane::Result;

pub(crate) use arguments::Command;
pub(crate) use interrupt::INTERRUPTED;

/// How a command has ended, where nothing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// Ctrl-C has ended it before its time.
    Interrupted,
}

/// The command line, with its configuration file worked in. Ends the process with code 2 where
/// the arguments make no sense, and with 0 after `--help`.
pub(crate) fn parse() -> Result<Command> {
    arguments::parse(std::env::args_os().collect())
}

/// Does what was asked.
pub(crate) fn run(command: Command) -> Result<Outcome> {
    match command {
        Command::Train(arguments) => return train::run(&arguments),
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
