//! A golden file as `make.py` writes it, and the run that it asks for.

use std::collections::BTreeMap;
use std::path::PathBuf;

use halfplane::low_level::plan::Gradients;
use halfplane::spec::Clip;
use halfplane::{
    BatchSize, Dataset, Length, Loss, Network, Optimizer, Regularization, Result, Schedule,
    Shuffle, Strategy, Targets, Task, TrainOptions,
};
use serde::Deserialize;

use crate::support::{Draws, random_data};

/// Settings, and what PyTorch made of them.
#[derive(Deserialize)]
pub(crate) struct Case {
    #[serde(rename = "case")]
    pub(crate) name: String,
    pub(crate) seed: u64,
    pub(crate) network: Network,
    loss: Loss,
    optimizer: Optimizer,
    #[serde(default)]
    regularization: Regularization,
    #[serde(default)]
    schedule: Schedule,
    data: Data,
    batch_size: Rows,
    steps: u64,
    pub(crate) deviation: Deviation,
    pub(crate) initial: Tensors,
    pub(crate) gradients: Tensors,
    #[serde(rename = "final")]
    pub(crate) trained: Tensors,
    pub(crate) losses: Vec<f32>,
    pub(crate) outputs: Sample,
}

/// How far PyTorch's own float32 strays from float64.
#[derive(Deserialize)]
pub(crate) struct Deviation {
    pub(crate) losses: f64,
    pub(crate) gradients: f64,
    #[serde(rename = "final")]
    pub(crate) trained: f64,
}

/// Samples by the names of their tensors.
pub(crate) type Tensors = BTreeMap<String, Sample>;

/// Each `stride`-th element of a tensor, and what sums up the rest.
#[derive(Deserialize)]
pub(crate) struct Sample {
    pub(crate) shape: Vec<usize>,
    pub(crate) sum: f64,
    pub(crate) norm: f64,
    pub(crate) stride: usize,
    pub(crate) values: Vec<f32>,
}

#[derive(Deserialize)]
struct Data {
    kind: String,
    seed: u64,
    rows: usize,
    task: Task,
    #[serde(default)]
    weights: Option<Weights>,
}

/// What a row counts by: its class, or a number of its own.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Weights {
    Classes,
    Rows,
}

/// `CLASS_WEIGHTS` of `make.py`.
const CLASS_WEIGHTS: [f32; 3] = [0.5, 2.0, 1.25];

#[derive(Deserialize)]
#[serde(untagged)]
enum Rows {
    Number(usize),
    Word(String),
}

impl Case {
    /// Every case there is, in the order of their names.
    pub(crate) fn all() -> Vec<Self> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
        let entries = std::fs::read_dir(folder).expect("the golden files are in the repository");
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.expect("a readable folder").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .collect();
        paths.sort();
        paths.iter().map(Self::read).collect()
    }

    fn read(path: &PathBuf) -> Self {
        let text = std::fs::read_to_string(path).expect("a readable file");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The rows to train on.
    pub(crate) fn dataset(&self) -> Result<Dataset> {
        match self.data.kind.as_str() {
            "xor" => Ok(Dataset::xor()),
            "lcg" => {
                let shape = [self.data.rows, self.network.inputs, self.network.outputs];
                let data = random_data(self.data.task, shape, self.data.seed)?;
                match self.weights(&data) {
                    Some(weights) => data.with_weights(weights),
                    None => Ok(data),
                }
            }
            kind => panic!("{}: unknown data {kind}", self.name),
        }
    }

    fn weights(&self, data: &Dataset) -> Option<Vec<f32>> {
        match (self.data.weights?, data.targets()) {
            (Weights::Classes, Targets::Classes { values, .. }) => {
                Some(values.iter().map(|class| CLASS_WEIGHTS[*class as usize]).collect())
            }
            (Weights::Classes, _) => panic!("{}: no classes to weigh", self.name),
            // The draws go on after features and targets.
            (Weights::Rows, targets) => {
                let before = data.features().len() + targets.words().len();
                let draws = Draws(self.data.seed).values(before + data.rows());
                Some(draws[before..].iter().map(|value| value.max(0.0)).collect())
            }
        }
    }

    /// Whether a strategy has what the case asks for.
    pub(crate) fn suits(&self, strategy: Strategy) -> bool {
        let only_layered = !self.network.normalization.is_none();
        let not_fused = only_layered
            || matches!(self.regularization.clip, Some(Clip::Norm(_)))
            || self.data.weights.is_some()
            || self.regularization.drops();
        match strategy {
            Strategy::Auto | Strategy::Layered => true,
            Strategy::Resident => !only_layered,
            Strategy::Fused => !not_fused,
        }
    }

    /// How to train: every step logged, the gradients at hand.
    pub(crate) fn options(&self, strategy: Strategy) -> TrainOptions {
        let batch_size = match &self.batch_size {
            Rows::Number(rows) => BatchSize::Rows(*rows),
            Rows::Word(word) => word.parse().expect("a batch size"),
        };
        TrainOptions {
            loss: Some(self.loss),
            optimizer: self.optimizer,
            regularization: self.regularization.clone(),
            schedule: self.schedule,
            batch_size,
            length: Length::Steps(self.steps),
            seed: self.seed,
            shuffle: Shuffle::Never,
            log_every: 1,
            // The resident and the fused way keep no gradients.
            gradients: match strategy {
                Strategy::Resident | Strategy::Fused => Gradients::Fused,
                Strategy::Auto | Strategy::Layered => Gradients::Kept,
            },
            strategy,
            ..TrainOptions::default()
        }
    }
}
