//! `halfplane predict`

use std::path::Path;

use halfplane::data::read_features;
use halfplane::low_level::files::write_beside;
use halfplane::{Error, Model, Result};

use super::arguments::PredictArguments;
use super::models;
use super::outputs::apart;
use super::wording;
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
    report::warn(&wording::warnings(&features.warnings));
    let predictions = model.predict_on(&arguments.device, &features.values)?;
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
    let (header, lines) = table(&model, &predictions)?;
    let text = [vec![header], lines, vec![String::new()]].concat().join("\n");
    match to_file {
        Some(path) => write_beside(path, text.as_bytes()),
        None => report::print(&text),
    }
}

/// The predictions as CSV: the header, and a line for each row.
pub(super) fn table(model: &Model, predictions: &[f32]) -> Result<(String, Vec<String>)> {
    let outputs = model.network.outputs;
    let quoted = |texts: &[String]| texts.iter().map(|text| field(text)).collect::<Vec<_>>();
    let columns = quoted(&model.prediction_columns());
    let classes = quoted(&model.classes);
    // One column more than there are outputs holds the class.
    let chosen = match columns.len() > outputs {
        true => model.likeliest(predictions)?,
        false => Vec::new(),
    };
    let is_probability = !model.classes.is_empty();
    let line = |(row, values): (usize, &[f32])| {
        let mut fields: Vec<String> =
            values.iter().map(|value| number(*value, is_probability)).collect();
        fields.extend(chosen.get(row).map(|class| classes[*class].clone()));
        fields.join(",")
    };
    let lines = predictions.chunks_exact(outputs).enumerate().map(line).collect();
    Ok((columns.join(","), lines))
}

/// A number with the digits that tell it from its neighbours in float32. Near 1, where the distance of
/// a probability from 1 matters (log loss), it has all of its digits: read as float64, it is the number
/// that `evaluate` scores.
fn number(value: f32, is_probability: bool) -> String {
    if is_probability && value > 0.5 { f64::from(value).to_string() } else { value.to_string() }
}

/// A CSV field, quoted if needed.
pub(super) fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
