//! `sweep --resume` and `--merge`: a journal holds the arguments that its search was begun with. They are
//! parsed again before those that are typed now, which win.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Command};
use halfplane::sweep::read_journal;
use halfplane::{Error, Result};

use crate::cli::config::overridden;
use crate::cli::resume::{place, words};

/// Arguments that are not kept: who goes on has its own.
const OWN: [&str; 8] = ["config", "help", "json", "merge", "output", "quiet", "report", "resume"];

/// The journal of a search's folder.
pub(in crate::cli) fn journal(folder: &Path) -> PathBuf {
    folder.join("journal.jsonl")
}

/// The arguments with those of the search that is resumed, or whose blocks are joined, before the user's
/// own; nothing where there is none.
pub(in crate::cli) fn merge(
    command: &Command,
    argv: &[OsString],
    matches: &ArgMatches,
) -> Result<Option<Vec<OsString>>> {
    let Some(("sweep", matches)) = matches.subcommand() else { return Ok(None) };
    let of_block = matches.get_one::<PathBuf>("merge");
    let folder = matches.get_one::<PathBuf>("resume").or(of_block);
    let Some(folder) = folder else { return Ok(None) };
    let Some(sweep) = command.find_subcommand("sweep") else { return Ok(None) };
    let (header, _) = read_journal(&journal(folder))?;
    let mut merged: Vec<OsString> = argv.iter().take(1).cloned().collect();
    merged.push("sweep".into());
    for word in header.arguments {
        let name = word.strip_prefix("--").map(|rest| rest.split('=').next().unwrap_or(rest));
        let argument = match name {
            Some(name) => sweep.get_arguments().find(|own| own.get_long() == Some(name)),
            None => sweep.get_positionals().next(),
        };
        let argument = argument.ok_or_else(|| Error::Invalid {
            problem: format!("the journal has an argument `{word}` that sweeps do not take"),
            remedy: "resume it with the version of halfplane that wrote it".into(),
        })?;
        // Joined, they are the whole.
        let is_part = of_block.is_some() && argument.get_id() == "block";
        if !is_part && !overridden(matches, argument) {
            merged.push(word.into());
        }
    }
    let after_name = argv.iter().position(|word| word == "sweep").unwrap_or(1);
    merged.extend(argv.iter().skip(after_name + 1).cloned());
    Ok(Some(merged))
}

/// The arguments that were typed, as a journal keeps them: paths are absolute, so that the search can
/// be resumed from any folder.
pub(in crate::cli) fn kept(command: &Command, matches: &ArgMatches) -> Result<Vec<String>> {
    let mut kept = Vec::new();
    for argument in command.get_arguments() {
        let id = argument.get_id().as_str();
        let is_typed = matches.value_source(id) == Some(clap::parser::ValueSource::CommandLine);
        if OWN.contains(&id) || !is_typed {
            continue;
        }
        for value in matches.get_raw(id).into_iter().flatten() {
            let value = value.to_str().ok_or_else(|| Error::Invalid {
                problem: format!("{} is not Unicode text", value.display()),
                remedy: "rename the file: a journal cannot hold its name".into(),
            })?;
            let word = words(argument, &place(argument, value));
            kept.extend(word.map(|own| own.to_string_lossy().into_owned()));
        }
    }
    Ok(kept)
}
