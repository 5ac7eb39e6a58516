//! What a training shows of itself beyond its lines: pictures, TensorBoard, a dashboard.

use std::path::PathBuf;

use clap::Args;

/// What `train` takes for it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Views {
    /// Write pictures here: SVG files, and index.html with all of them
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,
    /// Show curves and pace on a dashboard, and for two columns of numbers the plane as it bends
    #[arg(long)]
    pub(crate) live: bool,
    /// Write TensorBoard's event files here
    #[arg(long, value_name = "DIR")]
    pub(crate) tensorboard: Option<PathBuf>,
}
