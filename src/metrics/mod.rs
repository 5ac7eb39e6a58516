//! Scores of predictions, as scikit-learn defines them, summed in f64.
//!
//! Must not know: networks, devices, files.

mod calibration;
mod classification;
mod confusion;
mod metric;
mod multi_label;
mod ranking;
mod regression;

use serde::Serialize;

pub use calibration::{BINS, Calibration, ReliabilityBin};
pub use classification::Classification;
pub use confusion::{ClassScores, Confusion};
pub use metric::Metric;
pub use multi_label::MultiLabel;
pub use ranking::Ranking;
pub use regression::{Regression, TargetScores};

use crate::data::Targets;
use crate::{Error, Result};

/// The scores of a task.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Scores {
    /// Two or more classes.
    Classification(Classification),
    /// Regression.
    Regression(Regression),
    /// Several labels, each yes or no.
    MultiLabel(MultiLabel),
}

impl Scores {
    /// Scores predictions \[N, O\] of a model: the probability of the positive class for binary
    /// targets, that of each label where they have several columns, one probability per class for several
    /// classes, numbers for regression. `weights` \[N\] are sample weights; without them all rows count
    /// the same.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the sizes do not fit, a prediction is not finite, a weight is
    /// negative or all are 0.
    pub fn of(targets: &Targets, predictions: &[f32], weights: Option<&[f32]>) -> Result<Self> {
        check(targets, predictions, weights)?;
        let weights = Weights(weights);
        match targets {
            Targets::Binary { values, columns: 1 } => {
                Ok(Self::Classification(Classification::binary(values, predictions, weights)))
            }
            Targets::Binary { values, columns } => {
                Ok(Self::MultiLabel(MultiLabel::of(values, *columns, predictions, weights)))
            }
            Targets::Classes { values, count } => Ok(Self::Classification(
                Classification::multiclass(values, *count, predictions, weights),
            )),
            Targets::Numbers { values, columns } => {
                Ok(Self::Regression(Regression::of(values, *columns, predictions, weights)))
            }
        }
    }

    /// The same with `rows` more rows that are predicted wrong whatever is predicted, since the model
    /// does not know their classes; `weight` is the sum of their sample weights, `scored` that of the
    /// rows scored so far. Only the accuracy is defined for them, and counts them.
    #[must_use]
    pub fn with_wrong(mut self, rows: usize, weight: f64, scored: f64) -> Self {
        let (own_rows, accuracy) = match &mut self {
            Self::Classification(own) => (&mut own.rows, &mut own.accuracy),
            Self::MultiLabel(own) => (&mut own.rows, &mut own.accuracy),
            Self::Regression(_) => return self,
        };
        if rows > 0 {
            *own_rows += rows;
            *accuracy *= scored / (scored + weight);
        }
        self
    }
}

/// The index of the largest value, the first on a tie: of class probabilities \[K\], the predicted
/// class.
pub fn argmax(values: &[f32]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}

/// The mean of some scores; `None` where one of them is undefined.
fn mean_of(scores: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let scores: Option<Vec<f64>> = scores.collect();
    scores.map(|scores| scores.iter().sum::<f64>() / scores.len() as f64)
}

/// The sample weight of each row.
#[derive(Clone, Copy, Debug)]
struct Weights<'a>(Option<&'a [f32]>);

impl Weights<'_> {
    fn of(self, row: usize) -> f64 {
        self.0.map_or(1.0, |weights| f64::from(weights[row]))
    }

    fn sum(self, rows: usize) -> f64 {
        (0..rows).map(|row| self.of(row)).sum()
    }

    /// The weighted mean of a value per row.
    fn mean(self, rows: usize, value: impl Fn(usize) -> f64) -> f64 {
        (0..rows).map(|row| self.of(row) * value(row)).sum::<f64>() / self.sum(rows)
    }
}

