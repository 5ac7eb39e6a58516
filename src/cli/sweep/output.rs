//! What a search leaves: the best network, its configuration, its predictions of rows that it has not
//! seen, and the leaderboard.

use std::path::{Path, PathBuf};

use halfplane::flags::{in_shell, listed};
use halfplane::low_level::files::write_beside;
use halfplane::metrics::Metric;
use halfplane::sweep::{Block, Chosen, Ended, Record, State, Sweep, Value, read_journal};
use halfplane::{Dataset, Error, Model, Result, TrainOptions};
use serde_json::{Value as Json, json};

use super::outer::Nested;
use super::space::Searched;
use super::{page, resume};
use crate::cli::arguments::SweepArguments;
use crate::cli::folds::predictions;
use crate::cli::outputs::save_somewhere;
use crate::report::picture::search;
use crate::report::{self, best_first, count, picture, shown};

/// The network that was chosen.
const MODEL: &str = "best.safetensors";

/// Trials of the leaderboard that is printed.
const SHOWN: usize = 10;

/// Writes `best.safetensors`, `best.toml` and `out-of-fold.csv`; returns where the network is.
pub(super) fn save(
    folder: &Path,
    arguments: &SweepArguments,
    searched: &Searched,
    chosen: &Chosen,
    trained: &TrainOptions,
    all: &Dataset,
) -> Result<Vec<PathBuf>> {
    let (model, configuration) = (folder.join(MODEL), folder.join("best.toml"));
    let held_out = folder.join("out-of-fold.csv");
    save_model(&model, &chosen.model)?;
    let text = as_toml(arguments, searched, chosen, trained);
    write_beside(&configuration, text.as_bytes())?;
    let text = predictions(all, &chosen.cross_validation)?;
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
fn as_toml(
    arguments: &SweepArguments,
    searched: &Searched,
    chosen: &Chosen,
    trained: &TrainOptions,
) -> String {
    let mut text = String::from("# The best of a search; use it as\n# halfplane train ");
    let data = arguments.data.as_deref().unwrap_or(Path::new("TABLE"));
    text += &format!("{} --config best.toml\n", in_shell(&data.to_string_lossy()));
    // What ends a training early is decided: after so many epochs.
    const LENGTH: [&str; 4] = ["epochs", "steps", "patience", "min-delta"];
    let fixed = searched.fixed.iter().map(|(name, value)| (name.as_str(), value));
    let own = fixed.chain(chosen.record.parameters.iter());
    let mut lines: Vec<String> = own
        .filter(|(name, _)| !LENGTH.contains(name))
        .map(|(name, value)| format!("{name} = {}", toml_value(value)))
        .collect();
    lines.push(format!("epochs = {}", chosen.record.epochs));
    lines.push(format!("seed = {}", trained.seed));
    // One network on all rows.
    lines.push("folds = \"none\"".to_owned());
    // What says how the table is read, of which a training and a search have the same flags. A column
    // that folds go by is no input.
    let by = arguments.folds.by(trained.seed);
    let mut key = by.column().map(listed);
    for word in &arguments.words {
        let Some((name, mut value)) = table_flag(word) else { continue };
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

/// A flag about the table and its value; `true` of a switch.
fn table_flag(word: &str) -> Option<(&str, String)> {
    use clap::Args as _;

    let flag = word.strip_prefix("--")?;
    let (name, value) = flag.split_once('=').map_or((flag, None), |(own, of)| (own, Some(of)));
    let table = crate::cli::arguments::DataArguments::augment_args(clap::Command::new("table"));
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
    chosen: &Chosen,
    saved: &[PathBuf],
    nested: Option<&Nested>,
) -> String {
    let mut text = leaderboard(records, metric);
    let own = &chosen.record;
    let held = &chosen.cross_validation;
    text += &format!(
        "\nchosen: trial {} ({}), {} epochs\n{metric}  {:.4} ± {:.4} (standard error), of {} trials \
         that were chosen from: somewhat better than on new rows\n",
        own.trial,
        own.parameters,
        own.epochs,
        held.mean,
        held.standard_error,
        records.len(),
    );
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
    chosen: &Chosen,
    folder: &Path,
    nested: Option<&Nested>,
) -> Json {
    let held = &chosen.cross_validation;
    let count = |state: State| count(sweep.records(), state);
    json!({
        "metric": sweep.metric(),
        "mean": held.mean,
        "standard_error": held.standard_error,
        "folds": held.folds.iter().map(|fold| fold.score).collect::<Vec<_>>(),
        "epochs": chosen.record.epochs,
        "trial": chosen.record.trial,
        "parameters": chosen.record.parameters,
        "network": chosen.model.network.to_string(),
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
