//! What came of training one network.

use crate::model::Model;
use crate::train::{Evaluation, Summary};
use crate::{Error, Result};

/// How good a network was after an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochScores {
    /// The mean of the losses that the epoch's steps saw.
    pub train_loss: f64,
    /// The weights at its end on the validation rows, where they were looked at.
    pub validation: Option<Evaluation>,
}

/// A network that was trained.
#[derive(Clone, Debug)]
pub struct Fit {
    /// How it has ended.
    pub summary: Summary,
    /// Epochs that it was trained for.
    pub epochs: u64,
    /// Each epoch, in order; of a training that was resumed, those since.
    pub curve: Vec<EpochScores>,
    /// Its predictions for the validation rows \[N, O\], in the target's own unit; empty where there
    /// are no such rows, or where nobody wants them.
    pub predictions: Vec<f32>,
    /// The same for the training rows of several targets, which an evaluation scores together only; empty
    /// for a single one.
    pub of_training: Vec<f32>,
    /// The network itself, where it is wanted.
    pub model: Option<Model>,
    /// Seconds that planning, training and predicting took.
    pub seconds: f64,
}

/// How training one network has ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// With a network.
    Fitted(Box<Fit>),
    /// Its loss became NaN or infinite.
    Diverged {
        /// The step whose loss it was.
        step: u64,
        /// The loss.
        loss: f32,
        /// The learning rate that was used.
        lr: f64,
        /// Seconds that it took by then.
        seconds: f64,
    },
}

impl Outcome {
    /// The network, unless it diverged.
    pub fn fit(&self) -> Option<&Fit> {
        match self {
            Self::Fitted(fit) => Some(fit),
            Self::Diverged { .. } => None,
        }
    }

    /// The network, unless it diverged.
    pub fn into_fit(self) -> Option<Fit> {
        match self {
            Self::Fitted(fit) => Some(*fit),
            Self::Diverged { .. } => None,
        }
    }

    /// The network, where one that diverged is an error.
    ///
    /// # Errors
    /// [`Error::Diverged`]
    pub fn fitted(&self) -> Result<&Fit> {
        match self {
            Self::Fitted(fit) => Ok(fit),
            &Self::Diverged { step, loss, lr, .. } => Err(Error::Diverged { step, loss, lr }),
        }
    }

    /// Takes note of how long it took.
    pub(super) fn set_seconds(&mut self, of_all: f64) {
        match self {
            Self::Fitted(fit) => fit.seconds = of_all,
            Self::Diverged { seconds, .. } => *seconds = of_all,
        }
    }

    /// Seconds that it took.
    pub fn seconds(&self) -> f64 {
        match self {
            Self::Fitted(fit) => fit.seconds,
            Self::Diverged { seconds, .. } => *seconds,
        }
    }
}
