//! Cross-validation a part at a time, by who must not block.

use std::time::Duration;

use super::cross_validate::{jobs_of, scores_of};
use super::{CrossValidation, FitSession, Outcome, Wanted, summarize};
use crate::Result;
use crate::backend::Device;
use crate::data::Fold;
use crate::metrics::Metric;
use crate::spec::Network;
use crate::train::{Status, TrainOptions};

/// Trains a network for each fold and scores it, one fold after another: the asynchronous side of
/// [`cross_validate`](super::cross_validate()), which blocks and comes to the same scores.
pub struct CrossValidationSession {
    folds: Vec<Fold>,
    metric: Metric,
    fits: FitSession,
    scores: Vec<f64>,
}

impl CrossValidationSession {
    /// Before the first fold. `configure` tells network and options for each fold's data.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) where the metric is not one of the task, and what `configure`
    /// returns.
    pub fn new(
        folds: Vec<Fold>,
        metric: Metric,
        configure: impl FnMut(&Fold) -> Result<(Network, TrainOptions)>,
    ) -> Result<Self> {
        if let Some(first) = folds.first() {
            metric.check(first.training.task())?;
        }
        let jobs = jobs_of(&folds, configure)?;
        let wanted = Wanted { predictions: true, ..Wanted::default() };
        Ok(Self { folds, metric, fits: FitSession::new(jobs, wanted), scores: Vec::new() })
    }

    /// Goes on for so long, but with some steps at least: see [`FitSession::advance`].
    ///
    /// # Errors
    /// [`Error::Diverged`](crate::Error::Diverged) where a fold's network does,
    /// [`Error::Invalid`](crate::Error::Invalid) where the metric is undefined for its rows, and as
    /// [`FitSession::advance`].
    pub async fn advance(&mut self, device: &dyn Device, time: Duration) -> Result<Status> {
        let status = self.fits.advance(device, time).await?;
        let ended = self.fits.outcomes().zip(&self.folds).skip(self.scores.len());
        for (outcome, fold) in ended {
            let fit = outcome.fitted()?;
            self.scores.push(scores_of(fold, &fit.predictions, self.metric)?.1);
        }
        Ok(status)
    }

    /// What is scored.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// The folds, in order.
    pub fn folds(&self) -> &[Fold] {
        &self.folds
    }

    /// The metric on the rows of each fold that has ended, in order.
    pub fn scores(&self) -> &[f64] {
        &self.scores
    }

    /// Folds that are done, the share of the one on its way counted, too.
    pub fn done(&self) -> f64 {
        self.fits.done()
    }

    /// What came of all folds, once they have ended.
    ///
    /// # Errors
    /// As [`summarize`].
    pub fn finish(self) -> Result<CrossValidation> {
        let fits = self.fits.into_outcomes().into_iter().filter_map(Outcome::into_fit);
        summarize(&self.folds, fits.collect(), self.metric)
    }
}
