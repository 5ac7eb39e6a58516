//! What a journal knows of a trial.

use serde::{Deserialize, Serialize};

use crate::sweep::Point;

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
    /// The rungs at which it was judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rungs: Vec<Rung>,
    /// The trial before it with the same point, whose scores these are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<u64>,
    /// How long its share of the work took.
    pub seconds: f64,
}

/// How good a trial was at a rung of [`super::Halving`].
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

/// JSON has no NaN.
mod nan_as_null {
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(own: &[f64], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(own.iter().map(|number| number.is_finite().then_some(*number)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
        let read = Vec::<Option<f64>>::deserialize(from)?;
        Ok(read.into_iter().map(|number| number.unwrap_or(f64::NAN)).collect())
    }

    pub(super) mod single {
        use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

        pub(in super::super) fn serialize<S: Serializer>(
            own: &f64,
            to: S,
        ) -> Result<S::Ok, S::Error> {
            own.is_finite().then_some(*own).serialize(to)
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<f64, D::Error> {
            Ok(Option::<f64>::deserialize(from)?.unwrap_or(f64::NAN))
        }
    }
}
