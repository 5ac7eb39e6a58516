//! `halfplane evaluate`

use std::path::Path;

use halfplane::data::{Labelled, read_evaluated};
use halfplane::flags;
use halfplane::metrics::Scores;
use halfplane::{Error, Model, Result};
use serde_json::{Value, json};

use super::arguments::{EvaluateArguments, source};
use super::models;
use crate::report::{self, picture};

pub(super) fn run(arguments: &EvaluateArguments) -> Result<()> {
    let model = models::load(&arguments.model)?;
    if let Some(folder) = &arguments.report {
        picture::prepare(folder)?;
    }
    let schema = model.schema()?;
    let labels = arguments.labels.as_deref().map(source);
    let Labelled { data, unknown_rows, unknown_weight, warnings } = read_evaluated(
        &arguments.layout.source(&arguments.data),
        labels.as_ref(),
        arguments.layout.layout(),
        &schema,
        arguments.sample_weight.as_deref(),
    )?;
    report::warn(&flags::warnings(&warnings));
    if data.rows() == 0 {
        return Err(Error::Data {
            path: arguments.data.clone(),
            line: None,
            problem: "there are no rows to evaluate on".into(),
            remedy: "add some".into(),
        });
    }
    let predictions = model.predict_on(&arguments.device, data.features())?;
    let targets = data.original_targets();
    let scores = Scores::of(&targets, &predictions, data.weights())?;
    let scored = match data.weights() {
        Some(weights) => weights.iter().map(|&weight| f64::from(weight)).sum(),
        None => data.rows() as f64,
    };
    let scores = scores.with_wrong(unknown_rows, unknown_weight, scored);
    if let Some(folder) = &arguments.report {
        let results = picture::Results {
            model: &model,
            rows: &format!("rows of {}", arguments.data.display()),
            features: data.features(),
            targets: &targets,
            predictions: &predictions,
            weights: data.weights(),
            scores: &scores,
            histories: &[],
        };
        picture::write(folder, &results)?;
    }
    if arguments.json {
        return report::print(&format!("{}\n", as_json(arguments, &model, &scores)));
    }
    report::print(&format!(
        "{} predicts {} of {} rows of {}\n\n{}",
        arguments.model.display(),
        report::target_names(&model.targets),
        picture::thousands(data.rows() + unknown_rows),
        arguments.data.display(),
        report::scores(&scores, &model.targets),
    ))?;
    tell_of_pictures(arguments.report.as_deref())
}

fn tell_of_pictures(folder: Option<&Path>) -> Result<()> {
    folder.map_or(Ok(()), |folder| {
        let page = folder.join("index.html");
        report::print(&format!("\npictures written to {}\n", page.display()))
    })
}

/// The scores, with the model and the data that they belong to.
fn as_json(arguments: &EvaluateArguments, model: &Model, scores: &Scores) -> Value {
    let mut all = json!({
        "model": arguments.model.to_string_lossy(),
        "data": arguments.data.to_string_lossy(),
        "task": model.task(),
    });
    models::tell_targets(&mut all, model);
    if let (Value::Object(all), Ok(Value::Object(scores))) =
        (&mut all, serde_json::to_value(scores))
    {
        all.extend(scores);
    }
    all
}
