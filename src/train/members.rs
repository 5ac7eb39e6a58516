//! The networks of a session.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::plan::GridMember;
use crate::spec::Network;
use crate::{Error, Result};

/// One network of a [`super::Grid`], where it differs from the options that all share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// The network. Inputs, outputs, activation and output are the same for all.
    pub network: Network,
    /// The seed of its initial weights and of its order.
    pub seed: u64,
    /// Its learning rate.
    pub lr: f64,
    /// Its rows of the data set.
    pub rows: Range<usize>,
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
        let list = vec![Candidate { network: network.clone(), seed, lr, rows: 0..rows }];
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

    /// As the planner takes them.
    pub(super) fn for_planner(&self) -> Vec<GridMember> {
        let member = |(one, lr): (&Candidate, &f64)| GridMember {
            network: one.network.clone(),
            seed: one.seed,
            lr: *lr,
            rows: one.rows.clone(),
        };
        self.list.iter().zip(&self.rates).map(member).collect()
    }
}
