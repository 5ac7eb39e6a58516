//! The networks of a session.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::TrainOptions;
use crate::data::Dataset;
use crate::kernels::Weighting;
use crate::plan::GridMember;
use crate::spec::{Network, Optimizer, Regularization};
use crate::{Error, Result};

/// One network of a [`super::Grid`], where it differs from the options that all share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// The network. Inputs, outputs, activation and output are the same for all.
    pub network: Network,
    /// The seed of its initial weights, of its order and of its dropout.
    pub seed: u64,
    /// Its learning rate.
    pub lr: f64,
    /// Its rows of the data set.
    pub rows: Range<usize>,
    /// Its rows of the validation data, where they are not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<Range<usize>>,
    /// Momentum, Adam's moments and weight decay, where they are not those of the options; momentum and
    /// moments are kept of all or of none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimizer: Option<Optimizer>,
    /// L1, L2, dropout and clipping by value, where they are not those of the options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regularization: Option<Regularization>,
}

impl Candidate {
    /// A network with a seed, a learning rate and rows of its own; all else is as the options say.
    pub fn new(network: Network, seed: u64, lr: f64, rows: Range<usize>) -> Self {
        Self { network, seed, lr, rows, validation: None, optimizer: None, regularization: None }
    }

    /// Its optimizer, beside options for all.
    pub(super) fn optimizer(&self, options: &TrainOptions) -> Optimizer {
        self.optimizer.unwrap_or(options.optimizer).with_lr(self.lr)
    }

    /// What is done against its overfitting, beside options for all.
    pub(super) fn regularization<'a>(&'a self, options: &'a TrainOptions) -> &'a Regularization {
        self.regularization.as_ref().unwrap_or(&options.regularization)
    }

    /// Its rows of so many for validation.
    pub(super) fn validation(&self, rows: usize) -> Range<usize> {
        self.validation.clone().unwrap_or(0..rows)
    }

    /// Steps of its run, with batches of so many rows.
    pub(super) fn steps(&self, batch: usize, options: &TrainOptions) -> u64 {
        let rows = self.rows.len();
        options.length.steps(rows.div_ceil(batch.clamp(1, rows.max(1))) as u64)
    }
}

/// The networks of a session.
#[derive(Clone, Debug)]
pub(super) struct Members {
    list: Vec<Candidate>,
    /// The learning rates that they have now.
    rates: Vec<f64>,
    arrangement: Arrangement,
}

/// How the networks of a session are planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrangement {
    /// One network on all rows, by any strategy.
    Alone,
    /// Many small networks in one dispatch: see [`crate::plan::grid`].
    SideBySide,
}

impl Members {
    /// One network on so many rows.
    pub(super) fn alone(network: &Network, seed: u64, lr: f64, rows: usize) -> Self {
        let list = vec![Candidate::new(network.clone(), seed, lr, 0..rows)];
        Self { list, rates: vec![lr], arrangement: Arrangement::Alone }
    }

    /// # Errors
    /// [`Error::Invalid`] where there is none.
    pub(super) fn side_by_side(candidates: &[Candidate]) -> Result<Self> {
        if candidates.is_empty() {
            return Err(Error::invalid("there is no network to train", "give at least one"));
        }
        let rates = candidates.iter().map(|one| one.lr).collect();
        let list = candidates.to_vec();
        Ok(Self { list, rates, arrangement: Arrangement::SideBySide })
    }

    pub(super) fn arrangement(&self) -> Arrangement {
        self.arrangement
    }

    pub(super) fn list(&self) -> &[Candidate] {
        &self.list
    }

    /// The first network: the only one, or the one that the others must resemble.
    pub(super) fn first(&self) -> &Candidate {
        &self.list[0]
    }

    /// The learning rate that the first network has now.
    pub(super) fn first_rate(&self) -> f64 {
        self.rates[0]
    }

    /// Lets the only network learn from another number of rows.
    pub(super) fn set_rows(&mut self, rows: usize) {
        self.list.iter_mut().for_each(|one| one.rows = 0..rows);
    }

    /// Gives each network a learning rate.
    pub(super) fn set_rates(&mut self, rates: impl Iterator<Item = f64>) {
        self.rates = rates.collect();
    }

    /// As the planner takes them, with batches of so many rows of such data and so many rows for validation.
    pub(super) fn for_planner(
        &self,
        (data, batch): (&Dataset, usize),
        validation: usize,
        options: &TrainOptions,
    ) -> Vec<GridMember> {
        let weighting = |rows: &Range<usize>| match data.weights() {
            Some(weights) => Weighting::of(&weights[rows.clone()]),
            None => Weighting::Even,
        };
        let member = |(one, lr): (&Candidate, &f64)| GridMember {
            network: one.network.clone(),
            seed: one.seed,
            optimizer: one.optimizer(options).with_lr(*lr),
            regularization: one.regularization(options).clone(),
            steps: one.steps(batch, options),
            rows: one.rows.clone(),
            validation: one.validation(validation),
            weighting: weighting(&one.rows),
        };
        self.list.iter().zip(&self.rates).map(member).collect()
    }
}
