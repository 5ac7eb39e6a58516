//! The course of a training: when it looks at itself, when it stops, which weights it keeps.

use clap::Args;
use halfplane::{EarlyStopping, Keep, Result, TrainOptions};

/// What `train` takes beyond a description of the training.
#[derive(Debug, Args)]
#[command(next_help_heading = "Course")]
pub(crate) struct Course {
    /// Stop after so many epochs without an improvement: of the loss on the validation rows or,
    /// without such rows, of the training loss
    #[arg(long, value_name = "EPOCHS")]
    patience: Option<u64>,
    /// What a loss must be below the best one to count as an improvement [default: 0]
    #[arg(long, value_name = "LOSS", requires = "patience")]
    min_delta: Option<f64>,
    /// The final weights: last, or best, of the epoch with the least loss
    /// [default: best with --patience, otherwise last]
    #[arg(long, value_name = "last|best")]
    keep: Option<Keep>,
    /// Look at the validation rows after every Nth epoch [default: 1]
    #[arg(long, value_name = "N")]
    validate_every: Option<u64>,
}

impl Course {
    /// Puts what was typed into the options.
    pub(super) fn apply(&self, options: &mut TrainOptions) -> Result<()> {
        options.early_stopping = self
            .patience
            .map(|patience| EarlyStopping { patience, min_delta: self.min_delta.unwrap_or(0.0) });
        options.keep = self.keep;
        options.validate_every = self.validate_every.unwrap_or(options.validate_every);
        options.check()
    }
}
