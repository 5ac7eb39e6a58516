//! What the commands take that choose among networks.

use std::path::PathBuf;

use clap::Args;

use super::folds::FoldArguments;
use super::stopping::StoppingArguments;
use super::training::TrainingArguments;

/// What `cv` takes.
#[derive(Debug, Args)]
pub(crate) struct CvArguments {
    #[command(flatten)]
    pub(crate) training: TrainingArguments,
    #[command(flatten)]
    pub(crate) stopping: StoppingArguments,
    #[command(flatten)]
    pub(crate) folds: FoldArguments,
    /// Write the prediction for each row here, by the network that has not seen it, as CSV
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) predictions: Option<PathBuf>,
    /// Print JSON instead
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    /// Print no warnings
    #[arg(long, short, help_heading = "Output")]
    pub(crate) quiet: bool,
}
