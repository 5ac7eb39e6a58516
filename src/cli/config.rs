//! Configuration files: TOML whose keys are the flags' names. Keys are turned into arguments, so that
//! one definition parses both.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use halfplane::sweep::Dimension;
use halfplane::{Error, Result};
use toml::{Table, Value};

use super::arguments::searchable;

/// Keys whose values are lists of words.
const LISTS: [&str; 5] = ["categorical", "numeric", "drop", "na", "target"];

/// The arguments of the configuration file, followed by those that were typed; `None` if no file is
/// named. Keys that were typed as flags are left out: flags win.
pub(super) fn merge(
    command: &Command,
    argv: &[OsString],
    matches: &ArgMatches,
) -> Result<Option<Vec<OsString>>> {
    let Some((name, matches)) = matches.subcommand() else { return Ok(None) };
    let Ok(Some(path)) = matches.try_get_one::<PathBuf>("config") else { return Ok(None) };
    let (Some(train), Some(command)) =
        (command.find_subcommand("train"), command.find_subcommand(name))
    else {
        return Ok(None);
    };
    let table = read(path)?;
    if table.contains_key("steps") && table.contains_key("epochs") {
        let problem = "there are both `steps` and `epochs`".to_owned();
        return Err(bad(path, None, problem, "leave out one of them"));
    }
    let mut merged: Vec<OsString> = argv.iter().take(1).cloned().collect();
    merged.push(name.into());
    for (key, value) in &table {
        // `plan` and `cv` read the file of a training, too, and ignore keys that only `train` has.
        let argument = match find(command, path, key) {
            Ok(own) => own,
            Err(unknown) => match find(train, path, key) {
                Ok(_) => continue,
                Err(_) => return Err(unknown),
            },
        };
        let words = match searchable().into_iter().find(|own| own.get_id() == argument.get_id()) {
            Some(own) if name == "sweep" => searched(path, key, &own, value)?,
            _ => words(path, key, argument, value)?,
        };
        if !overridden(matches, argument) {
            check(command, path, key, &words)?;
            merged.extend(words);
        }
    }
    let after_name = argv.iter().position(|word| word.to_str() == Some(name)).unwrap_or(1);
    merged.extend(argv.iter().skip(after_name + 1).cloned());
    Ok(Some(merged))
}

fn read(path: &Path) -> Result<Table> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::File {
        verb: "read",
        path: path.into(),
        source,
    })?;
    text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map(|span| text[..span.start].matches('\n').count() as u64 + 1);
        bad(path, line, error.message().to_owned(), "write it as TOML, such as lr = 0.01")
    })
}

fn bad(path: &Path, line: Option<u64>, problem: String, remedy: &str) -> Error {
    Error::Data { path: path.into(), line, problem, remedy: remedy.into() }
}

/// The argument that a key names.
fn find<'a>(command: &'a Command, path: &Path, key: &str) -> Result<&'a Arg> {
    let own = |arg: &&Arg| !matches!(arg.get_long(), None | Some("config" | "help" | "version"));
    let known: Vec<&str> = command.get_arguments().filter(own).filter_map(Arg::get_long).collect();
    command.get_arguments().filter(own).find(|arg| arg.get_long() == Some(key)).ok_or_else(|| {
        let remedy = match halfplane::nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", known.join(", ")),
        };
        bad(path, None, format!("unknown key `{key}`"), &remedy)
    })
}

/// A key and its value as they would be typed.
fn words(path: &Path, key: &str, argument: &Arg, value: &Value) -> Result<Vec<OsString>> {
    let switch = matches!(argument.get_action(), ArgAction::SetTrue);
    let refuse = |remedy| Err(bad(path, None, format!("`{key}` is {value}"), remedy));
    let text = match value {
        Value::Boolean(true) if switch => return Ok(vec![format!("--{key}").into()]),
        Value::Boolean(false) if switch => return Ok(Vec::new()),
        _ if switch => return refuse("it must be true or false"),
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Array(items) if key == "hidden" && items.is_empty() => "none".into(),
        Value::Array(items) if key == "dropout" && items.iter().all(is_number) => {
            items.iter().map(Value::to_string).collect::<Vec<_>>().join(",")
        }
        Value::Array(items) if key == "hidden" && items.iter().all(Value::is_integer) => {
            items.iter().map(Value::to_string).collect::<Vec<_>>().join(",")
        }
        Value::Array(items) if LISTS.contains(&key) && items.iter().all(Value::is_str) => {
            let quoted = |item: &Value| {
                format!("\"{}\"", item.as_str().unwrap_or_default().replace('"', "\"\""))
            };
            items.iter().map(quoted).collect::<Vec<_>>().join(",")
        }
        _ if LISTS.contains(&key) => return refuse("it must be a list of words"),
        _ => {
            return refuse(
                "it must be a number or a word, or a list of numbers for hidden or dropout",
            );
        }
    };
    Ok(vec![format!("--{key}={text}").into()])
}

/// The same for a search: what `train` would not take is a space.
fn searched(path: &Path, key: &str, argument: &Arg, value: &Value) -> Result<Vec<OsString>> {
    if let Ok(words) = words(path, key, argument, value) {
        return Ok(words);
    }
    let json = serde_json::to_value(value).unwrap_or_default();
    match Dimension::from_json(key, &json) {
        Ok(dimension) => Ok(vec![format!("--{key}={dimension}").into()]),
        Err(error) => {
            let remedy = error.remedy().map_or_else(String::new, |own| own.to_string());
            Err(bad(path, None, error.problem(), &remedy))
        }
    }
}

fn is_number(value: &Value) -> bool {
    value.is_integer() || value.is_float()
}

/// Whether the user typed the flag, or one that excludes it.
pub(super) fn overridden(matches: &ArgMatches, argument: &Arg) -> bool {
    let typed = |id: &str| {
        matches.try_contains_id(id).is_ok()
            && matches.value_source(id) == Some(ValueSource::CommandLine)
    };
    match argument.get_id().as_str() {
        "epochs" | "steps" => typed("epochs") || typed("steps"),
        "clip_value" | "clip_norm" => typed("clip_value") || typed("clip_norm"),
        "init" | "init_from" => typed("init") || typed("init_from"),
        id => typed(id),
    }
}

/// Parses one key alone, so that the error can name the file.
fn check(command: &Command, path: &Path, key: &str, words: &[OsString]) -> Result<()> {
    let mut alone = command.clone().ignore_errors(false);
    for positional in command.get_positionals() {
        alone = alone.mut_arg(positional.get_id(), |arg| arg.required(false));
    }
    let argv = std::iter::once(OsString::from("halfplane")).chain(words.iter().cloned());
    match alone.try_get_matches_from(argv) {
        Ok(_) => Ok(()),
        Err(error) => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            let problem = first.trim_start_matches("error: ").to_owned();
            Err(bad(path, None, problem, &format!("correct `{key}`")))
        }
    }
}
