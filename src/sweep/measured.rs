//! What the networks of a trial say of it.

use serde::{Deserialize, Serialize};

use super::thinned::thinned;
use super::{Curve, Record, nan_as_null};
use crate::Result;
use crate::data::Fold;
use crate::metrics::Metric;
use crate::selection::{Fit, MeanCurve, Outcome, mean_and_error, score_of, scores_of, undefined};

/// What came of training a trial so far.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Measured {
    pub(super) diverged: bool,
    /// The number of epochs with the best mean score.
    pub(super) epochs: u64,
    /// Epochs that it was trained for.
    pub(super) trained: u64,
    #[serde(with = "nan_as_null")]
    pub(super) scores: Vec<f64>,
    /// What is minimised: of the metric where it is known after each epoch, else of the loss.
    #[serde(with = "nan_as_null::single")]
    pub(super) value: f64,
    /// The mean of the metric on the training rows.
    training: Option<f64>,
    curve: Curve,
    pub(super) seconds: f64,
}

impl Measured {
    pub(super) fn write_to(self, record: &mut Record) {
        record.scores = self.scores;
        record.epochs = self.epochs;
        record.trained = self.trained;
        record.training = self.training;
        record.curve = self.curve;
        record.seconds += self.seconds;
    }
}

/// By what trials are judged: a metric on the rows of each fold.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) folds: &'a [Fold],
    pub(super) metric: Metric,
}

impl Judge<'_> {
    /// Whether the metric is known after each epoch, without predictions: not of several targets, which
    /// an evaluation scores together.
    pub(super) fn sees_each_epoch(&self) -> bool {
        matches!(self.metric, Metric::Accuracy | Metric::R2)
            && self.folds.iter().all(|fold| fold.training.targets().columns() == 1)
    }

    /// What a trial's folds say. Where its learning rate goes by the whole length, an epoch before the end
    /// is no end.
    pub(super) fn measured(&self, outcomes: &[Outcome], is_bound: bool) -> Result<Measured> {
        let seconds = outcomes.iter().map(Outcome::seconds).sum();
        let fits: Option<Vec<&Fit>> = outcomes.iter().map(Outcome::fit).collect();
        let diverged = |trained| Measured {
            diverged: true,
            epochs: 0,
            trained,
            scores: vec![f64::NAN; outcomes.len()],
            value: f64::NAN,
            training: None,
            curve: Curve::default(),
            seconds,
        };
        let Some(fits) = fits else { return Ok(diverged(0)) };
        let curve = MeanCurve::of(&fits, self.metric);
        let best = if is_bound { curve.points.last() } else { curve.best(self.metric) };
        let trained = curve.points.len() as u64;
        let Some(best) = best.filter(|best| best.loss.is_finite()) else {
            return Ok(diverged(trained));
        };
        let scores = fits
            .iter()
            .zip(self.folds)
            .map(|(fit, fold)| self.score(fit, fold, best.epochs))
            .collect::<Result<Vec<f64>>>()?;
        let value = match self.sees_each_epoch() {
            true => -self.metric.gain(mean_and_error(&scores).0),
            false => best.loss,
        };
        let training = |fit: &&Fit| score_of(&fit.summary.evaluation, self.metric);
        let training: Option<Vec<f64>> = fits.iter().map(training).collect();
        Ok(Measured {
            diverged: false,
            epochs: best.epochs,
            trained,
            scores,
            value,
            training: training.map(|own| mean_and_error(&own).0).filter(|mean| mean.is_finite()),
            curve: thinned(&curve),
            seconds,
        })
    }

    /// The metric on a fold's rows: after so many epochs where it is known, else at the end where there
    /// are predictions; NaN where there are none yet.
    fn score(&self, fit: &Fit, fold: &Fold, epochs: u64) -> Result<f64> {
        if self.sees_each_epoch() {
            let epoch = usize::try_from(epochs - 1).unwrap_or(usize::MAX);
            let seen = fit.curve.get(epoch).and_then(|own| own.validation);
            let score = seen.and_then(|own| score_of(&own, self.metric));
            return score.ok_or_else(|| undefined(self.metric, fold));
        }
        if fit.predictions.is_empty() {
            return Ok(f64::NAN);
        }
        scores_of(fold, &fit.predictions, self.metric).map(|(_, score)| score)
    }
}
