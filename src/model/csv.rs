//! Predictions as comma-separated text.

use super::Model;
use crate::Result;
use crate::data::Task;

/// Predictions \[N, O\] of a model: the header, and a line for each row.
///
/// # Errors
/// As [`Model::likeliest`].
pub fn table(model: &Model, predictions: &[f32]) -> Result<(String, Vec<String>)> {
    let outputs = model.network.outputs;
    let columns = quoted(&model.prediction_columns());
    let classes: Vec<Vec<String>> = model.targets.iter().map(|own| quoted(&own.classes)).collect();
    // More columns than there are outputs hold the class of each target.
    let has_class = columns.len() > outputs;
    let chosen = match &classes[..] {
        [_] if has_class => model.likeliest(predictions)?,
        _ => Vec::new(),
    };
    let is_probability = model.task() != Task::Regression;
    let line = |(row, values): (usize, &[f32])| {
        let mut fields: Vec<String> =
            values.iter().map(|value| number(*value, is_probability)).collect();
        match &classes[..] {
            [only] => fields.extend(chosen.get(row).map(|class| only[*class].clone())),
            all if has_class => {
                let labels = all.iter().zip(values);
                fields.extend(labels.map(|(own, p)| own[usize::from(*p > 0.5)].clone()));
            }
            _ => {}
        }
        fields.join(",")
    };
    let lines = predictions.chunks_exact(outputs).enumerate().map(line).collect();
    Ok((columns.join(","), lines))
}

/// Fields of CSV.
pub fn quoted(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| field(text)).collect()
}

/// A CSV field, quoted if needed.
pub fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// A number with the digits that tell it from its neighbours in float32. Near 1, where the distance of
/// a probability from 1 matters (log loss), it has all of its digits: read as float64, it is the number
/// that `evaluate` scores.
fn number(value: f32, is_probability: bool) -> String {
    if is_probability && value > 0.5 { f64::from(value).to_string() } else { value.to_string() }
}
