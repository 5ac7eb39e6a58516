//! `halfplane export`

use std::path::{Path, PathBuf};

use clap::Args;
use halfplane::export::{Format, onnx, pytorch};
use halfplane::files::{resolved, write_beside};
use halfplane::{Model, Result};

use super::outputs::apart;
use crate::report;

/// What `export` takes.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// A model that `train --output` has written
    model: PathBuf,
    /// Write it here
    file: PathBuf,
    /// onnx or pytorch [default: by the file's name, .onnx or .py]
    #[arg(long, value_name = "NAME")]
    format: Option<Format>,
}

pub(super) fn run(arguments: &ExportArguments) -> Result<()> {
    let ExportArguments { model: source, file, .. } = arguments;
    let format = arguments.format.map_or_else(|| Format::of(file), Ok)?;
    let model = Model::load(source)?;
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

/// The model's path as seen from the script's folder where it lies below that, so that both can be
/// moved together; else its whole path.
fn seen_from(script: &Path, model: &Path) -> PathBuf {
    let (script, model) = (resolved(script), resolved(model));
    let below = script.parent().and_then(|folder| model.strip_prefix(folder).ok());
    below.map_or_else(|| model.clone(), Path::to_path_buf)
}
