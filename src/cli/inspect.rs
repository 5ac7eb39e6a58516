//! `halfplane inspect`

use std::fmt::Write as _;

use halfplane::data::{
    Column, DropReason, Encoding, MissingCategory, MissingNumber, TargetColumn, TargetEncoding,
    UnknownCategory,
};
use halfplane::low_level::backend;
use halfplane::low_level::plan::{bytes, quantity};
use halfplane::low_level::platform::block_on;
use halfplane::model::{Integrity, NetworkSummary, Provenance};
use halfplane::{Model, Result, ShaderChecks};
use serde_json::Value;

use super::arguments::InspectArguments;
use super::models::tell_targets;
use crate::report;

/// The most columns, and the most categories of a column, that are listed one by one.
const MANY: usize = 40;

pub(super) fn run(arguments: &InspectArguments) -> Result<()> {
    let (model, integrity) = Model::load_checked(&arguments.model)?;
    let (device, _) = block_on(backend::open(&arguments.device, ShaderChecks::Off))?;
    let summary = model.summary(&device.limits());
    if arguments.json {
        let mut all = serde_json::json!({
            "model": summary,
            "members": model.members.len(),
            "preprocessing": model.preprocessing,
            "trained": model.provenance,
            "checksum": match integrity {
                Integrity::Verified => "verified",
                Integrity::Unknown => "none",
            },
            "device": device.name(),
        });
        tell_targets(&mut all, &model);
        return report::print(&format!("{all}\n"));
    }
    let mut text = network(&model, &summary);
    text += &memory(&summary, device.name());
    text += &preprocessing(&model);
    text += &trained(model.provenance.as_ref());
    text += match integrity {
        Integrity::Verified => "checksum verified: the file is as it was written\n",
        Integrity::Unknown => "no checksum: damage to the file may go unnoticed\n",
    };
    report::print(&text)
}

/// The layers, one per line.
fn network(model: &Model, summary: &NetworkSummary) -> String {
    let network = &model.network;
    let mut text = match model.members.len() {
        1 => String::new(),
        members => format!("the mean of {members} networks of one shape\n"),
    };
    let _ = writeln!(
        text,
        "network {network}: {} parameters, {} FLOPs per row forward",
        summary.parameters,
        quantity(summary.flops_forward),
    );
    let width = summary.layers.iter().map(|layer| layer.function.len()).fold(10, usize::max);
    for (index, layer) in summary.layers.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "  layers.{index}  {:>6} → {:<6} {:width$}  {:>10} parameters  {:>8} FLOPs per row",
            layer.inputs,
            layer.outputs,
            layer.function,
            layer.parameters,
            quantity(layer.flops_forward),
        );
    }
    text
}

fn memory(summary: &NetworkSummary, device: &str) -> String {
    let mut text = format!("memory on {device}\n");
    let train = match (&summary.train, summary.train_rows) {
        (Some(size), Some(rows)) => format!("{} with {rows} rows on the device", bytes(*size)),
        _ => "unknown: the file does not say how it was trained, or the device is too small"
            .to_owned(),
    };
    let predict = match summary.predict {
        Some(size) => format!("{}, {} rows at a time", bytes(size), summary.predict_rows),
        None => "more than the device has".to_owned(),
    };
    let _ = writeln!(text, "  to train    {train}\n  to predict  {predict}");
    text
}

