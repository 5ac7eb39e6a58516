//! What a journal knows of a trial.

use serde::{Deserialize, Serialize};

use crate::sweep::{Point, nan_as_null};

/// How a trial has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It was trained to its end.
    Complete,
    /// It was stopped at a rung, for others were better.
    Pruned,
    /// The loss became NaN or infinite, in a fold at least.
    Diverged,
    /// It cannot be trained: its values contradict each other.
    Refused,
}

/// What is known of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its number, from 0.
    pub trial: u64,
    /// Its point.
    pub parameters: Point,
    /// How it has ended.
    pub state: State,
    /// The score of each fold after [`Record::epochs`], or where it was stopped; NaN, in the file
    /// `null`, where it diverged.
    #[serde(with = "nan_as_null")]
    pub scores: Vec<f64>,
    /// The number of epochs with the best mean score.
    pub epochs: u64,
    /// Epochs that it was trained for.
    pub trained: u64,
    /// Parameters of the network.
    pub size: u64,
    /// The mean over the folds of the metric on the rows that its networks were trained on, at their end:
    /// where it is accuracy or R².
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<f64>,
    /// How it has learned.
    #[serde(default, skip_serializing_if = "Curve::is_empty")]
    pub curve: Curve,
    /// The rungs at which it was judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rungs: Vec<Rung>,
    /// The trial before it with the same point, whose scores these are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<u64>,
    /// Trials of its batch that come after it: who goes on from a journal begins with a whole batch.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: usize,
    /// How long its share of the work took.
    pub seconds: f64,
}

/// Tells each trial of a batch how many come after it.
pub(in crate::sweep) fn tell_batch(records: &mut [Record]) {
    let more = (0..records.len()).rev();
    records.iter_mut().zip(more).for_each(|(own, more)| own.more = more);
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// The mean learning curve over a trial's folds: some epochs of it, the last among them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curve {
    /// The numbers of epochs done, from 1.
    pub epochs: Vec<u64>,
    /// The mean training loss of each.
    pub train_loss: Vec<f32>,
    /// The mean loss on the folds after each.
    pub loss: Vec<f32>,
}

impl Curve {
    /// Whether nothing is known of it.
    pub fn is_empty(&self) -> bool {
        self.epochs.is_empty()
    }
}

/// How good a trial was at a rung of [`Halving`](crate::sweep::Halving).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// Which rung.
    pub rung: usize,
    /// Epochs that it was trained for.
    pub epochs: u64,
    /// What is minimised; NaN, in the file `null`, where it diverged.
    #[serde(with = "nan_as_null::single")]
    pub value: f64,
}
