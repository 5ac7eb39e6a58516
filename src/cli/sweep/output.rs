//! What a search leaves: the best network, its configuration, its predictions of rows that it has not
//! seen, and the leaderboard.

use std::path::{Path, PathBuf};

use halfplane::flags::{in_shell, listed};
use halfplane::low_level::files::write_beside;
use halfplane::metrics::Metric;
use halfplane::sweep::{Block, Ended, Record, State, Sweep, Value, best_first, read_journal};
use halfplane::{Dataset, Error, Model, Result};
use serde_json::{Value as Json, json};

use super::outer::Nested;
use super::refit::{Best, Refitted};
use super::space::Searched;
use super::{page, resume};
use crate::cli::arguments::{self, SweepArguments};
use crate::cli::folds::predictions;
use crate::cli::outputs::save_somewhere;
use crate::report::picture::search;
use crate::report::{self, count, picture, shown};

/// The model of what was chosen.
const MODEL: &str = "best.safetensors";

/// Trials of the leaderboard that is printed.
const SHOWN: usize = 10;

/// Writes `best.safetensors`, `best.toml` and `out-of-fold.csv`; returns where the model is.
pub(super) fn save(
    folder: &Path,
    arguments: &SweepArguments,
    searched: &Searched,
    best: &Best,
    all: &Dataset,
) -> Result<Vec<PathBuf>> {
    let (model, configuration) = (folder.join(MODEL), folder.join("best.toml"));
    let held_out = folder.join("out-of-fold.csv");
    save_model(&model, &best.model)?;
    write_beside(&configuration, as_toml(arguments, searched, best).as_bytes())?;
    let text = predictions(all, &best.cross_validation, &best.model)?;
    write_beside(&held_out, text.as_bytes())?;
    Ok(vec![model, configuration, held_out])
}

/// Writes the mean of the folds' networks.
pub(super) fn save_ensemble(folder: &Path, model: &Model) -> Result<PathBuf> {
    let path = folder.join("ensemble.safetensors");
    save_model(&path, model).map(|()| path)
}

fn save_model(path: &Path, model: &Model) -> Result<()> {
    match save_somewhere(path, |place| model.save(place))? {
        None => Ok(()),
        Some((place, error)) => {
            report::error(&format!("the network is in {} instead", place.display()));
            Err(error)
        }
    }
}

/// The configuration of a training like the chosen one: `train --config` ends where it has ended.
fn as_toml(arguments: &SweepArguments, searched: &Searched, best: &Best) -> String {
    let mut text = String::from("# The best of a search; use it as\n# halfplane train ");
    let data = arguments.data.as_deref().unwrap_or(Path::new("TABLE"));
    text += &format!("{} --config best.toml\n", in_shell(&data.to_string_lossy()));
    let own: Vec<(&str, &Value)> = match best.point() {
        Some(point) => searched.fixed.iter().chain(point.iter()).collect(),
        None => {
            text += "# No trial was better on the folds, by more than a standard error, than what `train` does by \
                     itself.\n";
            searched.typed.iter().collect()
        }
    };
    let setting = |(name, value): &(&str, &Value)| format!("{name} = {}", toml_value(value));
    let mut lines: Vec<String> = match best.refit {
        Refitted::Folds { .. } => own.iter().map(setting).collect(),
        Refitted::All => {
            // What ends a training early is decided: after so many epochs.
            const LENGTH: [&str; 4] = ["epochs", "steps", "patience", "min-delta"];
            let own = own.iter().filter(|(name, _)| !LENGTH.contains(name));
            let epochs = format!("epochs = {}", best.record.epochs);
            own.map(setting).chain([epochs, "folds = \"none\"".to_owned()]).collect()
        }
    };
    lines.push(format!("seed = {}", best.seed));
    // What says how the table is read and dealt out, of which a training and a search have the same flags. A
    // column that folds go by is no input.
    let by_folds = matches!(best.refit, Refitted::Folds { .. });
    let by = arguments.folds.by(best.seed);
    let mut key = by.column().filter(|_| !by_folds).map(listed);
    for word in &arguments.words {
        let Some((name, mut value)) = table_flag(word, by_folds) else { continue };
        if let ("drop", Some(key)) = (name, key.take_if(|_| name == "drop")) {
            value = format!("{value},{key}");
        }
        let is_switch = value == "true" && !word.contains('=');
        let value = if is_switch { value } else { toml::Value::from(value).to_string() };
        lines.push(format!("{name} = {value}"));
    }
    lines.extend(key.map(|key| format!("drop = {}", toml::Value::from(key))));
    text + &lines.join("\n") + "\n"
}

