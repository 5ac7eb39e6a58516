//! The workloads, from the definitions in `benches/peers` that all programs read.

use std::collections::HashMap;

use halfplane::metrics::argmax;
use halfplane::spec::LayerParameters;
use halfplane::{
    Activation, BatchSize, Dataset, Length, Loss, Network, Optimizer, Output, Parameters, Shuffle,
    Strategy, Targets, TrainOptions,
};
use serde::Deserialize;

use super::Result;

const WORKLOADS: &str = include_str!("../peers/workloads.json");
const LOSSES: &str = include_str!("../peers/losses.json");

/// The seed of all streams of the formula.
const SEED: u32 = 777;

/// Steps of the untimed check: few, so that rounding errors stay small.
const EARLY: u64 = 8;

/// A network with its data and its training settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Workload {
    pub(crate) name: String,
    widths: Vec<usize>,
    activation: Activation,
    loss: Loss,
    optimizer: String,
    lr: f64,
    pub(crate) rows: usize,
    pub(crate) batch: usize,
    pub(crate) steps: u64,
}

/// When a loss is compared.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    /// After [`EARLY`] steps.
    Early,
    /// After all steps.
    Once,
    /// After as many steps again.
    Twice,
}

/// The losses on all rows of a run in float64, with their tolerances.
#[derive(Deserialize)]
struct Expected {
    initial: f64,
    early: f64,
    once: f64,
    twice: f64,
    tolerance: HashMap<String, f64>,
}

impl Workload {
    /// The workloads with these names; all if there are none.
    pub(crate) fn named(names: &[String]) -> Result<Vec<Self>> {
        let all: Vec<Self> = serde_json::from_str(WORKLOADS)?;
        if let Some(unknown) = names.iter().find(|&name| all.iter().all(|one| one.name != *name)) {
            let known: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
            return Err(format!("no workload `{unknown}`: there are {}", known.join(", ")).into());
        }
        Ok(all.into_iter().filter(|one| names.is_empty() || names.contains(&one.name)).collect())
    }

    pub(crate) fn network(&self) -> Network {
        let [inputs, hidden @ .., outputs] = &self.widths[..] else {
            unreachable!("a workload has at least two widths")
        };
        let output = match self.loss {
            Loss::Bce => Output::Sigmoid,
            Loss::CrossEntropy => Output::Softmax,
            _ => Output::Identity,
        };
        Network::new(*inputs, hidden, *outputs).with_activation(self.activation).with_output(output)
    }

    pub(crate) fn loss(&self) -> Loss {
        self.loss
    }

    pub(crate) fn optimizer(&self) -> Optimizer {
        match self.optimizer.as_str() {
            "sgd" => Optimizer::sgd(self.lr),
            _ => Optimizer::adam(self.lr),
        }
    }

    /// The training options: the formula's initial weights, rows in order.
    pub(crate) fn options(&self, strategy: Strategy) -> TrainOptions {
        TrainOptions {
            loss: Some(self.loss),
            optimizer: self.optimizer(),
            batch_size: BatchSize::Rows(self.batch),
            length: Length::Steps(self.steps),
            shuffle: Shuffle::Never,
            strategy,
            initial: Some(self.weights()),
            ..TrainOptions::default()
        }
    }

    /// The training options of the untimed check.
    pub(crate) fn options_early(&self, strategy: Strategy) -> TrainOptions {
        TrainOptions { length: Length::Steps(EARLY), ..self.options(strategy) }
    }

    /// The formula's features and targets.
    pub(crate) fn data(&self) -> Result<Dataset> {
        let (inputs, outputs) = (self.widths[0], self.widths[self.widths.len() - 1]);
        if inputs == 2 {
            return Ok(Dataset::xor());
        }
        let x = signed(0, self.rows * inputs);
        let rows = x.chunks_exact(inputs);
        let targets = match self.loss {
            Loss::Bce => {
                let exact = |row: &[f32], column: usize| f64::from(row[column]);
                let yes = |row: &[f32]| exact(row, 0) * exact(row, 1) + exact(row, 2) > 0.0;
                Targets::Binary {
                    values: rows.map(|row| f32::from(yes(row))).collect(),
                    columns: 1,
                }
            }
            Loss::CrossEntropy => Targets::Classes {
                values: rows.map(|row| argmax(&row[..outputs]) as u32).collect(),
                count: outputs,
            },
            _ => {
                let products =
                    |row: &[f32]| (0..outputs).map(|k| row[k] * row[k + 1]).collect::<Vec<_>>();
                Targets::Numbers { values: rows.flat_map(products).collect(), columns: outputs }
            }
        };
        Ok(Dataset::new(inputs, x, targets)?)
    }

    fn weights(&self) -> Parameters {
        let layer = |(index, pair): (usize, &[usize])| {
            let bound = (1.0 / (pair[0] as f64).sqrt()) as f32;
            let stream = 2 * index as u32;
            let draw = |stream, count| signed(stream, count).iter().map(|v| v * bound).collect();
            LayerParameters {
                weight: draw(stream + 1, pair[0] * pair[1]),
                bias: draw(stream + 2, pair[1]),
            }
        };
        let layers = self.widths.windows(2).enumerate().map(layer).collect();
        Parameters { layers, ..Parameters::default() }
    }

    /// Compares a loss with that of the run in float64.
    pub(crate) fn check(&self, moment: Moment, found: f64) -> Result<()> {
        let mut all: HashMap<String, Expected> = serde_json::from_str(LOSSES)?;
        let Some(expected) = all.remove(&self.name) else {
            return Err(format!("losses.json has no {}: see peers.py reference", self.name).into());
        };
        let (at, loss) = match moment {
            Moment::Early => ("early", expected.early),
            Moment::Once => ("once", expected.once),
            Moment::Twice => ("twice", expected.twice),
        };
        // The smaller of the remaining loss and the decrease so far.
        let scale = loss.min((expected.initial - loss).abs());
        let tolerance = expected.tolerance.get(at).copied().unwrap_or(0.0) * scale;
        if (found - loss).abs() <= tolerance {
            return Ok(());
        }
        let name = &self.name;
        Err(format!("{name}, {at}: the loss is {found}, not {loss} ± {tolerance:.1e}").into())
    }
}

/// Numbers in \[-1, 1), as `benches/peers/formula.py` explains.
pub(crate) fn signed(stream: u32, count: usize) -> Vec<f32> {
    let start = mix(SEED.wrapping_add(stream));
    (0..count as u32)
        .map(|index| (mix(index.wrapping_add(start)) >> 8) as f32 / (1 << 23) as f32 - 1.0)
        .collect()
}

fn mix(word: u32) -> u32 {
    let mut h = word;
    h = (h ^ (h >> 16)).wrapping_mul(0x7FEB_352D);
    h = (h ^ (h >> 15)).wrapping_mul(0x846C_A68B);
    h ^ (h >> 16)
}
