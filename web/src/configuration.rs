//! Everything that the page's controls say, as plain data: what a link holds.

#[cfg(feature = "all")]
use halfplane::EarlyStopping;
use halfplane::data::Task;
#[cfg(feature = "all")]
use halfplane::sweep::Point;
use halfplane::{
    Activation, BatchSize, Dataset, Length, Loss, Network, Normalization, Optimizer, Recipe,
    Regularization, Result, TrainOptions,
};
use serde::{Deserialize, Serialize};

use crate::errors::invalid;
use crate::samples::Sample;

/// The most that a link can ask for: more would only make a tab wait.
const MAX_LAYERS: usize = 8;
const MAX_UNITS: usize = 1024;
const MAX_PARAMETERS: u64 = 1_000_000;
const MAX_STEPS: u64 = 100_000_000;

/// Where the rows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Source {
    /// The lecture's four points.
    Xor,
    /// Points that are drawn.
    Circles,
    Moons,
    Spiral,
    Gaussians,
    Board,
    Hills,
    /// A file that was dropped on the page.
    Table,
}

impl Source {
    /// The sample, unless the rows are the lecture's or a table's.
    pub(crate) fn sample(self) -> Option<Sample> {
        match self {
            Self::Xor | Self::Table => None,
            Self::Circles => Some(Sample::Circles),
            Self::Moons => Some(Sample::Moons),
            Self::Spiral => Some(Sample::Spiral),
            Self::Gaussians => Some(Sample::Gaussians),
            Self::Board => Some(Sample::Board),
            Self::Hills => Some(Sample::Hills),
        }
    }
}

/// What the controls say. What is not known is refused: it may come from a link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Configuration {
    pub(crate) data: Source,
    /// Rows of a sample, how far they stray, from 0 to 1, and which drawing of it.
    pub(crate) points: usize,
    pub(crate) noise: f64,
    pub(crate) draw: u64,
    /// The share of the rows that is held out.
    pub(crate) validation: f64,
    /// The column of a table to predict; by default the last one.
    pub(crate) target: Option<String>,
    pub(crate) task: Option<Task>,
    pub(crate) hidden: Vec<usize>,
    pub(crate) activation: Activation,
    pub(crate) layer_norm: bool,
    /// A loss by its name, or `auto`.
    pub(crate) loss: String,
    pub(crate) optimizer: Algorithm,
    pub(crate) lr: f64,
    pub(crate) momentum: f64,
    pub(crate) weight_decay: f64,
    /// Rows in a batch, or `full`.
    pub(crate) batch: String,
    pub(crate) dropout: f64,
    pub(crate) l1: f64,
    pub(crate) l2: f64,
    pub(crate) seed: u64,
    /// The length of the run: steps, unless it is in epochs.
    pub(crate) steps: u64,
    pub(crate) epochs: Option<u64>,
}

/// An optimizer by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Algorithm {
    Sgd,
    Adam,
    Adamw,
}

impl Algorithm {
    /// Its name in the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sgd => "sgd",
            Self::Adam => "adam",
            Self::Adamw => "adamw",
        }
    }
}

/// The lecture's network of two neurons.
impl Default for Configuration {
    fn default() -> Self {
        Self {
            data: Source::Xor,
            points: 400,
            noise: 0.1,
            draw: 1,
            validation: 0.25,
            target: None,
            task: None,
            hidden: vec![2],
            activation: Activation::Sigmoid,
            layer_norm: false,
            loss: "auto".to_owned(),
            optimizer: Algorithm::Sgd,
            lr: 1.0,
            momentum: 0.0,
            weight_decay: 0.0,
            batch: "full".to_owned(),
            dropout: 0.0,
            l1: 0.0,
            l2: 0.0,
            seed: 777,
            steps: 10_001,
            epochs: None,
        }
    }
}

impl Configuration {
    /// What the library's recipe says of a table's rows.
    pub(crate) fn for_table(&self, data: &Dataset) -> Self {
        let Recipe { network, options, .. } = Recipe::for_data(data);
        let (epochs, steps) = match options.length {
            Length::Epochs(epochs) => (Some(epochs), self.steps),
            Length::Steps(steps) => (None, steps),
        };
        Self {
            data: Source::Table,
            hidden: network.hidden,
            activation: network.activation,
            layer_norm: false,
            loss: "auto".to_owned(),
            optimizer: match options.optimizer {
                Optimizer::Sgd { .. } => Algorithm::Sgd,
                Optimizer::Adam(_) => Algorithm::Adam,
                Optimizer::AdamW(_) => Algorithm::Adamw,
            },
            lr: options.optimizer.lr(),
            momentum: 0.0,
            weight_decay: 0.0,
            batch: match options.batch_size {
                BatchSize::Full => "full".to_owned(),
                BatchSize::Rows(rows) => rows.to_string(),
            },
            dropout: 0.0,
            l1: 0.0,
            l2: 0.0,
            steps,
            epochs,
            ..self.clone()
        }
    }

