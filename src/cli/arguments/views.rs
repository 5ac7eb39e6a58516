//! What a training shows of itself beyond its lines: plots, TensorBoard, a dashboard.

use std::path::PathBuf;

use clap::Args;

/// What `train` takes for it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct ViewArguments {
    /// Write plots here: SVG files, and index.html with all of them
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,
    /// Show a dashboard: curves, speed, time left and, for two numeric columns, the decision regions
    /// as they change
    #[arg(long)]
    pub(crate) live: bool,
    /// Write TensorBoard event files here
    #[arg(long, value_name = "DIR")]
    pub(crate) tensorboard: Option<PathBuf>,
}