/// A flag about the table, or about its folds, too, and its value; `true` of a switch.
fn table_flag(word: &str, by_folds: bool) -> Option<(&str, String)> {
    use clap::Args as _;

    let flag = word.strip_prefix("--")?;
    let (name, value) = flag.split_once('=').map_or((flag, None), |(own, of)| (own, Some(of)));
    let mut table = arguments::DataArguments::augment_args(clap::Command::new("table"));
    if by_folds {
        table = arguments::FoldArguments::augment_args(table);
    }
    table.get_arguments().find(|own| own.get_long() == Some(name))?;
    Some((name, value.unwrap_or("true").to_owned()))
}

fn toml_value(value: &Value) -> String {
    match value {
        Value::Int(whole) => whole.to_string(),
        Value::Float(number) => format!("{number:?}"),
        // A switch is one in files, too.
        Value::Text(text) if text == "true" || text == "false" => text.clone(),
        Value::Text(text) => toml::Value::from(text.as_str()).to_string(),
    }
}

/// The leaderboard, and what came of it.
pub(super) fn as_text(
    records: &[Record],
    metric: Metric,
    best: &Best,
    saved: &[PathBuf],
    nested: Option<&Nested>,
) -> String {
    let mut text = leaderboard(records, metric);
    let Best { record, cross_validation: held, model, .. } = best;
    let score = format!("{metric}  {:.4} ± {:.4} (standard error)", held.mean, held.standard_error);
    text += &format!("\nchosen: trial {} ({})", record.trial, record.parameters);
    text += &match &best.refit {
        Refitted::All => format!(
            ", {} epochs on all rows\n{score}, of {} trials that were chosen from: somewhat better than on \
             new rows\n",
            record.epochs,
            records.len(),
        ),
        Refitted::Folds { is_default: true, .. } => format!(
            "; but on the folds it is not better by more than a standard error than what `train` does by itself, \
             which is the model: the mean of {} networks {}, each stopped early by its fold\n{score}\n",
            model.members.len(),
            model.network,
        ),
        Refitted::Folds { default, .. } => format!(
            "\nthe model is the mean of {} networks {}, each stopped early by its fold\n{score}{}; of {} \
             trials that were chosen from: somewhat better than on new rows\n",
            model.members.len(),
            model.network,
            default.as_ref().map_or(String::new(), |own| format!(
                "; what `train` does by itself {:.4} ± {:.4}",
                own.mean, own.standard_error,
            )),
            records.len(),
        ),
    };
    text += &nested.map_or(String::new(), |own| own.as_text(metric));
    let places: Vec<String> = saved.iter().map(|path| path.display().to_string()).collect();
    text + &format!("saved {}\n", places.join(", "))
}

/// The leaderboard of a block, and how to go on.
pub(super) fn block_as_text(
    records: &[Record],
    metric: Metric,
    block: Block,
    folder: &Path,
) -> String {
    let text = leaderboard(records, metric);
    let journal = resume::journal(folder);
    text + &format!(
        "\nblock {block} written to {}; when all are there, join them with `halfplane sweep --merge \
         DIR…`\n",
        journal.display(),
    )
}

/// What came of a block, for machines.
pub(super) fn block_as_json(sweep: &Sweep, block: Block, folder: &Path) -> Json {
    let count = |state: State| count(sweep.records(), state);
    json!({
        "metric": sweep.metric(),
        "block": block,
        "trials": sweep.records().len(),
        "complete": count(State::Complete),
        "diverged": count(State::Diverged),
        "refused": count(State::Refused),
        "output": folder,
    })
}

