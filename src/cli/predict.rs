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

/// The predictions as CSV: `p` of "yes", or `p_<class>`, and `class`; `y` for numbers.
fn table(model: &Model, predictions: &[f32]) -> String {
    let outputs = model.network.outputs;
    let classes: Vec<String> = model.classes.iter().map(|class| field(class)).collect();
    let several = |name: &str| match outputs {
        1 => vec![name.to_owned()],
        _ => (1..=outputs).map(|output| format!("{name}{output}")).collect(),
    };
    let class = || "class".to_owned();
    let header: Vec<String> = match (model.network.output, outputs) {
        (Output::Softmax, _) => {
            let all = model.classes.iter().map(|class| field(&format!("p_{class}")));
            all.chain([class()]).collect()
        }
        (Output::Sigmoid, 1) => vec!["p".into(), class()],
        (Output::Sigmoid, _) => several("p"),
        (Output::Identity, _) => several("y"),
    };
    let mut text = header.join(",") + "\n";
    for row in predictions.chunks_exact(outputs) {
        let mut fields: Vec<String> = row.iter().map(f32::to_string).collect();
        match (model.network.output, row) {
            (Output::Softmax, _) => fields.push(classes[report::largest(row)].clone()),
            (Output::Sigmoid, [p]) => fields.push(classes[usize::from(*p > 0.5)].clone()),
            _ => {}
        }
        text += &fields.join(",");
        text.push('\n');
    }
    text
}

/// A CSV field, in quotes where it needs them.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
