//! Scores of regression.

use serde::Serialize;

use super::{Weights, mean_of};

/// The scores of a regression. With several target columns, each score is the mean over them
/// (scikit-learn's `multioutput="uniform_average"`).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Regression {
    /// The number of rows.
    pub rows: usize,
    /// The coefficient of determination R² = 1 − Σ(y − ŷ)² / Σ(y − mean)²; `None` where a column
    /// has one value only.
    pub r2: Option<f64>,
    /// The root mean squared error, in the target's unit.
    pub rmse: f64,
    /// The mean absolute error, in the target's unit.
    pub mae: f64,
    /// The scores of each target, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub per_target: Vec<TargetScores>,
}

/// The scores of one target of a regression.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TargetScores {
    /// The coefficient of determination; `None` where the target has one value only.
    pub r2: Option<f64>,
    /// The root mean squared error, in the target's unit.
    pub rmse: f64,
    /// The mean absolute error, in the target's unit.
    pub mae: f64,
}

impl Regression {
    /// Scores targets and predictions \[N, columns\].
    pub(super) fn of(
        truth: &[f32],
        columns: usize,
        predictions: &[f32],
        weights: Weights<'_>,
    ) -> Self {
        let rows = truth.len() / columns;
        let columns = (0..columns).map(|column| {
            let value = |row: usize| f64::from(truth[row * columns + column]);
            let error = |row: usize| f64::from(predictions[row * columns + column]) - value(row);
            let mean = weights.mean(rows, value);
            let spread = weights.mean(rows, |row| (value(row) - mean).powi(2));
            let squares = weights.mean(rows, |row| error(row).powi(2));
            let changes = (1..rows).any(|row| value(row) != value(0));
            let r2 = (changes && spread > 0.0).then(|| 1.0 - squares / spread);
            let mae = weights.mean(rows, |row| error(row).abs());
            TargetScores { r2, rmse: squares.sqrt(), mae }
        });
        let columns: Vec<TargetScores> = columns.collect();
        let mean = |score: fn(&TargetScores) -> f64| {
            columns.iter().map(score).sum::<f64>() / columns.len() as f64
        };
        Self {
            rows,
            r2: mean_of(columns.iter().map(|own| own.r2)),
            rmse: mean(|own| own.rmse),
            mae: mean(|own| own.mae),
            per_target: if columns.len() > 1 { columns } else { Vec::new() },
        }
    }
}