fn check(targets: &Targets, predictions: &[f32], weights: Option<&[f32]>) -> Result<()> {
    let rows = targets.words().len() / targets.columns();
    let (found, expected) = (predictions.len(), rows * targets.outputs());
    if rows == 0 {
        return Err(Error::invalid("there are no rows to score", "give at least one"));
    }
    if found != expected {
        return Err(Error::invalid(
            format!("{found} predictions for {rows} rows, which need {expected}"),
            "give the predictions of the same rows",
        ));
    }
    if let Some(at) = predictions.iter().position(|value| !value.is_finite()) {
        return Err(Error::invalid(
            format!("the prediction of row {} is {}", at / targets.outputs(), predictions[at]),
            "the model overflows on these rows: train it with a smaller learning rate",
        ));
    }
    let Some(weights) = weights else { return Ok(()) };
    if weights.len() != rows {
        return Err(Error::invalid(
            format!("{} weights for {rows} rows", weights.len()),
            "give one for each row",
        ));
    }
    if let Some(row) = weights.iter().position(|weight| !weight.is_finite() || *weight < 0.0) {
        return Err(Error::invalid(
            format!("the weight of row {row} is {}", weights[row]),
            "weights are finite and not negative",
        ));
    }
    if weights.iter().all(|weight| *weight == 0.0) {
        return Err(Error::invalid("all weights are 0", "give at least one row a positive weight"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_cannot_be_scored() {
        let targets = Targets::Binary { values: vec![0.0, 1.0], columns: 1 };
        let refused = |predictions: &[f32], weights: Option<&[f32]>| {
            Scores::of(&targets, predictions, weights).expect_err("it is refused").to_string()
        };
        assert!(refused(&[0.5], None).contains("1 predictions for 2 rows"));
        assert!(refused(&[0.5, f32::NAN], None).contains("row 1 is NaN"));
        assert!(refused(&[0.5, 0.5], Some(&[1.0])).contains("1 weights for 2 rows"));
        assert!(refused(&[0.5, 0.5], Some(&[1.0, -1.0])).contains("weight of row 1 is -1"));
        assert!(refused(&[0.5, 0.5], Some(&[0.0, 0.0])).contains("all weights are 0"));
        let labels = Targets::Binary { values: vec![0.0, 1.0], columns: 2 };
        assert!(Scores::of(&labels, &[0.5], None).is_err());
    }

    fn of_labels(values: &[f32], predictions: &[f32]) -> MultiLabel {
        let targets = Targets::Binary { values: values.to_vec(), columns: 2 };
        match Scores::of(&targets, predictions, None) {
            Ok(Scores::MultiLabel(own)) => own,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_row_is_right_where_all_of_its_labels_are() {
        let truth = [0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0];
        let scores = of_labels(&truth, &[0.1, 0.9, 0.9, 0.2, 0.8, 0.1, 0.7, 0.3]);
        assert_eq!((scores.rows, scores.accuracy, scores.label_accuracy), (4, 0.5, 0.75));
        let each: Vec<f64> = scores.per_label.iter().map(|own| own.accuracy).collect();
        assert_eq!(each, [0.75, 0.75]);
        let worse = Scores::MultiLabel(scores).with_wrong(4, 4.0, 4.0);
        let Scores::MultiLabel(worse) = worse else { panic!("still labels") };
        assert_eq!((worse.rows, worse.accuracy, worse.label_accuracy), (8, 0.25, 0.75));
    }

    #[test]
    fn a_label_that_never_changes_leaves_areas_undefined() {
        let scores = of_labels(&[0.0, 1.0, 0.0, 0.0], &[0.1, 0.9, 0.2, 0.3]);
        assert_eq!((scores.roc_auc, scores.pr_auc), (None, None));
        assert_eq!(scores.f1_macro, Some(1.0), "nobody is, or is taken for, a yes of the first");
        let scores = of_labels(&[0.0, 0.0, 0.0, 0.0], &[0.1, 0.1, 0.2, 0.3]);
        assert_eq!((scores.f1_macro, scores.accuracy), (None, 1.0));
    }

    #[test]
    fn rows_of_unknown_classes_are_wrong() {
        let targets = Targets::Binary { values: vec![0.0, 1.0, 1.0], columns: 1 };
        let scores = Scores::of(&targets, &[0.1, 0.9, 0.2], None).expect("three rows");
        let Scores::Classification(all) = scores.clone().with_wrong(5, 5.0, 3.0) else { panic!() };
        assert_eq!((all.rows, all.accuracy), (8, 2.0 / 3.0 * 3.0 / 8.0));
        assert_eq!(scores.clone().with_wrong(0, 0.0, 3.0), scores);
    }

    #[test]
    fn what_is_undefined_is_left_out() {
        let targets = Targets::Binary { values: vec![0.0, 0.0], columns: 1 };
        let Ok(Scores::Classification(scores)) = Scores::of(&targets, &[0.1, 0.2], None) else {
            panic!("two rows of one class can be scored");
        };
        assert_eq!((scores.roc_auc, scores.pr_auc), (None, None));
        assert_eq!((scores.accuracy, scores.balanced_accuracy), (1.0, 1.0));
        assert_eq!(scores.per_class[1].f1, None, "nobody is, and nobody is taken for, a yes");
        let targets = Targets::Numbers { values: vec![3.0, 3.0], columns: 1 };
        let Ok(Scores::Regression(scores)) = Scores::of(&targets, &[3.0, 4.0], None) else {
            panic!("two equal numbers can be scored");
        };
        assert_eq!((scores.r2, scores.mae), (None, 0.5));
    }
}
