//! `halfplane cv` in a tab: a network for each fold, a part at a time.

use halfplane::metrics::Metric;
use halfplane::selection::{CrossValidationSession, mean_and_error};
use halfplane::train::Status;
use serde::Deserialize;
use serde_json::json;
use wasm_bindgen::prelude::*;

use crate::budget;
use crate::configuration::Configuration;
use crate::device::Device;
use crate::errors::{Result, thrown};
use crate::rows::{self, File};

/// How the rows are dealt out, and when a network stops early.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    folds: usize,
    patience: Option<u64>,
}

/// Networks in training, each scored on the fold that it has not seen.
#[wasm_bindgen]
pub struct CrossValidation {
    session: CrossValidationSession,
    device: Device,
}

#[wasm_bindgen]
impl CrossValidation {
    /// Deals the rows out. `configuration` and `choice` are JSON.
    ///
    /// # Errors
    /// What the library says of settings, rows and folds.
    pub fn open(
        configuration: &str,
        choice: &str,
        name: Option<String>,
        bytes: Option<Vec<u8>>,
        device: Device,
    ) -> Result<Self> {
        let configuration: Configuration = serde_json::from_str(configuration)?;
        let Choice { folds, patience } = serde_json::from_str(choice)?;
        let folds = rows::folds(&configuration, folds, File::of(name, bytes))?;
        let metric = Metric::default_for(folds[0].training.task());
        let session = CrossValidationSession::new(folds, metric, |fold| {
            configuration.of_fold(patience, &fold.training)
        });
        Ok(Self { session: session.map_err(thrown)?, device })
    }

    /// Goes on for so many milliseconds. Whether there is more to do.
    ///
    /// # Errors
    /// A fold's network that diverges, a device that fails.
    pub async fn advance(&mut self, milliseconds: f64) -> Result<bool> {
        let (device, time) = (self.device.opened.as_ref(), budget::time(milliseconds));
        let status = self.session.advance(device, time).await.map_err(thrown)?;
        Ok(status == Status::Running)
    }

    /// How far it is, as JSON: the scores of the folds that have ended, and their mean.
    pub fn told(&self) -> String {
        let scores = self.session.scores();
        let (mean, standard_error) = mean_and_error(scores);
        let rows: Vec<usize> = self.session.folds().iter().map(|fold| fold.rows.len()).collect();
        json!({
            "metric": self.session.metric(),
            "scores": scores,
            "rows": rows,
            "mean": mean,
            "standardError": standard_error,
            "done": self.session.done(),
            "of": rows.len(),
        })
        .to_string()
    }
}
