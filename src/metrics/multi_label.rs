//! Scores of several labels of each row, each yes or no.

use serde::Serialize;

use super::{Classification, Weights, mean_of};
use crate::data::column_of;

/// The scores of several labels, each yes or no: of each, and their means.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MultiLabel {
    /// The number of rows.
    pub rows: usize,
    /// The exact match: the fraction of rows of which every label is right. So scikit-learn's
    /// `accuracy_score` has it of several labels. A label is predicted where its probability is above 0.5.
    pub accuracy: f64,
    /// The fraction of labels that are right, 1 − the Hamming loss: the mean accuracy of the labels.
    pub label_accuracy: f64,
    /// The mean balanced accuracy of the labels.
    pub balanced_accuracy: f64,
    /// The mean log loss of the labels.
    pub log_loss: f64,
    /// The mean Brier score of the labels.
    pub brier: f64,
    /// The mean area under the ROC curve; `None` where a label is the same in all rows.
    pub roc_auc: Option<f64>,
    /// The mean average precision; `None` where a label is yes in no row.
    pub pr_auc: Option<f64>,
    /// The mean F1 of "yes", over the labels that are yes in some row or some prediction (scikit-learn's
    /// `f1_score(average="macro", zero_division=nan)`); `None` where there is none.
    pub f1_macro: Option<f64>,
    /// The mean calibration error of the labels.
    pub calibration_error: f64,
    /// The scores of each label.
    pub per_label: Vec<Classification>,
}

impl MultiLabel {
    /// Scores targets 0 or 1 \[N, columns\] and probabilities of 1 \[N, columns\].
    pub(super) fn of(
        truth: &[f32],
        columns: usize,
        predictions: &[f32],
        weights: Weights<'_>,
    ) -> Self {
        let rows = truth.len() / columns;
        let column = |values: &[f32], label: usize| -> Vec<f32> {
            column_of(values, label, columns).collect()
        };
        let per_label: Vec<Classification> = (0..columns)
            .map(|label| {
                Classification::binary(&column(truth, label), &column(predictions, label), weights)
            })
            .collect();
        let is_right = |row: usize| {
            let labels = row * columns..(row + 1) * columns;
            let mut pairs = truth[labels.clone()].iter().zip(&predictions[labels]);
            pairs.all(|(truth, p)| (*truth > 0.5) == (*p > 0.5))
        };
        let mean = |score: fn(&Classification) -> f64| {
            per_label.iter().map(score).sum::<f64>() / columns as f64
        };
        let f1: Vec<f64> = per_label.iter().filter_map(|own| own.per_class[1].f1).collect();
        Self {
            rows,
            accuracy: weights.mean(rows, |row| f64::from(u8::from(is_right(row)))),
            label_accuracy: mean(|own| own.accuracy),
            balanced_accuracy: mean(|own| own.balanced_accuracy),
            log_loss: mean(|own| own.log_loss),
            brier: mean(|own| own.brier),
            roc_auc: mean_of(per_label.iter().map(|own| own.roc_auc)),
            pr_auc: mean_of(per_label.iter().map(|own| own.pr_auc)),
            f1_macro: (!f1.is_empty()).then(|| f1.iter().sum::<f64>() / f1.len() as f64),
            calibration_error: mean(|own| own.calibration.expected_error),
            per_label,
        }
    }
}
