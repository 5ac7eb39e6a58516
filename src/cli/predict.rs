//! `halfplane predict`

use std::path::Path;

use halfplane::data::read_features;
use halfplane::files::write_beside;
use halfplane::{Error, Model, Output, Result};

use super::arguments::{PredictArguments, source};
use super::outputs::apart;
use crate::report;

pub(super) fn run(arguments: &PredictArguments) -> Result<()> {
    let to_file = arguments.output.as_deref().filter(|path| path.as_os_str() != "-");
    let model = Model::load(&arguments.model)?;
    let outputs: Vec<(&str, &Path)> = to_file.map(|path| ("--output", path)).into_iter().collect();
    let inputs = [("the model", &arguments.model), ("the data", &arguments.data)];
    apart(&outputs, inputs.into_iter().map(|(name, path)| (name, path.as_path())))?;
    let layout = arguments.layout.layout();
    let features = read_features(&source(&arguments.data), layout, &model.preprocessing)?;
    report::warn(&features.warnings);
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
    let text = table(&model, &predictions);
    match to_file {
        Some(path) => write_beside(path, text.as_bytes()),
        None => report::print(&text),
    }
}

/// The predictions as CSV: `p` for binary, `p_<class>` and `class` for several, `y` for numbers.
fn table(model: &Model, predictions: &[f32]) -> String {
    let outputs = model.network.outputs;
    let classes = &model.classes;
    let mut lines = Vec::with_capacity(predictions.len() / outputs + 1);
    let numbers = |row: &[f32]| row.iter().map(f32::to_string).collect::<Vec<_>>();
    match model.network.output {
        Output::Softmax => {
            let mut header: Vec<String> =
                classes.iter().map(|class| field(&format!("p_{class}"))).collect();
            header.push("class".into());
            lines.push(header.join(","));
            for row in predictions.chunks_exact(outputs) {
                let mut fields = numbers(row);
                fields.push(field(&classes[report::largest(row)]));
                lines.push(fields.join(","));
            }
        }
        Output::Sigmoid | Output::Identity => {
            let name = if model.network.output == Output::Sigmoid { "p" } else { "y" };
            let header: Vec<String> = match outputs {
                1 => vec![name.into()],
                _ => (1..=outputs).map(|output| format!("{name}{output}")).collect(),
            };
            lines.push(header.join(","));
            lines.extend(predictions.chunks_exact(outputs).map(|row| numbers(row).join(",")));
        }
    }
    lines.join("\n") + "\n"
}

/// A CSV field, in quotes where it needs them.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