fn preprocessing(model: &Model) -> String {
    let columns = &model.preprocessing.columns;
    let mut text = format!(
        "from {} to {}\n",
        counted(columns.len(), "column"),
        counted(model.network.inputs, "input"),
    );
    let width = columns.iter().take(MANY).map(|c| c.name.chars().count()).max().unwrap_or(0);
    for Column { name, encoding } in columns.iter().take(MANY) {
        let _ = writeln!(text, "  {name:width$}  {}", encoded(encoding));
    }
    if columns.len() > MANY {
        let _ = writeln!(text, "  … and {} more", columns.len() - MANY);
    }
    for (place, TargetColumn { name, classes }) in model.targets.iter().enumerate().take(MANY) {
        let scale = match &model.preprocessing.target {
            TargetEncoding::AsIs => None,
            TargetEncoding::Standardised { mean, scale } => Some((mean, scale)),
            TargetEncoding::Each(each) => each.get(place).map(|own| (&own.mean, &own.scale)),
        };
        let target = match scale {
            Some((mean, scale)) => format!("a number, learned as (y − {mean}) / {scale}"),
            None if classes.is_empty() => "a number, unchanged".to_owned(),
            None => listed(classes),
        };
        let _ = writeln!(text, "target `{name}`: {target}");
    }
    if model.targets.len() > MANY {
        let _ = writeln!(text, "… and {} more targets", model.targets.len() - MANY);
    }
    text
}

/// How a column is encoded.
fn encoded(encoding: &Encoding) -> String {
    match encoding {
        Encoding::AsIs => "a number, unchanged".into(),
        Encoding::Numeric { mean, scale, bins, missing } => {
            let also = match missing {
                MissingNumber::Mean => "",
                MissingNumber::MeanAndIndicator => ", and whether it is missing",
            };
            let bins = match bins.len() {
                0 => String::new(),
                count => format!(", and in {count} bins"),
            };
            format!("(x − {mean}) / {scale}{bins}{also}")
        }
        Encoding::Date { parts, missing, .. } => {
            let parts: Vec<&str> = parts.iter().map(|own| own.part.name()).collect();
            let also = match missing {
                MissingNumber::Mean => "",
                MissingNumber::MeanAndIndicator => ", and whether it is missing",
            };
            format!("a date or time, as {}{also}", parts.join(", "))
        }
        Encoding::Categorical { categories, other, missing } => {
            let mut text = format!("one of {}", listed(categories));
            if *other == UnknownCategory::Pooled {
                text += ", or other";
            }
            if *missing == MissingCategory::Category {
                text += ", or missing";
            }
            text
        }
        Encoding::Dropped(why) => format!("left out: {}", reason(*why)),
    }
}

fn reason(why: DropReason) -> &'static str {
    match why {
        DropReason::Requested => "as requested",
        DropReason::Constant => "it has only one value",
        DropReason::Empty => "it is empty",
        DropReason::Identifier => "nearly every row has a different text",
        DropReason::RareTexts => "it has many different texts, all of them rare",
        DropReason::Index => "it is an index of the rows",
        DropReason::TooManyCategories => "it has too many different texts",
    }
}

fn listed(words: &[String]) -> String {
    let more = words.len().saturating_sub(MANY);
    let shown = words.iter().take(MANY).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown}, … ({} in all)", words.len()) } else { shown }
}

/// How it was trained: the settings in the file; defaults are not there.
fn trained(provenance: Option<&Provenance>) -> String {
    let Some(own) = provenance else { return "trained: the file does not say how\n".into() };
    let all = serde_json::to_value(own).unwrap_or_default();
    let mut lines: Vec<(&str, String)> =
        ["loss", "optimizer", "regularization", "schedule", "initialization"]
            .into_iter()
            .filter_map(|name| Some((name, settings(all.get(name)?))))
            .collect();
    let length = counted(own.steps as usize, "step");
    lines.push(("length", format!("{length} in batches of {} on {} rows", own.batch, own.rows)));
    lines.push(("seed", own.seed.to_string()));
    lines.push(("device", own.device.clone()));
    let lines = lines.iter().map(|(name, text)| format!("  {name:14}  {text}\n"));
    format!("trained\n{}", lines.collect::<String>())
}

/// Settings as in the file, their name first: `sgd, lr 1, momentum 0`.
fn settings(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Array(items) => items.iter().map(settings).collect::<Vec<_>>().join(" "),
        Value::Object(all) => {
            let name = all.get("name").map(settings);
            let others = all.iter().filter(|(key, value)| *key != "name" && !value.is_null());
            let others = others.map(|(key, value)| {
                format!("{} {}", key.replace(['_', '-'], " "), settings(value))
            });
            name.into_iter().chain(others).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
