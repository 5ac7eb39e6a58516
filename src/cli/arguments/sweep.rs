//! What `sweep` takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use halfplane::DeviceChoice;
use halfplane::sweep::{Block, Pruning, SamplerName, Select};

use super::data::DataArguments;
use super::folds::FoldArguments;
use super::space::SpaceArguments;

/// What `sweep` takes.
#[derive(Debug, Args)]
pub(crate) struct SweepArguments {
    /// A table (CSV, TSV, Parquet, .npy, .npz or IDX, gzipped or not; - is standard input)
    #[arg(required = true)]
    pub(crate) data: Option<PathBuf>,
    /// Read options from a TOML file: the same names without the leading --, alternatives as arrays,
    /// ranges as { from = 1e-4, to = 1e-1 }; flags win
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) table: DataArguments,
    #[command(flatten)]
    pub(crate) folds: FoldArguments,
    #[command(flatten)]
    pub(crate) space: SpaceArguments,

    /// Try so many points at most
    #[arg(long, value_name = "N", help_heading = "Search")]
    pub(crate) trials: Option<u64>,
    /// Search so long at most, as in 90s, 10m or 2h; the final training comes on top
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Search")]
    pub(crate) time: Option<Duration>,
    /// Which points are tried: grid, random, sobol or tpe
    #[arg(long, value_name = "NAME", help_heading = "Search")]
    pub(crate) sampler: Option<SamplerName>,
    /// Which trial is chosen: best, or 1se, the smallest network within a standard error of the best
    #[arg(long, value_name = "best|1se", help_heading = "Search")]
    pub(crate) select: Option<Select>,
    /// Score the whole choice on K outer folds, too: for each, a search of its own on the other rows, of which
    /// no part has seen it
    #[arg(long, value_name = "K", conflicts_with = "block", help_heading = "Search")]
    pub(crate) outer: Option<usize>,
    /// Stop trials early that fall behind: auto, on or off
    #[arg(long, value_name = "auto|on|off", help_heading = "Search")]
    pub(crate) pruning: Option<Pruning>,
    /// Seed of the points, the folds, initial weights, shuffling and dropout
    #[arg(long, value_name = "N", help_heading = "Search")]
    pub(crate) seed: Option<u64>,

    /// Do a part of the trials, as in 3/16, the third of sixteen; --merge joins them. Points are those of
    /// grid, sobol or random, and no trial is stopped early
    #[arg(long, value_name = "I/N", conflicts_with = "time", help_heading = "Search")]
    pub(crate) block: Option<Block>,

    /// auto, gpu, software, cpu, or a part of an adapter's name
    #[arg(long, value_name = "DEVICE", help_heading = "Device")]
    pub(crate) device: Option<DeviceChoice>,
    /// Threads of the CPU path, at most
    #[arg(long, value_name = "N", help_heading = "Device")]
    pub(crate) threads: Option<usize>,

    /// Write the journal, the best network and its configuration here; by default of a block into
    /// sweep/block-3-of-16
    #[arg(long, value_name = "DIR", conflicts_with_all = ["resume", "report"], help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Go on with the search of this folder
    #[arg(long, value_name = "DIR", conflicts_with = "report", help_heading = "Output")]
    pub(crate) resume: Option<PathBuf>,
    /// Join the blocks in these folders, and train the best of all trials
    #[arg(
        long,
        value_name = "DIR",
        num_args = 1..,
        conflicts_with_all = ["block", "resume", "report"],
        help_heading = "Output"
    )]
    pub(crate) merge: Vec<PathBuf>,
    /// What the model is: folds, the mean of a network for each fold, stopped early by it, as `train` makes
    /// it, of `train`'s own settings where no trial is better by a standard error and nothing is named to be
    /// searched; or all, one network on all rows, for as many epochs as were best
    #[arg(long, value_name = "folds|all", help_heading = "Search")]
    pub(crate) refit: Option<Refit>,
    /// Save the mean of the networks that were scored, too, as ensemble.safetensors: one for each fold
    #[arg(long = "keep", value_name = "folds", help_heading = "Output")]
    pub(crate) kept: Option<Kept>,
    /// Print the leaderboard of this folder's search, and draw its page
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) report: Option<PathBuf>,
    /// Show a dashboard: scores, learning curves, the best and, for two numeric columns, decision regions
    #[arg(long, conflicts_with = "report", help_heading = "Output")]
    pub(crate) live: bool,
    /// Train nothing: print the dispatch graphs of the first trials instead
    #[arg(long, conflicts_with_all = ["resume", "merge", "report", "live", "json"], help_heading = "Output")]
    pub(crate) plan: bool,
    /// Print JSON instead
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    /// Print nothing but errors
    #[arg(long, short, help_heading = "Output")]
    pub(crate) quiet: bool,

    /// What was typed, as it is kept in the journal.
    #[arg(skip)]
    pub(crate) words: Vec<String>,
}

/// What the model of a search is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Refit {
    /// The mean of a network for each fold.
    #[default]
    Folds,
    /// One network on all rows.
    All,
}

/// Which networks are saved beside the best.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Kept {
    /// One for each fold.
    Folds,
}

/// A time, as in 90s, 10m or 2h.
fn time(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time; write it as 90s, 10m or 2h");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1.0,
        'm' => 60.0,
        'h' => 3600.0,
        _ => return Err(wrong()),
    };
    let number: f64 = text[..text.len() - 1].trim().parse().map_err(|_| wrong())?;
    let time = Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())?;
    if time.is_zero() { Err("it must be more than no time".to_owned()) } else { Ok(time) }
}
