//! What training tells while it goes on.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::spec::{Parameters, Strategy};

/// Something that happened. As JSON it is a line of a metrics file.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Event {
    /// A step that is logged.
    Step {
        /// Its number, from 0.
        step: u64,
        /// The mean loss of its batch, before its update.
        loss: f32,
    },
    /// A pass over the training rows is done.
    Epoch {
        /// Its number, from 0.
        epoch: u64,
        /// The mean over the rows of the losses that its steps saw.
        train_loss: f64,
        /// The weights at its end on the validation rows, where they were looked at.
        #[serde(skip_serializing_if = "Option::is_none")]
        validation: Option<Evaluation>,
    },
    /// The weights after so many steps, where [`super::Trainer::showing_weights`] asks for them.
    /// They have no line in a metrics file.
    #[serde(skip)]
    Weights {
        /// The steps done by then.
        step: u64,
        /// The weights.
        parameters: Arc<Parameters>,
    },
    /// The learning rate was lowered, since the loss has come to a plateau.
    Reduced {
        /// The epoch after which.
        epoch: u64,
        /// The learning rate from now on.
        lr: f64,
    },
    /// A checkpoint is about to be written. Who writes down what is told should bring it to the disk
    /// now, for a training that is resumed does not tell again what came before its checkpoint. It
    /// has no line in a metrics file.
    #[serde(skip)]
    CheckpointBegins {
        /// The steps done by then.
        step: u64,
    },
    /// A checkpoint could not be written. Training goes on, and it is tried again.
    #[serde(rename = "checkpoint-failed")]
    CheckpointFailed {
        /// The steps done by then.
        step: u64,
        /// Why not.
        problem: String,
    },
    /// A checkpoint was written.
    Checkpoint {
        /// The steps done by then.
        step: u64,
        /// The file.
        path: PathBuf,
    },
    /// The device failed, and training goes on from a snapshot.
    Recovered {
        /// The step from which it goes on.
        step: u64,
        /// What the failed device said.
        problem: String,
        /// The device that it goes on with.
        device: String,
    },
    /// Training is done.
    End(Summary),
}

/// How good a network is on some rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// The mean loss.
    pub loss: f64,
    /// The share of right answers, for classes; of several labels the share of labels that are right, in
    /// all rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// 1 − squared errors / squared distances from the mean, for numbers that are not all equal; of several
    /// targets with the errors of all together, in the unit in which they are learned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r2: Option<f64>,
    /// The numbers or labels of each row that are scored together: with more than one, `accuracy` and
    /// `r2` are not what [`Metric`](crate::metrics::Metric) calls so.
    #[serde(skip)]
    pub columns: usize,
}

impl Evaluation {
    /// Of weights that were not evaluated.
    pub(super) const UNKNOWN: Self = Self { loss: f64::NAN, accuracy: None, r2: None, columns: 1 };
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ended {
    /// It has its length.
    Length,
    /// The loss has not improved for as long as the patience lasts.
    Patience,
    /// It was interrupted from outside.
    Interrupted,
    /// The observer broke it off.
    Observer,
    /// Its loss became NaN or infinite. One that is trained alone ends so only where its best weights
    /// were kept, otherwise with [`crate::Error::Diverged`].
    Diverged,
}

/// The epoch whose weights were kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// Its number, from 0.
    pub epoch: u64,
    /// Its loss: on the validation rows, or without such rows the training loss.
    pub loss: f64,
}

/// What came out of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Steps done.
    pub steps: u64,
    /// The final weights on all training rows.
    #[serde(flatten)]
    pub evaluation: Evaluation,
    /// The final weights on the validation rows, where there are such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<Evaluation>,
    /// Why it ended.
    pub ended: Ended,
    /// The epoch whose weights are the final ones, where they are not the last ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best: Option<Best>,
    /// Seconds that the steps took; of one network among many, those of all together.
    pub seconds: f64,
    /// Steps in a second.
    pub steps_per_second: f64,
    /// The device's name.
    pub device: String,
    /// How a step was lowered to dispatches.
    pub strategy: Strategy,
}
