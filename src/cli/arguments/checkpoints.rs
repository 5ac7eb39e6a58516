//! Checkpoints: where they go, how often, and which one a training continues from.

use std::path::{Path, PathBuf};

use clap::Args;
use halfplane::train::{CheckpointOptions, Interval, Notes};
use halfplane::{Error, Result};

/// What `train` takes for checkpoints.
#[derive(Debug, Args)]
#[command(next_help_heading = "Checkpoints")]
pub(crate) struct CheckpointArguments {
    /// Write checkpoints into this folder, from which --resume continues
    #[arg(long, value_name = "DIR")]
    checkpoint: Option<PathBuf>,
    /// Time between checkpoints, as in 30s, 5m or 2h, or "N steps" or "N epochs"
    #[arg(long, value_name = "INTERVAL")]
    checkpoint_every: Option<Interval>,
    /// Continue the training whose checkpoints are in this folder; no other argument is needed
    #[arg(long, value_name = "DIR")]
    resume: Option<PathBuf>,
}

impl CheckpointArguments {
    /// The folder of the checkpoints: a resumed training goes on writing into its own.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.checkpoint.as_deref().or(self.resume.as_deref())
    }

    /// The folder of the training that is resumed.
    pub(crate) fn resume(&self) -> Option<&Path> {
        self.resume.as_deref()
    }

    /// The options that were typed; `notes` come back when the training is resumed.
    pub(crate) fn options(&self, notes: &Notes) -> Result<Option<CheckpointOptions>> {
        let Some(folder) = self.folder() else {
            return match self.checkpoint_every {
                None => Ok(None),
                Some(_) => Err(Error::Invalid {
                    problem: "--checkpoint-every says how often, and nothing says where".into(),
                    remedy: "add --checkpoint DIR".into(),
                }),
            };
        };
        let own = CheckpointOptions::new(folder);
        let every = self.checkpoint_every.unwrap_or(own.every);
        Ok(Some(CheckpointOptions { every, notes: notes.clone(), ..own }))
    }
}
