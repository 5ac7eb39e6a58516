//! `halfplane train`

use std::path::Path;

use halfplane::{Result, Trainer};

use super::arguments::TrainArguments;
use super::outputs::apart;
use super::settings::Settings;
use crate::report::{Report, Verbosity};

pub(super) fn run(arguments: &TrainArguments) -> Result<()> {
    let Settings { data, validation, warnings, network, mut options } =
        Settings::new(&arguments.typed, arguments.log_every)?;
    arguments.course.apply(&mut options)?;
    check_outputs(arguments)?;
    let verbosity = if arguments.quiet { Verbosity::Quiet } else { Verbosity::Normal };
    let mut trainer = Trainer::new(&network, (&data, validation.as_ref()), options.clone())?;
    let mut report = Report::open(arguments.metrics.as_deref(), verbosity)?;
    report.warn(&warnings);
    report.begin(&trainer, &data, &options)?;
    let summary = trainer.run(|event| report.event(event))?;
    // The model first: nothing that is printed is worth losing it for.
    if let Some(path) = &arguments.output {
        trainer.model()?.save(path)?;
    }
    report.end(&mut trainer, &data, &options, &summary)?;
    if let Some(path) = &arguments.output {
        report.saved(path)?;
    }
    report.close()
}

/// Finds out before the training what could not be written after it, and what would be written
/// over.
fn check_outputs(arguments: &TrainArguments) -> Result<()> {
    let outputs = [("--output", &arguments.output), ("--metrics", &arguments.metrics)];
    let outputs: Vec<(&str, &Path)> =
        outputs.into_iter().filter_map(|(name, path)| Some((name, path.as_deref()?))).collect();
    let typed = &arguments.typed;
    // Weights may be trained on in their place.
    let config = typed.config.as_deref().map(|path| ("--config", path));
    let inputs = [("the data", typed.data.as_path())].into_iter().chain(config);
    apart(&outputs, inputs.chain(typed.table.files()))
}
