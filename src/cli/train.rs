//! `halfplane train`

use std::path::Path;

use halfplane::files::check_writable;
use halfplane::{Error, Result, Trainer};

use super::arguments::TrainArguments;
use super::settings::Settings;
use crate::report::{Report, Verbosity};

pub(super) fn run(arguments: &TrainArguments) -> Result<()> {
    let Settings { data, network, options } = Settings::new(&arguments.typed, arguments.log_every)?;
    check_outputs(arguments.output.as_deref(), arguments.metrics.as_deref())?;
    let verbosity = if arguments.quiet { Verbosity::Quiet } else { Verbosity::Normal };
    let mut trainer = Trainer::new(&network, &data, options.clone())?;
    let mut report = Report::open(arguments.metrics.as_deref(), verbosity)?;
    report.begin(&trainer, &data, &options);
    let summary = trainer.run(|event| report.event(event))?;
    report.end(&mut trainer, &data, &summary)?;
    if let Some(path) = &arguments.output {
        trainer.model()?.save(path)?;
        report.saved(path);
    }
    Ok(())
}

/// Finds out before the training what could not be written after it.
fn check_outputs(output: Option<&Path>, metrics: Option<&Path>) -> Result<()> {
    if let (Some(output), Some(metrics)) = (output, metrics)
        && output == metrics
    {
        return Err(Error::Invalid {
            problem: format!("--output and --metrics are both {}", output.display()),
            remedy: "give them different names".into(),
        });
    }
    output.into_iter().chain(metrics).try_for_each(check_writable)
}
