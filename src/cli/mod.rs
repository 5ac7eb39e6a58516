//! Arguments to a validated run. What can be typed (`arguments`, whose help `defaults` completes)
//! stands apart from how it is read (`parse`, `config`, `resume`) and from what will run
//! (`settings`, and a file for each command).
//!
//! Must not know: kernels, wgpu.

pub(crate) mod arguments;
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
mod train_hidden;

use std::ffi::OsString;

use halfplane::flags;
use halfplane::low_level::platform::threads;
use halfplane::{Error, ErrorKind, Result};

use crate::report;
use arguments::Command;

/// How a command ended, if nothing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    /// Ctrl-C or a signal stopped it early.
    Interrupted,
    /// It failed while running, and has said how.
    Failed,
}

/// Runs the program with its arguments, its own name first: prints what there is to say, catches
/// signals, and returns the exit code.
///
/// It takes over the process: `--help` and wrong arguments end it at once.
pub fn main(arguments: Vec<OsString>) -> u8 {
    interrupt::catch();
    match parse::parse(arguments).and_then(run) {
        Ok(Outcome::Done) => 0,
        Ok(Outcome::Interrupted) => interrupt::code(),
        Ok(Outcome::Failed) => 1,
        Err(error) => {
            report::error(&flags::error(&error));
            exit_code(&error)
        }
    }
}

fn exit_code(error: &Error) -> u8 {
    match error.kind() {
        ErrorKind::User => 2,
        ErrorKind::Run => 1,
    }
}

/// Runs a command.
fn run(command: Command) -> Result<Outcome> {
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