/// The best trials, and how many there were of which end.
pub(in crate::cli) fn leaderboard(records: &[Record], metric: Metric) -> String {
    let best = best_first(records, metric);
    let names: Vec<&str> = records
        .first()
        .map_or_else(Vec::new, |own| own.parameters.iter().map(|own| own.0).collect());
    let mut rows = vec![
        ["trial", metric.name(), "±", "epochs", "parameters", "seconds"]
            .into_iter()
            .chain(names)
            .map(str::to_owned)
            .collect::<Vec<_>>(),
    ];
    rows.extend(best.iter().take(SHOWN).map(|own| {
        let (mean, error) = own.score();
        let values = own.parameters.iter().map(|(_, value)| shown(value));
        let size = usize::try_from(own.size).unwrap_or(usize::MAX);
        [
            own.trial.to_string(),
            format!("{mean:.4}"),
            format!("{error:.4}"),
            own.epochs.to_string(),
            picture::thousands(size),
            format!("{:.2}", own.seconds),
        ]
        .into_iter()
        .chain(values)
        .collect()
    }));
    let count = |state: State| count(records, state);
    let mut text = report::table(&rows);
    text += &format!("\n{} trials: {} to the end", records.len(), count(State::Complete));
    for (state, word) in [
        (State::Pruned, "stopped early"),
        (State::Diverged, "diverged"),
        (State::Refused, "refused"),
    ] {
        let count = count(state);
        if count > 0 {
            text += &format!(", {count} {word}");
        }
    }
    text.push('\n');
    text
}

/// The leaderboard of a journal, and its page: that of a search that has ended has more, and stays.
pub(super) fn told(folder: &Path, json: bool) -> Result<()> {
    let (header, records) = read_journal(&resume::journal(folder))?;
    let metric: Metric = match header.settings.get("metric").and_then(Json::as_str) {
        Some(name) => name.parse()?,
        None => {
            return Err(Error::Invalid {
                problem: format!("the journal in {} names no metric", folder.display()),
                remedy: "it is of another program: begin a new search".into(),
            });
        }
    };
    let text = match json {
        true => format!("{}\n", json!({ "search": header, "trials": records })),
        false => leaderboard(&records, metric),
    };
    if !folder.join(MODEL).exists() {
        page::write(folder, &header, &records, metric, None, Vec::new())?;
    }
    report::print(&text)?;
    if !json {
        report::note(&format!("pictures are in {}", search::place(folder).display()));
    }
    Ok(())
}

/// What came of a search, for machines.
pub(super) fn as_json(
    sweep: &Sweep,
    ended: Ended,
    best: &Best,
    folder: &Path,
    nested: Option<&Nested>,
) -> Json {
    let Best { record, cross_validation: held, model, .. } = best;
    let (refit, default) = match &best.refit {
        Refitted::All => ("all", None),
        Refitted::Folds { default, .. } => ("folds", default.as_ref()),
    };
    let count = |state: State| count(sweep.records(), state);
    json!({
        "metric": sweep.metric(),
        "mean": held.mean,
        "standard_error": held.standard_error,
        "folds": held.folds.iter().map(|fold| fold.score).collect::<Vec<_>>(),
        "epochs": best.epochs(),
        "trial": record.trial,
        "parameters": record.parameters,
        "refit": refit,
        "default": default.map(|own| json!({
            "mean": own.mean,
            "standard_error": own.standard_error,
            "folds": own.folds,
            "chosen": best.point().is_none(),
        })),
        "network": model.network.to_string(),
        "trials": sweep.records().len(),
        "complete": count(State::Complete),
        "pruned": count(State::Pruned),
        "diverged": count(State::Diverged),
        "refused": count(State::Refused),
        "ended": match ended {
            Ended::Trials => "trials",
            Ended::Exhausted => "exhausted",
            Ended::Time => "time",
            Ended::Interrupted => "interrupted",
        },
        "output": folder,
        "outer": nested.map(Nested::as_json),
    })
}
