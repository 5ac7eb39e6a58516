//! `halfplane train`

use std::path::Path;
use std::sync::Arc;

use halfplane::low_level::files::resolved;
use halfplane::train::{Checkpoints, Ended};
use halfplane::{Result, Trainer};

use super::arguments::{CheckpointArguments, TrainArguments};
use super::outputs::apart;
use super::settings::Settings;
use super::{Outcome, interrupt, wording};
use crate::report::{Report, ResumePoint, Screen, Sinks, Verbosity, note};

pub(super) fn run(arguments: &TrainArguments) -> Result<Outcome> {
    check_outputs(arguments)?;
    let Settings { data, validation, warnings, network, mut options } =
        Settings::new(&arguments.training, arguments.log_every)?;
    arguments.stopping.apply(&mut options);
    options.checkpoints = arguments.checkpoints.options(&arguments.notes)?;
    options.check()?;
    let verbosity = if arguments.quiet { Verbosity::Quiet } else { Verbosity::Normal };
    let mut trainer = Trainer::new(&network, (&data, validation.as_ref()), options.clone())?;
    let resumed = arguments.resumed.as_ref();
    if let Some(checkpoint) = resumed {
        trainer.resume(checkpoint)?;
    }
    let per_epoch = trainer.plan().steps_per_epoch();
    let done = resumed
        .map(|checkpoint| checkpoint.step())
        .map(|steps| ResumePoint { steps, epochs: steps / per_epoch });
    let interrupt = interrupt::flag()?;
    let views = &arguments.views;
    let sinks = Sinks {
        metrics: arguments.metrics.as_deref(),
        pictures: views.report.as_deref(),
        tensorboard: views.tensorboard.as_deref(),
        screen: if views.live { Screen::Live } else { Screen::Lines },
        resumed: done,
        interrupt: Arc::clone(&interrupt),
    };
    let mut report = Report::open(&sinks, &trainer, verbosity)?;
    report.warn(&wording::warnings(&warnings));
    hints(arguments, validation.is_some(), done).iter().for_each(|text| report.hint(text));
    report.begin(&mut trainer, &data, &options)?;
    trainer = trainer.with_interrupt(interrupt);
    if let Some(every) = report.shows_weights() {
        trainer = trainer.showing_weights(every);
    }
    let summary = trainer.run(|event| report.event(event))?;
    let interrupted = summary.ended == Ended::Interrupted;
    // An interrupted training that can be resumed has no model yet.
    let output = arguments.output.as_deref();
    let output = output.filter(|_| !interrupted || options.checkpoints.is_none());
    // Saved before anything is printed, so that a failing output cannot lose it.
    if let Some(path) = output {
        trainer.model()?.save(path)?;
    }
    report.end(&mut trainer, &data, &options, &summary)?;
    report.pictures(&mut trainer, &data, validation.as_ref())?;
    if let Some(path) = output {
        report.saved(path)?;
    }
    report.close()?;
    if !interrupted {
        return Ok(Outcome::Done);
    }
    note(&farewell(summary.steps, arguments.checkpoints.folder(), output));
    Ok(Outcome::Interrupted)
}

/// Hints that are printed before the training begins.
fn hints(arguments: &TrainArguments, validated: bool, done: Option<ResumePoint>) -> Vec<String> {
    let data = &arguments.training.data;
    let mut hints = Vec::new();
    if arguments.stopping.is_patient() && !validated && data != Path::new("xor") {
        let text = "--patience watches the training loss, which keeps falling while a network \
                    overfits; with --validation 0.2 it watches the validation loss";
        hints.push(text.to_owned());
    }
    if arguments.checkpoints.folder().is_some() && data == Path::new("-") {
        hints.push("to resume, give the same rows on standard input again".to_owned());
    }
    hints.extend(done.map(|done| format!("going on from step {}", done.steps)));
    hints
}

/// Where an interrupted training stopped, and how to continue it.
fn farewell(steps: u64, folder: Option<&Path>, output: Option<&Path>) -> String {
    let rest = match (folder, output) {
        (Some(folder), _) => format!("go on with `halfplane train --resume {}`", folder.display()),
        (None, Some(model)) => format!(
            "the model so far is in {}; a training with --checkpoint can be resumed",
            model.display(),
        ),
        (None, None) => "nothing was saved; --checkpoint DIR or --output FILE would have".into(),
    };
    format!("interrupted after {steps} steps: {rest}")
}

/// Checks before the training what could not be written after it, and what would be overwritten.
fn check_outputs(arguments: &TrainArguments) -> Result<()> {
    let outputs = [("--output", &arguments.output), ("--metrics", &arguments.metrics)];
    let outputs: Vec<(&str, &Path)> =
        outputs.into_iter().filter_map(|(name, path)| Some((name, path.as_deref()?))).collect();
    let typed = &arguments.training;
    // --init-from is left out: weights may be replaced by those trained from them.
    let inputs = [("the data", Some(&typed.data)), ("--config", typed.config.as_ref())];
    let inputs = inputs.into_iter().filter_map(|(name, path)| Some((name, path?.as_path())));
    apart(&outputs, inputs.chain(typed.table.files()))?;
    check_checkpoints(&arguments.checkpoints)
}

/// Checks before the training that its checkpoints have a folder of their own, and tidies the one
/// that they are in already.
fn check_checkpoints(arguments: &CheckpointArguments) -> Result<()> {
    match (arguments.folder(), arguments.resume()) {
        (Some(folder), Some(resumed)) if resolved(folder) == resolved(resumed) => {
            Checkpoints::of(folder).tidy()
        }
        (Some(folder), _) => Checkpoints::new(folder).map(drop),
        (None, _) => Ok(()),
    }
}
