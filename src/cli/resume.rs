//! `--resume`: what was typed when a training began comes back out of its checkpoint, so that one
//! definition parses both. What is typed now wins.

use std::any::TypeId;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use halfplane::train::{Checkpoints, Notes};
use halfplane::{Error, Result};

use super::config::overridden;

/// What is not taken down: it is another one, or none, when a training goes on.
const OWN: [&str; 7] = ["checkpoint", "config", "help", "init_from", "quiet", "resume", "version"];

/// The arguments with those of the resumed training before the user's own, or nothing where none is
/// resumed.
pub(super) fn merge(
    command: &Command,
    argv: &[OsString],
    matches: &ArgMatches,
) -> Result<Option<Vec<OsString>>> {
    let Some(("train", matches)) = matches.subcommand() else { return Ok(None) };
    let Some(folder) = matches.get_one::<PathBuf>("resume") else { return Ok(None) };
    let Some(train) = command.find_subcommand("train") else { return Ok(None) };
    let (_, checkpoint) = Checkpoints::of(folder).latest()?;
    let mut merged: Vec<OsString> = argv.iter().take(1).cloned().collect();
    merged.push("train".into());
    for (id, values) in checkpoint.notes() {
        let argument = train.get_arguments().find(|own| own.get_id() == id.as_str());
        let argument = argument.ok_or_else(|| Error::Invalid {
            problem: format!("the checkpoint knows of `{id}`, which this halfplane does not"),
            remedy: "go on with the halfplane that wrote it".into(),
        })?;
        if !overridden(matches, argument) {
            merged.extend(values.iter().flat_map(|value| words(argument, value)));
        }
    }
    let after_name = argv.iter().position(|word| word == "train").unwrap_or(1);
    merged.extend(argv.iter().skip(after_name + 1).cloned());
    Ok(Some(merged))
}

/// An argument as it would be typed.
fn words(argument: &Arg, value: &str) -> Option<OsString> {
    match argument.get_long() {
        None => Some(value.into()),
        Some(long) if matches!(argument.get_action(), ArgAction::SetTrue) => {
            (value == "true").then(|| format!("--{long}").into())
        }
        Some(long) => Some(format!("--{long}={value}").into()),
    }
}

/// Takes down what was typed, for a training that goes on from a checkpoint: files with their
/// folders, so that it can go on from anywhere.
pub(super) fn notes(command: &Command, matches: &ArgMatches) -> Result<Notes> {
    let typed = |arg: &&Arg| {
        !OWN.contains(&arg.get_id().as_str())
            && matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine)
    };
    command
        .get_arguments()
        .filter(typed)
        .map(|argument| {
            let id = argument.get_id().as_str();
            let values = matches.get_raw(id).into_iter().flatten();
            let values = values.map(|value| {
                value.to_str().map(|value| place(argument, value)).ok_or_else(|| Error::Invalid {
                    problem: format!("{} is no Unicode text", value.display()),
                    remedy: "rename the file: a checkpoint cannot tell of it".into(),
                })
            });
            Ok((id.to_owned(), values.collect::<Result<_>>()?))
        })
        .collect()
}

/// A value, with the folder where it is a file.
fn place(argument: &Arg, value: &str) -> String {
    let is_file = argument.get_value_parser().type_id() == TypeId::of::<PathBuf>()
        || (argument.get_id() == "validation" && Path::new(value).exists());
    let absolute = || std::path::absolute(value).ok()?.to_str().map(str::to_owned);
    match value {
        "xor" | "-" => value.to_owned(),
        _ if is_file => absolute().unwrap_or_else(|| value.to_owned()),
        _ => value.to_owned(),
    }
}