    /// The sizes that must hold before rows are drawn or read.
    pub(crate) fn check_rows(&self) -> Result<()> {
        if !(4..=20_000).contains(&self.points) {
            return Err(invalid(
                format!("{} points are to be drawn", self.points),
                "it must be 4 to 20000",
            ));
        }
        if !(0.0..=1.0).contains(&self.noise) {
            return Err(invalid(format!("the noise is {}", self.noise), "it must be 0 to 1"));
        }
        if !(0.0..=0.9).contains(&self.validation) {
            return Err(invalid(
                format!("a share of {} of the rows is to be held out", self.validation),
                "it must be 0 to 0.9",
            ));
        }
        Ok(())
    }

    /// The network for these rows.
    pub(crate) fn network(&self, data: &Dataset) -> Result<Network> {
        if self.hidden.len() > MAX_LAYERS {
            return Err(invalid(
                format!("the network has {} hidden layers", self.hidden.len()),
                "the page takes up to 8",
            ));
        }
        if let Some(units) = self.hidden.iter().find(|units| !(1..=MAX_UNITS).contains(*units)) {
            return Err(invalid(
                format!("a hidden layer has {units} units"),
                "the page takes 1 to 1024",
            ));
        }
        let base = Recipe::for_data(data).network;
        let normalization = match self.layer_norm {
            true => Normalization::LayerNorm,
            false => Normalization::None,
        };
        let network = Network {
            hidden: self.hidden.clone(),
            activation: self.activation,
            normalization,
            ..base
        };
        network.check()?;
        let parameters = network.parameters();
        if parameters > MAX_PARAMETERS {
            return Err(invalid(
                format!("the network has {parameters} weights and biases"),
                "the page takes up to 1 million",
            ));
        }
        Ok(network)
    }

    /// How to train.
    pub(crate) fn options(&self, data: &Dataset) -> Result<TrainOptions> {
        let optimizer = match self.optimizer {
            Algorithm::Sgd => Optimizer::Sgd {
                lr: self.lr,
                momentum: self.momentum,
                nesterov: false,
                weight_decay: 0.0,
            },
            Algorithm::Adam => Optimizer::adam(self.lr),
            Algorithm::Adamw => Optimizer::adamw(self.lr),
        };
        let loss = match self.loss.as_str() {
            "auto" => None,
            name => Some(name.parse::<Loss>()?),
        };
        let batch_size: BatchSize = self.batch.parse()?;
        let length = self.epochs.map_or(Length::Steps(self.steps), Length::Epochs);
        let per_epoch = data.rows().div_ceil(batch_size.of(data.rows()).max(1)) as u64;
        let steps = length.steps(per_epoch);
        if steps > MAX_STEPS {
            return Err(invalid(
                format!("the run has {steps} steps"),
                "make it 100 million at most",
            ));
        }
        let options = TrainOptions {
            loss,
            optimizer: optimizer.with_weight_decay(self.weight_decay),
            regularization: Regularization {
                l1: self.l1,
                l2: self.l2,
                dropout: if self.dropout == 0.0 { Vec::new() } else { vec![self.dropout] },
                ..Regularization::default()
            },
            batch_size,
            length,
            seed: self.seed,
            // As many as a curve can show.
            log_every: match steps {
                0..2_000 => 1,
                2_000..20_000 => 10,
                _ => 100,
            },
            // Often enough to see a curve turn, and seldom enough not to be felt.
            validate_every: 20_u64.div_ceil(per_epoch.max(1)),
            ..TrainOptions::default()
        };
        options.check()?;
        Ok(options)
    }

    /// The network for the training rows of a fold, and how to train it: it is looked at after each epoch,
    /// and stops after so many of them without an improvement.
    #[cfg(feature = "all")]
    pub(crate) fn of_fold(
        &self,
        patience: Option<u64>,
        data: &Dataset,
    ) -> Result<(Network, TrainOptions)> {
        let network = self.network(data)?;
        let options = TrainOptions {
            early_stopping: patience.map(EarlyStopping::after),
            validate_every: 1,
            ..self.options(data)?
        };
        options.check()?;
        options.check_for(&network)?;
        Ok((network, options))
    }

    /// The same at a point of a search, by the names of the command line's flags.
    #[cfg(feature = "all")]
    pub(crate) fn at(&self, point: &Point) -> Result<Self> {
        let mut own = self.clone();
        for (name, value) in point.iter() {
            let number = || {
                let refused = || invalid(format!("`{name}` is {value}"), "it must be a number");
                value.number().ok_or_else(refused)
            };
            match name {
                "hidden" => own.hidden = units(&value.to_string())?,
                "lr" => own.lr = number()?,
                "weight-decay" => own.weight_decay = number()?,
                "dropout" => own.dropout = number()?,
                _ => {
                    let remedy = "it can be hidden, lr, weight-decay or dropout";
                    return Err(invalid(format!("the page does not search `{name}`"), remedy));
                }
            }
        }
        Ok(own)
    }
}

/// Units of hidden layers, as in 64,32 or none.
#[cfg(feature = "all")]
fn units(text: &str) -> Result<Vec<usize>> {
    if text == "none" {
        return Ok(Vec::new());
    }
    let unit = |word: &str| {
        let refused = || invalid(format!("`{word}` is no number of units"), "write 64,32, or none");
        word.trim().parse().map_err(|_| refused())
    };
    text.split(',').map(unit).collect()
}
