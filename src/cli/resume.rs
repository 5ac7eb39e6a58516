//! `--resume`: a checkpoint holds the arguments that the training was started with. They are parsed
//! again before those that are typed now, which win.

use std::any::TypeId;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use halfplane::train::{Checkpoint, Checkpoints, Notes};
use halfplane::{Error, Result};

use super::config::overridden;

/// Arguments that are not written into checkpoints: a resumed training has its own, or none.
const OWN: [&str; 7] = ["checkpoint", "config", "help", "init_from", "quiet", "resume", "version"];

/// The arguments with those of the resumed training before the user's own, and the checkpoint that
/// it continues from; nothing where none is resumed.
pub(super) fn merge(
    command: &Command,
    argv: &[OsString],
    matches: &ArgMatches,
) -> Result<Option<(Vec<OsString>, Checkpoint)>> {
    let Some(("train", matches)) = matches.subcommand() else { return Ok(None) };
    let Some(folder) = matches.get_one::<PathBuf>("resume") else { return Ok(None) };
    let Some(train) = command.find_subcommand("train") else { return Ok(None) };
    let (_, checkpoint) = Checkpoints::of(folder).latest()?;
    let mut merged: Vec<OsString> = argv.iter().take(1).cloned().collect();
    merged.push("train".into());
    for (id, values) in checkpoint.notes() {
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
    Ok(Some((merged, checkpoint)))
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

/// The arguments that were typed, as a checkpoint keeps them: paths are absolute, so that the training
/// can be resumed from any folder.
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
                    problem: format!("{} is not Unicode text", value.display()),
                    remedy: "rename the file: a checkpoint cannot hold its name".into(),
                })
            });
            Ok((id.to_owned(), values.collect::<Result<_>>()?))
        })
        .collect()
}

/// A value; of a file its absolute path.
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
