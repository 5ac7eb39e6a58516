//! `halfplane export`

use std::path::{Path, PathBuf};

use halfplane::Result;
use halfplane::export::{Format, onnx, pytorch};
use halfplane::low_level::files::{resolved, write_beside};

use super::arguments::ExportArguments;
use super::models;
use super::outputs::apart;
use crate::report;

pub(super) fn run(arguments: &ExportArguments) -> Result<()> {
    let ExportArguments { model: source, file, .. } = arguments;
    let format = arguments.format.map_or_else(|| Format::of(file), Ok)?;
    let model = models::load(source)?;
    apart(&[("the export", file)], [("the model", source.as_path())].into_iter())?;
    let (bytes, note) = match format {
        Format::Onnx => (onnx(&model)?, String::new()),
        Format::Pytorch => {
            let weights = seen_from(file, source);
            let note = format!("; it loads the weights from {}", weights.display());
            (pytorch(&model, &weights).into_bytes(), note)
        }
    };
    write_beside(file, &bytes)?;
    report::print(&format!("{format} written to {}{note}\n", file.display()))
}

/// The model's path relative to the script's folder if it is below that, so that both can be moved
/// together; otherwise its absolute path.
fn seen_from(script: &Path, model: &Path) -> PathBuf {
    let (script, model) = (resolved(script), resolved(model));
    let below = script.parent().and_then(|folder| model.strip_prefix(folder).ok());
    below.map_or_else(|| model.clone(), Path::to_path_buf)
}
