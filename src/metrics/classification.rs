//! Scores of classification: predicted classes and probabilities.

use serde::Serialize;

use super::{Calibration, ClassScores, Confusion, Ranking, Weights, argmax, mean_of};
use crate::data::column_of;

/// The log loss clips probabilities to this distance from 0 and 1, as scikit-learn does in float64.
const CLIP: f64 = f64::EPSILON;

/// The scores of a classification.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Classification {
    /// The number of rows.
    pub rows: usize,
    /// The fraction of rows whose predicted class is right. Predicted is the class of the largest
    /// probability; of two classes the second where its probability is above 0.5.
    pub accuracy: f64,
    /// The mean recall of the classes that have rows; 1/K for guessing one of K classes.
    pub balanced_accuracy: f64,
    /// The mean of −ln p, with p the probability of the true class.
    pub log_loss: f64,
    /// The Brier score, the mean squared error of the probabilities: of the second class for two
    /// classes, summed over the classes for more.
    pub brier: f64,
    /// The area under the ROC curve; for more than two classes the mean of each against the others.
    /// `None` where a class has no rows.
    pub roc_auc: Option<f64>,
    /// The average precision; for more than two classes the mean of each against the others. `None`
    /// where a class has no rows.
    pub pr_auc: Option<f64>,
    /// The mean F1 of the classes that occur in targets or predictions.
    pub f1_macro: f64,
    /// The scores of each class.
    pub per_class: Vec<ClassScores>,
    /// The confusion matrix, with a row for each true class.
    pub confusion: Confusion,
    /// The calibration of the probability of the second class for two classes, of the predicted
    /// class for more.
    pub calibration: Calibration,
}

impl Classification {
    /// Scores targets 0 or 1 \[N\] and probabilities of 1 \[N\].
    pub(super) fn binary(truth: &[f32], predictions: &[f32], weights: Weights<'_>) -> Self {
        let yes: Vec<bool> = truth.iter().map(|&value| value > 0.5).collect();
        let p = |row: usize| f64::from(predictions[row]);
        let of_truth = |row: usize| if yes[row] { p(row) } else { 1.0 - p(row) };
        let ranking = Ranking::new(&yes, predictions, weights.0);
        let mut confusion = Confusion::new(2);
        for (row, &yes) in yes.iter().enumerate() {
            confusion.add(yes.into(), (predictions[row] > 0.5).into(), weights.of(row));
        }
        Self::new(
            yes.len(),
            confusion,
            [
                weights.mean(yes.len(), |row| negative_log(of_truth(row))),
                weights.mean(yes.len(), |row| (1.0 - of_truth(row)).powi(2)),
            ],
            [ranking.roc_auc(), ranking.average_precision()],
            Calibration::of(yes.len(), p, |row| yes[row], weights),
        )
    }

    /// Scores class indices \[N\] and probabilities \[N, count\].
    pub(super) fn multiclass(
        truth: &[u32],
        count: usize,
        predictions: &[f32],
        weights: Weights<'_>,
    ) -> Self {
        let rows = truth.len();
        let p = |row: usize, class: usize| f64::from(predictions[row * count + class]);
        let predicted: Vec<usize> = predictions.chunks_exact(count).map(argmax).collect();
        let right = |row: usize| predicted[row] == truth[row] as usize;
        let mut confusion = Confusion::new(count);
        for row in 0..rows {
            confusion.add(truth[row] as usize, predicted[row], weights.of(row));
        }
        let squares = |row: usize| {
            let off = |class| p(row, class) - f64::from(u8::from(truth[row] as usize == class));
            (0..count).map(|class| off(class).powi(2)).sum()
        };
        // One ranking at a time: all would take memory for the rows as often as there are classes.
        let areas = (0..count).map(|class| {
            let own: Vec<bool> = truth.iter().map(|&t| t as usize == class).collect();
            let scores: Vec<f32> = column_of(predictions, class, count).collect();
            let ranking = Ranking::new(&own, &scores, weights.0);
            [ranking.roc_auc(), ranking.average_precision()]
        });
        let areas: Vec<[Option<f64>; 2]> = areas.collect();
        Self::new(
            rows,
            confusion,
            [
                weights.mean(rows, |row| negative_log(p(row, truth[row] as usize))),
                weights.mean(rows, squares),
            ],
            [0, 1].map(|which| mean_of(areas.iter().map(|areas| areas[which]))),
            Calibration::of(rows, |row| p(row, predicted[row]), right, weights),
        )
    }

    fn new(
        rows: usize,
        confusion: Confusion,
        [log_loss, brier]: [f64; 2],
        [roc_auc, pr_auc]: [Option<f64>; 2],
        calibration: Calibration,
    ) -> Self {
        Self {
            rows,
            accuracy: confusion.accuracy(),
            balanced_accuracy: confusion.balanced_accuracy(),
            log_loss,
            brier,
            roc_auc,
            pr_auc,
            f1_macro: confusion.f1_macro(),
            per_class: (0..confusion.classes()).map(|class| confusion.class(class)).collect(),
            confusion,
            calibration,
        }
    }
}

/// −ln p
fn negative_log(p: f64) -> f64 {
    -p.clamp(CLIP, 1.0 - CLIP).ln()
}
