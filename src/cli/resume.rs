//! `--resume`: a checkpoint holds the arguments that the training was started with. They are parsed
//! again before those that are typed now, which win.

use std::any::TypeId;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use halfplane::data::NA_VALUES;
use halfplane::model::Integrity;
use halfplane::train::{Checkpoints, Latest, Notes};
use halfplane::{Error, Result, TrainOptions};

use super::arguments::{Resumed, ResumedNetwork};
use super::config::overridden;
use crate::report;

/// Arguments that are not written into checkpoints: a resumed training has its own, or none.
const OWN: [&str; 7] = ["checkpoint", "config", "help", "init_from", "quiet", "resume", "version"];

/// Arguments that the numbers of a run do not depend on: what they mean is not in its settings.
const BESIDE: [&str; 14] = [
    "checkpoint_every",
    "data",
    "device",
    "epochs",
    "live",
    "log_every",
    "memory",
    "metrics",
    "output",
    "report",
    "steps",
    "strategy",
    "tensorboard",
    "threads",
];

/// The note that names the run. It is no argument: a run keeps it when it is resumed, so that its
/// files are known.
pub(super) const RUN: &str = "run";

/// What a training that is resumed has to be parsed from.
pub(super) struct Found {
    /// The arguments with those of the resumed training before the user's own.
    pub(super) words: Vec<OsString>,
    pub(super) resumed: Resumed,
    /// The name of the run, where it has one.
    pub(super) run: Option<Vec<String>>,
}

/// What is resumed; nothing where nothing is.
pub(super) fn merge(
    command: &Command,
    argv: &[OsString],
    matches: &ArgMatches,
) -> Result<Option<Found>> {
    let Some(("train", matches)) = matches.subcommand() else { return Ok(None) };
    let Some(folder) = matches.get_one::<PathBuf>("resume") else { return Ok(None) };
    let Some(train) = command.find_subcommand("train") else { return Ok(None) };
    let networks = networks(folder)?;
    let mut merged: Vec<OsString> = argv.iter().take(1).cloned().collect();
    merged.push("train".into());
    let mut run = None;
    for (id, values) in networks[0].checkpoint.notes() {
        if id == RUN {
            run = Some(values.clone());
            continue;
        }
        let argument = train.get_arguments().find(|own| own.get_id() == id.as_str());
        let argument = argument.ok_or_else(|| Error::Invalid {
            problem: format!(
                "the checkpoint has an argument `{id}` that this version of halfplane does not know"
            ),
            remedy: "resume it with the version of halfplane that wrote it".into(),
        })?;
        if !overridden(matches, argument) {
            merged.extend(values.iter().flat_map(|value| words(argument, value)));
        }
    }
    let after_name = argv.iter().position(|word| word == "train").unwrap_or(1);
    merged.extend(argv.iter().skip(after_name + 1).cloned());
    let is_beside = |id: &str| OWN.contains(&id) || BESIDE.contains(&id);
    let retyped = train.get_arguments().any(|argument| {
        let id = argument.get_id().as_str();
        !is_beside(id) && matches.value_source(id) == Some(ValueSource::CommandLine)
    });
    let resumed = Resumed { networks, retyped };
    Ok(Some(Found { words: merged, resumed, run }))
}

/// The checkpoint of the network, or of each of a training on folds that has one.
fn networks(folder: &Path) -> Result<Vec<ResumedNetwork>> {
    let checkpoints = Checkpoints::of(folder);
    let members = checkpoints.members()?;
    let take = |member: Option<usize>| {
        let checkpoints = match member {
            Some(number) => checkpoints.of_member(number),
            None => checkpoints.clone(),
        };
        let latest = checkpoints.latest_checked()?;
        report::warn(&told(&latest));
        let Latest { checkpoint, newest, .. } = latest;
        Ok(ResumedNetwork { member, checkpoints, checkpoint, newest })
    };
    match members.is_empty() {
        true => Ok(vec![take(None)?]),
        false => members.into_iter().map(|own| take(Some(own))).collect(),
    }
}

