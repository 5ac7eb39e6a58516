//! `halfplane predict`

use std::path::Path;

use halfplane::data::read_features;
use halfplane::flags;
use halfplane::low_level::files::write_beside;
use halfplane::model::csv::{quoted, table};
use halfplane::{Error, Model, Result, Task};

use super::arguments::PredictArguments;
use super::models;
use super::outputs::apart;
use crate::report;

pub(super) fn run(arguments: &PredictArguments) -> Result<()> {
    let to_file = arguments.output.as_deref().filter(|path| path.as_os_str() != "-");
    let model = models::load(&arguments.model)?;
    let outputs: Vec<(&str, &Path)> = to_file.map(|path| ("--output", path)).into_iter().collect();
    let inputs = [("the model", &arguments.model), ("the data", &arguments.data)];
    apart(&outputs, inputs.into_iter().map(|(name, path)| (name, path.as_path())))?;
    let layout = arguments.layout.layout();
    let features =
        read_features(&arguments.layout.source(&arguments.data), layout, &model.preprocessing)?;
    report::warn(&flags::warnings(&features.warnings));
    let (predictions, spread) = if arguments.spread {
        if model.members.len() == 1 {
            return Err(Error::Invalid {
                problem: format!(
                    "{} is one network, which has no spread",
                    arguments.model.display()
                ),
                remedy: "train on folds, or leave out --spread".into(),
            });
        }
        let (mean, spread) = model.predict_with_spread_on(&arguments.device, &features.values)?;
        (mean, Some(spread))
    } else {
        (model.predict_on(&arguments.device, &features.values)?, None)
    };
    if let Some(at) = predictions.iter().position(|value| !value.is_finite()) {
        return Err(Error::Data {
            path: arguments.data.clone(),
            line: None,
            problem: format!(
                "the model makes {} of row {}",
                predictions[at],
                at / model.network.outputs + 1,
            ),
            remedy: "its numbers are far from those that the model was trained on".into(),
        });
    }
    let (mut header, mut lines) = table(&model, &predictions)?;
    if let Some(spread) = spread {
        let (names, fields) = spread_columns(&model, &predictions, &spread)?;
        header = format!("{header},{names}");
        lines.iter_mut().zip(fields).for_each(|(line, field)| *line += &format!(",{field}"));
    }
    let text = [vec![header], lines, vec![String::new()]].concat().join("\n");
    match to_file {
        Some(path) => write_beside(path, text.as_bytes()),
        None => report::print(&text),
    }
}

/// The spread of the members' predictions as CSV: names of columns, and the fields of each row.
fn spread_columns(
    model: &Model,
    predictions: &[f32],
    spread: &[f32],
) -> Result<(String, Vec<String>)> {
    let outputs = model.network.outputs;
    let rows = spread.chunks_exact(outputs);
    if model.task() == Task::Multiclass {
        let chosen = model.likeliest(predictions)?;
        let of_chosen = rows.zip(chosen).map(|(row, class)| row[class].to_string());
        return Ok(("spread".to_owned(), of_chosen.collect()));
    }
    let names: Vec<String> = match outputs {
        _ if model.targets.len() > 1 => quoted(&model.target_columns("spread")),
        1 => vec!["spread".to_owned()],
        _ => (1..=outputs).map(|output| format!("spread{output}")).collect(),
    };
    let fields = rows.map(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
    Ok((names.join(","), fields.collect()))
}
