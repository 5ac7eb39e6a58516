//! The command line: arguments to a validated run, and its outcome to an exit code.

mod cli;
mod report;

use std::process::ExitCode;

use halfplane::ErrorKind;

fn main() -> ExitCode {
    quiet_mesa();
    cli::catch_signals();
    let outcome = match cli::parse() {
        Ok(command) => cli::run(command),
        Err(error) => Err(error),
    };
    match outcome {
        Ok(cli::Outcome::Done) => ExitCode::SUCCESS,
        Ok(cli::Outcome::Interrupted) => ExitCode::from(cli::interrupted_code()),
        Ok(cli::Outcome::Failed) => ExitCode::from(1),
        Err(error) => {
            report::error(&cli::worded(&error));
            match error.kind() {
                ErrorKind::User => ExitCode::from(2),
                ErrorKind::Run => ExitCode::from(1),
            }
        }
    }
}

/// Keeps Mesa's Vulkan layer for choosing devices from printing an error where there is no desktop.
/// The layer only reorders adapters, and halfplane ranks them itself.
fn quiet_mesa() {
    let unset = |name: &str| std::env::var_os(name).is_none();
    if cfg!(target_os = "linux") && unset("XDG_RUNTIME_DIR") && unset("MESA_VK_DEVICE_SELECT") {
        // SAFETY: the process has no other thread yet that could read the environment.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}
