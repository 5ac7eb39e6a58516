//! What training tells while it goes on.

use serde::Serialize;

use crate::spec::Strategy;

/// Something that happened. As JSON it is a line of a metrics file.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
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
    },
    /// Training is done.
    End(Summary),
}

/// How good a network is on some rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// The mean loss.
    pub loss: f64,
    /// The share of right answers, for classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// 1 − squared errors / squared distances from the mean, for numbers that are not all equal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r2: Option<f64>,
}

/// What came out of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Steps done.
    pub steps: u64,
    /// The final weights on all training rows.
    #[serde(flatten)]
    pub evaluation: Evaluation,
    /// Seconds that the steps took.
    pub seconds: f64,
    /// Steps in a second.
    pub steps_per_second: f64,
    /// The device's name.
    pub device: String,
    /// The way a step was lowered.
    pub strategy: Strategy,
}
