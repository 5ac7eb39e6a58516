//! `halfplane evaluate`

use std::path::{Path, PathBuf};

use clap::Args;
use halfplane::data::{Schema, read_labelled};
use halfplane::metrics::Scores;
use halfplane::{DeviceChoice, Error, Model, Output, Result, Task};
use serde_json::{Value, json};

use super::arguments::{LayoutArguments, source};
use crate::report::{self, own_unit, picture};

/// What `evaluate` takes.
#[derive(Debug, Args)]
pub(crate) struct EvaluateArguments {
    /// A model that `train --output` has written
    model: PathBuf,
    /// A table with the model's columns and the target; - is standard input
    data: PathBuf,
    /// A file of its own for the target
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// A column that says how much each row counts
    #[arg(long, value_name = "COL")]
    sample_weight: Option<String>,
    /// Print JSON instead
    #[arg(long)]
    json: bool,
    /// Write pictures here: SVG files, and index.html with all of them
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// auto, gpu, software, cpu, or a part of an adapter's name
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: DeviceChoice,
    #[command(flatten)]
    layout: LayoutArguments,
}

pub(super) fn run(arguments: &EvaluateArguments) -> Result<()> {
    let model = Model::load(&arguments.model)?;
    if let Some(folder) = &arguments.report {
        picture::prepare(folder)?;
    }
    let task = task(&model)?;
    let schema = Schema {
        preprocessing: &model.preprocessing,
        target: &model.target,
        classes: &model.classes,
        task,
    };
    let labels = arguments.labels.as_deref().map(source);
    let (data, warnings) = read_labelled(
        &source(&arguments.data),
        labels.as_ref(),
        arguments.layout.layout(),
        &schema,
        arguments.sample_weight.as_deref(),
    )?;
    report::warn(&warnings);
    if data.rows() == 0 {
        return Err(Error::Data {
            path: arguments.data.clone(),
            line: None,
            problem: "there are no rows to evaluate on".into(),
            remedy: "add some".into(),
        });
    }
    let predictions = model.predict_on(&arguments.device, data.features())?;
    let targets = own_unit(data.targets(), model.preprocessing.target);
    let scores = Scores::of(&targets, &predictions, data.weights())?;
    if let Some(folder) = &arguments.report {
        let results = picture::Results {
            model: &model,
            rows: &format!("rows of {}", arguments.data.display()),
            features: data.features(),
            targets: &targets,
            predictions: &predictions,
            weights: data.weights(),
            scores: &scores,
            history: None,
        };
        picture::write(folder, &results)?;
    }
    if arguments.json {
        return report::print(&format!("{}\n", as_json(arguments, &model, task, &scores)));
    }
    report::print(&format!(
        "{} predicts {} of {} rows of {}\n\n{}",
        arguments.model.display(),
        model.target,
        picture::thousands(data.rows()),
        arguments.data.display(),
        report::scores(&scores, &model.classes),
    ))?;
    told_of(arguments.report.as_deref())
}

fn told_of(folder: Option<&Path>) -> Result<()> {
    folder.map_or(Ok(()), |folder| {
        let page = folder.join("index.html");
        report::print(&format!("\npictures written to {}\n", page.display()))
    })
}

/// The task that a model was trained for.
fn task(model: &Model) -> Result<Task> {
    match (model.network.output, model.network.outputs) {
        (Output::Softmax, _) => Ok(Task::Multiclass),
        (Output::Sigmoid, 1) => Ok(Task::Binary),
        (Output::Identity, 1) => Ok(Task::Regression),
        (_, outputs) => Err(Error::Invalid {
            problem: format!("the model makes {outputs} predictions of each row at once"),
            remedy: "evaluate it from Rust, by `halfplane::metrics`".into(),
        }),
    }
}

/// The scores with what they are of.
fn as_json(arguments: &EvaluateArguments, model: &Model, task: Task, scores: &Scores) -> Value {
    let mut all = json!({
        "model": arguments.model,
        "data": arguments.data,
        "target": model.target,
        "task": task,
        "classes": model.classes,
    });
    if let (Value::Object(all), Ok(Value::Object(scores))) =
        (&mut all, serde_json::to_value(scores))
    {
        all.extend(scores);
    }
    all
}
