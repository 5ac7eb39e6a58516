//! `halfplane train`

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use halfplane::flags::{self, in_shell};
use halfplane::low_level::files::resolved;
use halfplane::low_level::plan::DeviceKind;
use halfplane::spec::Decay;
use halfplane::train::{Checkpoints, Ended};
use halfplane::{DeviceChoice, Error, Event, Recipe, Result, Schedule, TrainOptions, Trainer};

use super::arguments::{CheckpointArguments, Hidden, Resumed, TrainArguments};
use super::faults::{self, Fault};
use super::outputs::{apart, save_somewhere};
use super::resume::RUN;
use super::settings::{Folded, Settings};
use super::{Outcome, interrupt, train_folds};
use crate::report::{Report, ResumePoint, Screen, Sinks, Verbosity, error, note, warn};

pub(super) fn run(arguments: &TrainArguments) -> Result<Outcome> {
    check_outputs(arguments)?;
    let settings = match networks(arguments)? {
        Networks::One => settings(arguments)?,
        Networks::OneSince(flag) => {
            if !arguments.quiet {
                note(&format!(
                    "one network is trained, since {flag} is given; --folds none says so without this \
                     note"
                ));
            }
            settings(arguments)?
        }
        Networks::OneForEachFold => {
            let mut folded = Folded::new(
                &arguments.training,
                &arguments.folds,
                arguments.log_every,
                arguments.typed_of_folds().is_some(),
            )?;
            apply_typed(arguments, &mut folded.settings)?;
            let Settings { data, network, options, .. } = &folded.settings;
            if folded.splits.is_empty() {
                if !arguments.quiet {
                    note(&format!(
                        "one network is trained on all rows: {} are too few to leave some out",
                        data.rows(),
                    ));
                }
                folded.settings
            } else {
                let are_folds_trained = match &arguments.resumed {
                    Some(resumed) => resumed.is_folded(),
                    None => {
                        arguments.typed_of_folds().is_some()
                            || !Recipe::is_long(network, options, data.rows())
                    }
                };
                match are_folds_trained {
                    true => return train_folds::run(arguments, folded),
                    false => set_apart(arguments, folded.settings)?,
                }
            }
        }
    };
    let Settings { data, validation, warnings, network, options } = settings;
    let verbosity = if arguments.quiet { Verbosity::Quiet } else { Verbosity::Normal };
    let begun = Instant::now();
    let mut trainer = Trainer::new(&network, (&data, validation.as_ref()), options.clone())?;
    let opening = begun.elapsed();
    // Before anything is opened that another training may have, too.
    trainer.session().lock_checkpoints()?;
    check_checkpoints(&arguments.checkpoints)?;
    if let (Some(resumed), Some(folder)) = (&arguments.resumed, arguments.checkpoints.resume()) {
        resumed.check(folder)?;
    }
    let resumed = arguments.resumed.as_ref().map(Resumed::checkpoint);
    if let Some(checkpoint) = resumed {
        trainer.resume(checkpoint)?;
    }
    let per_epoch = trainer.plan().steps_per_epoch();
    let done = resumed
        .map(|checkpoint| checkpoint.step())
        .map(|steps| ResumePoint { steps, epochs: steps / per_epoch });
    let interrupt = interrupt::flag();
    let views = &arguments.views;
    let sinks = Sinks {
        metrics: arguments.metrics.as_deref(),
        pictures: views.report.as_deref(),
        tensorboard: views.tensorboard.as_deref(),
        screen: if views.live { Screen::Live } else { Screen::Lines },
        resumed: done,
        run: arguments.notes.get(RUN).and_then(|words| words.first()).map(String::as_str),
        checkpoints: arguments.checkpoints.folder(),
        resumed_from: arguments.checkpoints.resume(),
        interrupt: Arc::clone(&interrupt),
    };
    let mut report = Report::open(&sinks, &trainer, verbosity)?;
    report.warn(&flags::warnings(&warnings));
    hints(arguments, validation.is_some(), done).iter().for_each(|text| report.hint(text));
    slower_device(&trainer, &options, opening).iter().for_each(|text| report.hint(text));
    if let Some(checkpoint) = resumed {
        let then = checkpoint.options()?;
        let steps = [then.length, options.length].map(|length| length.steps(per_epoch));
        jump(&options.schedule, checkpoint.step(), steps).iter().for_each(|text| report.hint(text));
    }
    report.begin(&mut trainer, &data, &options)?;
    trainer = trainer.with_interrupt(interrupt);
    if let Some(every) = report.shows_weights() {
        trainer = trainer.showing_weights(every);
    }
    let mut first_loss = None;
    let summary = trainer.run(|event| {
        if let (Event::Step { loss, .. }, None) = (event, first_loss) {
            first_loss = Some(f64::from(*loss));
        }
        report.event(event)
    })?;
    let interrupted = summary.ended == Ended::Interrupted;
    let unsaved = trainer.session().checkpoint_failure().map(str::to_owned);
    // An interrupted training that can be resumed has no model yet.
    let resumable = options.checkpoints.is_some() && unsaved.is_none();
    let output = arguments.output.as_deref().filter(|_| !interrupted || !resumable);
    // Saved before anything is printed, so that a failing output cannot lose it.
    let elsewhere = match output {
        Some(path) => {
            let model = trainer.model()?;
            save_somewhere(path, |place| model.save(place))?
        }
        None => None,
    };
    // What fails from here on costs nothing that comes after it.
    let saved = elsewhere.as_ref().map(|(place, _)| place.as_path()).or(output);
    let told = [
        report.end(&mut trainer, &data, &options, &summary),
        report.pictures(&mut trainer, &data, validation.as_ref()),
        saved.map_or(Ok(()), |path| report.saved(path)),
        report.close(),
    ];
    let mut outcome = Outcome::Done;
    let mut fail = |text: String| {
        error(&text);
        outcome = Outcome::Failed;
    };
    if let Some((place, problem)) = &elsewhere {
        let problem = flags::error(problem);
        fail(format!("{problem}; the model is in {} instead", place.display()));
    }
    if let Some(problem) = unsaved.filter(|_| !interrupted) {
        warn(&[format!("the last checkpoint was not written: {problem}")]);
    }
    match faults::of(&summary, first_loss) {
        _ if interrupted => {}
        Some(Fault::Stopped(text)) => warn(&[text]),
        Some(Fault::Diverged(text)) => fail(text),
        Some(Fault::Useless(text)) => warn_unless_quiet(verbosity, text),
        None => {}
    }
    if interrupted {
        told.into_iter().filter_map(Result::err).for_each(|own| error(&flags::error(&own)));
        note(&farewell(summary.steps, arguments.checkpoints.folder(), resumable, saved));
        return Ok(Outcome::Interrupted);
    }
    told.into_iter().collect::<Result<()>>()?;
    Ok(outcome)
}

