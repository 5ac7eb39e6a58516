//! When a training is validated, when it stops early, and which weights it keeps.

use clap::Args;
use halfplane::train::ReduceOnPlateau;
use halfplane::{EarlyStopping, Keep, TrainOptions};

/// What `train` takes for it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Early stopping")]
pub(crate) struct StoppingArguments {
    /// Stop early after this many epochs without an improvement: of the loss on the validation rows
    /// or, without such rows, of the training loss
    #[arg(long, value_name = "EPOCHS")]
    patience: Option<u64>,
    /// Smallest decrease of the loss that counts as an improvement
    #[arg(long, value_name = "LOSS", requires = "patience")]
    min_delta: Option<f64>,
    /// Multiply the learning rate by this factor after more than so many epochs without an
    /// improvement, as in 0.1,10 (torch.optim.lr_scheduler.ReduceLROnPlateau)
    #[arg(long, value_name = "FACTOR,PATIENCE")]
    reduce_on_plateau: Option<ReduceOnPlateau>,
    /// Lower bound of the learning rate, for --reduce-on-plateau
    #[arg(long, value_name = "RATE", requires = "reduce_on_plateau")]
    min_lr: Option<f64>,
    /// Which weights to keep: last, or best, those of the epoch with the lowest loss
    #[arg(long, value_name = "last|best")]
    keep: Option<Keep>,
    /// Validate after every Nth epoch
    #[arg(long, value_name = "N")]
    validate_every: Option<u64>,
}

impl StoppingArguments {
    /// Puts what was typed into the options.
    pub(crate) fn apply(&self, options: &mut TrainOptions) {
        if let Some(patience) = self.patience {
            let own = EarlyStopping::after(patience);
            let min_delta = self.min_delta.unwrap_or(own.min_delta);
            options.early_stopping = Some(EarlyStopping { min_delta, ..own });
        }
        options.reduce_on_plateau = self
            .reduce_on_plateau
            .map(|own| ReduceOnPlateau { min_lr: self.min_lr.unwrap_or(own.min_lr), ..own });
        options.keep = self.keep;
        options.validate_every = self.validate_every.unwrap_or(options.validate_every);
    }

    /// Whether the training ends when it no longer improves.
    pub(crate) const fn is_patient(&self) -> bool {
        self.patience.is_some()
    }
}