/// What is to be said of the checkpoint that was found: newer ones that cannot be read, and whether
/// it can be told that this one is as it was written.
fn told(latest: &Latest) -> Vec<String> {
    let path = latest.path.display();
    let mut told: Vec<String> = latest.unread.iter().map(Error::problem).collect();
    if !told.is_empty() {
        told.push(format!("the training goes on from the checkpoint before, {path}"));
    }
    if latest.integrity == Integrity::Unknown {
        told.push(format!("{path} has no checksum, so that damage to it may go unnoticed"));
    }
    told
}

/// An argument as it would be typed.
pub(super) fn words(argument: &Arg, value: &str) -> Option<OsString> {
    match argument.get_long() {
        None => Some(value.into()),
        Some(long) if matches!(argument.get_action(), ArgAction::SetTrue) => {
            (value == "true").then(|| format!("--{long}").into())
        }
        Some(long) => Some(format!("--{long}={value}").into()),
    }
}

/// The arguments that were typed, as a checkpoint keeps them: paths are absolute, so that the training
/// can be resumed from any folder. Defaults are kept, too, as far as the settings of the checkpoint do
/// not hold them: a later version may have others.
pub(super) fn notes(
    command: &Command,
    matches: &ArgMatches,
    run: Option<Vec<String>>,
) -> Result<Notes> {
    let typed = |arg: &&Arg| {
        !OWN.contains(&arg.get_id().as_str())
            && matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine)
    };
    // Only a checkpoint keeps them, and it is text.
    let kept = ["checkpoint", "resume"].iter().any(|id| matches.get_raw(id).is_some());
    let is_text = |argument: &&Arg| {
        let values = matches.get_raw(argument.get_id().as_str());
        kept || values.into_iter().flatten().all(|value| value.to_str().is_some())
    };
    let mut notes = command
        .get_arguments()
        .filter(typed)
        .filter(is_text)
        .map(|argument| {
            let id = argument.get_id().as_str();
            let values = matches.get_raw(id).into_iter().flatten();
            let values = values.map(|value| {
                value.to_str().map(|value| place(argument, value)).ok_or_else(|| Error::Invalid {
                    problem: format!("{} is not Unicode text", value.display()),
                    remedy:
                        "rename the file, or leave out --checkpoint, which cannot hold its name"
                            .into(),
                })
            });
            Ok((id.to_owned(), values.collect::<Result<_>>()?))
        })
        .collect::<Result<Notes>>()?;
    let options = TrainOptions::default();
    for (id, value) in [
        ("seed", options.seed.to_string()),
        ("log_every", options.log_every.to_string()),
        ("na", NA_VALUES.join(",")),
    ] {
        notes.entry(id.to_owned()).or_insert_with(|| vec![value]);
    }
    notes.insert(RUN.to_owned(), run.unwrap_or_else(|| vec![new_run()]));
    Ok(notes)
}

/// A name that no other run has.
fn new_run() -> String {
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}", time.as_nanos(), std::process::id())
}

/// A value; of a file its absolute path.
pub(super) fn place(argument: &Arg, value: &str) -> String {
    let id = argument.get_id().as_str();
    let is_file = match id {
        "validation" => value.parse::<f64>().is_err(),
        _ => argument.get_value_parser().type_id() == TypeId::of::<PathBuf>(),
    };
    let is_read = ["data", "labels", "validation", "validation_labels"].contains(&id);
    let absolute = || std::path::absolute(value).ok()?.to_str().map(str::to_owned);
    match value {
        "xor" if id == "data" => value.to_owned(),
        // Standard input.
        "-" if is_read => value.to_owned(),
        _ if is_file => absolute().unwrap_or_else(|| value.to_owned()),
        _ => value.to_owned(),
    }
}