/// How many networks are trained, as far as the arguments tell.
enum Networks {
    One,
    /// One, since this flag is given.
    OneSince(&'static str),
    OneForEachFold,
}

fn networks(arguments: &TrainArguments) -> Result<Networks> {
    let typed = &arguments.training;
    if let Some(resumed) = &arguments.resumed {
        return resumed_networks(arguments, resumed);
    }
    let flags = [
        ("--validation", typed.table.has_validation()),
        ("--init-from", typed.init_from.is_some()),
        ("--no-shuffle", typed.no_shuffle),
        ("--log-every", arguments.log_every.is_some() && !arguments.tells_steps()),
        ("--steps", typed.steps.is_some()),
    ];
    let flag = flags.into_iter().find_map(|(name, given)| given.then_some(name));
    match (arguments.typed_of_folds(), flag) {
        (Some(folds), _) if arguments.folds.are_none() => Err(Error::Invalid {
            problem: format!("{folds} trains a network for each fold, and --folds none has none"),
            remedy: "leave out one of them".into(),
        }),
        (Some(folds), Some(flag)) => Err(Error::Invalid {
            problem: format!("{folds} trains a network for each fold, {flag} is for one network"),
            remedy: "leave out one of them".into(),
        }),
        (Some(folds), None) if typed.data == Path::new("xor") => Err(Error::Invalid {
            problem: format!("the built-in xor has 4 rows, too few for {folds}"),
            remedy: "leave it out".into(),
        }),
        (None, _)
            if arguments.folds.are_none()
                || typed.table.is_plain()
                || typed.data == Path::new("xor") =>
        {
            Ok(Networks::One)
        }
        (None, Some(flag)) => Ok(Networks::OneSince(flag)),
        (_, None) => Ok(Networks::OneForEachFold),
    }
}

/// How many networks a training that is resumed has, as its checkpoints tell.
fn resumed_networks(arguments: &TrainArguments, resumed: &Resumed) -> Result<Networks> {
    let is_set_apart = resumed.checkpoint().has_validation()
        && !arguments.training.table.has_validation()
        && !arguments.folds.are_none();
    let refused = |problem: String| Err(Error::Invalid { problem, remedy: "leave it out".into() });
    match (resumed.is_folded(), arguments.typed_of_folds()) {
        (true, _) if arguments.folds.are_none() => refused(
            "the checkpoints are of a network for each fold, and --folds none has none".into(),
        ),
        (true, _) => Ok(Networks::OneForEachFold),
        (false, Some(folds)) => refused(format!(
            "{folds} trains a network for each fold, and the checkpoints are of one network"
        )),
        // A tenth of its rows was set apart, since networks for all folds would have taken long.
        (false, None) if is_set_apart => Ok(Networks::OneForEachFold),
        (false, None) => Ok(Networks::One),
    }
}

/// One network, stopped early by a tenth of the rows, where one for each fold would take long.
fn set_apart(arguments: &TrainArguments, settings: Settings) -> Result<Settings> {
    let (training, validation) = settings.data.split(Recipe::SET_APART, settings.options.seed)?;
    if !arguments.quiet && arguments.resumed.is_none() {
        note(&format!(
            "a network for each of {} folds would take long: one is trained, stopped early by a tenth of \
             the rows; --folds {0} trains them all the same",
            Recipe::FOLDS,
        ));
    }
    Ok(Settings { data: training, validation: Some(validation), ..settings })
}

/// Prints a warning, unless quiet.
fn warn_unless_quiet(verbosity: Verbosity, text: String) {
    if verbosity == Verbosity::Normal {
        warn(&[text]);
    }
}

/// The training that was typed. One that is resumed has its settings from the checkpoint, where none
/// was typed now: a default may have changed since.
fn settings(arguments: &TrainArguments) -> Result<Settings> {
    let typed = &arguments.training;
    let mut settings = Settings::new(typed, arguments.log_every)?;
    apply_typed(arguments, &mut settings)?;
    Ok(settings)
}

/// What was typed that only a training has, and the settings of the one that is resumed.
fn apply_typed(arguments: &TrainArguments, settings: &mut Settings) -> Result<()> {
    let typed = &arguments.training;
    arguments.stopping.apply(&mut settings.options);
    if let (Some(resumed), Some(Hidden::Auto)) = (&arguments.resumed, &typed.hidden) {
        settings.network.hidden.clone_from(&resumed.checkpoint().network().hidden);
    }
    if let Some(resumed @ Resumed { retyped: false, .. }) = &arguments.resumed {
        let checkpoint = resumed.checkpoint();
        let now = settings.options.clone();
        let then = checkpoint.options()?;
        let is_typed = typed.epochs.is_some() || typed.steps.is_some();
        settings.options = TrainOptions {
            length: if is_typed { now.length } else { then.length },
            strategy: now.strategy,
            memory: now.memory,
            threads: now.threads,
            shard_rows: now.shard_rows,
            device: now.device,
            log_every: now.log_every,
            // Each network of several has its own, from this one on.
            seed: now.seed,
            ..then
        };
        settings.network.clone_from(checkpoint.network());
    }
    settings.options.checkpoints = arguments.checkpoints.options(&arguments.notes)?;
    settings.options.check()
}

/// Says that `auto` has taken a graphics processor though the CPU path would be done sooner.
fn slower_device(trainer: &Trainer, options: &TrainOptions, opening: Duration) -> Option<String> {
    if options.device != DeviceChoice::Auto || trainer.device_kind() != DeviceKind::Gpu {
        return None;
    }
    let plan = trainer.plan();
    let steps = options.length.steps(plan.steps_per_epoch());
    let [cpu, gpu] = plan.sooner_on_cpu(steps, opening)?;
    Some(format!(
        "the CPU path would likely be done sooner: in about {cpu:.1?} instead of {gpu:.1?}, opening the \
         device included; --device cpu takes it"
    ))
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

/// What is to be said of a run that goes on for more steps, [before, now], than its schedule had ended
/// with.
fn jump(schedule: &Schedule, done: u64, [before, now]: [u64; 2]) -> Option<String> {
    let name = match schedule.decay {
        Decay::Cosine { .. } => "cosine",
        Decay::OneCycle { .. } => "one-cycle",
        Decay::Constant | Decay::Step { .. } | Decay::Exponential { .. } => return None,
    };
    (done >= before && now > before).then(|| {
        format!(
            "the {name} schedule goes by the length of the run: it had ended at step {before}, and with \
             {now} steps the learning rate jumps up again"
        )
    })
}

/// The command that continues a training.
pub(super) fn go_on(folder: &Path) -> String {
    format!("halfplane train --resume {}", in_shell(&folder.to_string_lossy()))
}

/// Where an interrupted training stopped, and how to continue it.
fn farewell(steps: u64, folder: Option<&Path>, resumable: bool, model: Option<&Path>) -> String {
    let earlier = || Checkpoints::of(folder?).latest().ok();
    let rest = match (folder, model) {
        (Some(folder), _) if resumable => format!("go on with `{}`", go_on(folder)),
        (Some(folder), _) if let Some((_, earlier)) = earlier() => format!(
            "the last checkpoint was not written; go on from step {} with `{}`",
            earlier.step(),
            go_on(folder),
        ),
        (_, Some(model)) => format!(
            "the model so far is in {}; a training with --checkpoint can be resumed",
            model.display(),
        ),
        (_, None) => "nothing was saved; --checkpoint DIR or --output FILE would have".into(),
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

/// Checks before the training that its checkpoints have a folder of their own.
pub(super) fn check_checkpoints(arguments: &CheckpointArguments) -> Result<()> {
    match (arguments.folder(), arguments.resume()) {
        (Some(folder), Some(resumed)) if resolved(folder) == resolved(resumed) => Ok(()),
        (Some(folder), _) => Checkpoints::new(folder).map(drop),
        (None, _) => Ok(()),
    }
}
