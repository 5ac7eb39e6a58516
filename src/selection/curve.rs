//! The mean of learning curves over folds.

use super::{EpochScores, Fit};
use crate::metrics::Metric;
use crate::train::Evaluation;

/// The folds after an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// The number of epochs done, from 1.
    pub epochs: u64,
    /// The mean training loss.
    pub train_loss: f64,
    /// The mean validation loss.
    pub loss: f64,
    /// The mean of the metric on the validation rows, where it is known after each epoch: the accuracy
    /// and R² of a single target.
    pub score: Option<f64>,
}

/// The mean over folds of what was seen after each epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeanCurve {
    /// As many epochs as the fold with the fewest has done, of those that were looked at.
    pub points: Vec<CurvePoint>,
}

impl MeanCurve {
    /// The mean over these networks. Nothing, where one was resumed: what its epochs before were is not
    /// known any more.
    pub fn of(fits: &[&Fit], metric: Metric) -> Self {
        let curves: Vec<_> = fits.iter().map(|fit| (fit.epochs, &fit.curve[..])).collect();
        Self::of_curves(&curves, metric)
    }

    /// The same of the epochs that each network was trained for, and what was seen after each.
    pub(super) fn of_curves(curves: &[(u64, &[EpochScores])], metric: Metric) -> Self {
        if curves.iter().any(|(epochs, curve)| *epochs != curve.len() as u64) {
            return Self::default();
        }
        let epochs = curves.iter().map(|(_, curve)| curve.len()).min().unwrap_or(0);
        let points = (0..epochs).filter_map(|epoch| {
            let mut sums = [0.0; 2];
            let mut score = Some(0.0);
            for (_, curve) in curves {
                let seen = &curve[epoch];
                let validation = seen.validation?;
                sums[0] += seen.train_loss;
                sums[1] += validation.loss;
                score = score.zip(score_of(&validation, metric)).map(|(sum, own)| sum + own);
            }
            let count = curves.len() as f64;
            Some(CurvePoint {
                epochs: epoch as u64 + 1,
                train_loss: sums[0] / count,
                loss: sums[1] / count,
                score: score.map(|sum| sum / count),
            })
        });
        Self { points: points.collect() }
    }

    /// The epoch with the best mean: of the metric where it is known, and among equals of the loss;
    /// of the loss otherwise. The first such epoch.
    pub fn best(&self, metric: Metric) -> Option<&CurvePoint> {
        let key =
            |point: &CurvePoint| (point.score.map_or(0.0, |score| metric.gain(score)), -point.loss);
        let is_better = |a: &CurvePoint, b: &CurvePoint| {
            let ((score, loss), (best, least)) = (key(a), key(b));
            score.total_cmp(&best).then(loss.total_cmp(&least)).is_gt()
        };
        let finite = self.points.iter().filter(|point| point.loss.is_finite());
        finite.reduce(|best, point| if is_better(point, best) { point } else { best })
    }
}

/// The metric, where an evaluation has it: it scores several targets together, which is another number.
pub(crate) fn score_of(evaluation: &Evaluation, metric: Metric) -> Option<f64> {
    match metric {
        _ if evaluation.columns > 1 => None,
        Metric::Accuracy => evaluation.accuracy,
        Metric::R2 => evaluation.r2,
        _ => None,
    }
}
