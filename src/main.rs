//! The command line: arguments to a validated run, and its outcome to an exit code.

mod cli;
mod report;

use std::process::ExitCode;

use halfplane::ErrorKind;

fn main() -> ExitCode {
    let outcome = match cli::parse() {
        Ok(command) => cli::run(command),
        Err(error) => Err(error),
    };
    match outcome {
        Ok(cli::Outcome::Done) => ExitCode::SUCCESS,
        Ok(cli::Outcome::Interrupted) => ExitCode::from(cli::INTERRUPTED),
        Err(error) => {
            report::error(&error);
            match error.kind() {
                ErrorKind::User => ExitCode::from(2),
                ErrorKind::Run => ExitCode::from(1),
            }
        }
    }
}
