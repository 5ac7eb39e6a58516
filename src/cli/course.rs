//! The course of a training: when it looks at itself, when it stops, which weights it
//! keeps, what is saved on the way.

use std::path::{Path, PathBuf};

use clap::Args;
use halfplane::train::{
    Checkpoint, CheckpointOptions, Checkpoints, Interval, Notes, ReduceOnPlateau,
};
use halfplane::{EarlyStopping, Error, Keep, Result, TrainOptions};

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
    /// Lower the learning rate by this factor after more than so many epochs without an improvement,
    /// as PyTorch's ReduceLROnPlateau does: 0.1,10
    #[arg(long, value_name = "FACTOR,PATIENCE")]
    reduce_on_plateau: Option<ReduceOnPlateau>,
    /// What the learning rate never falls below [default: 0]
    #[arg(long, value_name = "RATE", requires = "reduce_on_plateau")]
    min_lr: Option<f64>,
    /// The final weights: last, or best, of the epoch with the least loss
    /// [default: best with --patience, otherwise last]
    #[arg(long, value_name = "last|best")]
    keep: Option<Keep>,
    /// Look at the validation rows after every Nth epoch [default: 1]
    #[arg(long, value_name = "N")]
    validate_every: Option<u64>,
    /// Write checkpoints into this folder, from which --resume goes on
    #[arg(long, value_name = "DIR")]
    checkpoint: Option<PathBuf>,
    /// How often: a time as in 30s, 5m or 2h, or "N steps" or "N epochs" [default: 30s]
    #[arg(long, value_name = "INTERVAL")]
    checkpoint_every: Option<Interval>,
    /// Go on with the training whose checkpoints are in this folder; it needs no other argument
    #[arg(long, value_name = "DIR")]
    pub(super) resume: Option<PathBuf>,
}

impl Course {
    /// Puts what was typed into the options; `notes` come back when the training is resumed.
    pub(super) fn apply(&self, options: &mut TrainOptions, notes: &Notes) -> Result<()> {
        options.early_stopping = self
            .patience
            .map(|patience| EarlyStopping { patience, min_delta: self.min_delta.unwrap_or(0.0) });
        options.reduce_on_plateau = self
            .reduce_on_plateau
            .map(|own| ReduceOnPlateau { min_lr: self.min_lr.unwrap_or(own.min_lr), ..own });
        options.keep = self.keep;
        options.validate_every = self.validate_every.unwrap_or(options.validate_every);
        options.checkpoints = self.folder().map(|folder| {
            let own = CheckpointOptions::new(folder);
            let every = self.checkpoint_every.unwrap_or(own.every);
            CheckpointOptions { every, notes: notes.clone(), ..own }
        });
        if self.checkpoint_every.is_some() && options.checkpoints.is_none() {
            return Err(Error::Invalid {
                problem: "--checkpoint-every says how often, and nothing says where".into(),
                remedy: "add --checkpoint DIR".into(),
            });
        }
        options.check()
    }

    /// Whether the training ends when it no longer improves.
    pub(super) const fn is_patient(&self) -> bool {
        self.patience.is_some()
    }

    /// The folder of the checkpoints: a training that goes on stays in its own.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.checkpoint.as_deref().or(self.resume.as_deref())
    }

    /// Finds out before the training whether its checkpoints have a folder of their own, and makes
    /// order in the one that they are in already.
    pub(super) fn check_folder(&self) -> Result<()> {
        match (self.folder(), &self.resume) {
            (Some(folder), Some(resumed)) if same(folder, resumed) => {
                Checkpoints::of(folder).tidy()
            }
            (Some(folder), _) => Checkpoints::new(folder).map(drop),
            (None, _) => Ok(()),
        }
    }

    /// The checkpoint that the training goes on from, if it does.
    pub(super) fn resumed(&self) -> Result<Option<Checkpoint>> {
        let latest = |folder: &PathBuf| Ok(Checkpoints::of(folder).latest()?.1);
        self.resume.as_ref().map(latest).transpose()
    }
}

/// Whether two names lead to one folder.
fn same(one: &Path, other: &Path) -> bool {
    halfplane::files::resolved(one) == halfplane::files::resolved(other)
}
