//! What `train` and `plan` take.

use std::path::{Path, PathBuf};

use clap::Args;
use halfplane::train::{Checkpoint, Checkpoints, Notes};
use halfplane::{Activation, BatchSize, DeviceChoice, Error, Loss, Result, Strategy};

use super::bytes::Bytes;
use super::checkpoints::CheckpointArguments;
use super::data::DataArguments;
use super::folds::FoldArguments;
use super::learning::{LossArguments, RegularizationArguments, ScheduleArguments};
use super::stopping::StoppingArguments;
use super::values::{AutoOr, Hidden, OptimizerName, auto_or};
use super::views::ViewArguments;

/// What `train` takes.
#[derive(Debug, Args)]
pub(crate) struct TrainArguments {
    #[command(flatten)]
    pub(crate) training: TrainingArguments,
    #[command(flatten)]
    pub(crate) stopping: StoppingArguments,
    #[command(flatten)]
    pub(crate) folds: FoldArguments,
    /// Train so many networks for each fold, with other seeds; the model is the mean of all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Folds")]
    pub(crate) members: Option<u16>,
    #[command(flatten)]
    pub(crate) checkpoints: CheckpointArguments,
    #[command(flatten)]
    pub(crate) views: ViewArguments,
    /// Write the trained model here (safetensors)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Write losses here during training, one JSON object per line
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) metrics: Option<PathBuf>,
    /// Log every Nth step
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub(crate) log_every: Option<u64>,
    /// Print nothing but errors
    #[arg(long, short, help_heading = "Output")]
    pub(crate) quiet: bool,

    /// What was typed, to be written into checkpoints.
    #[arg(skip)]
    pub(crate) notes: Notes,
    /// The checkpoint that the training continues from.
    #[arg(skip)]
    pub(crate) resumed: Option<Resumed>,
}

impl TrainArguments {
    /// What was typed that only a training on folds has, if anything was.
    pub(crate) fn typed_of_folds(&self) -> Option<&'static str> {
        let is_auto = self.training.hidden == Some(Hidden::Auto);
        let members = self.members.map(|_| "--members");
        self.folds.typed().or(members).or(is_auto.then_some("--hidden auto"))
    }

    /// Whether losses of steps are written down.
    pub(crate) fn tells_steps(&self) -> bool {
        self.metrics.is_some() || self.views.tensorboard.is_some()
    }
}

/// A training that is resumed.
#[derive(Debug)]
pub(crate) struct Resumed {
    /// The network, or of a training on folds each that has a checkpoint.
    pub(crate) networks: Vec<ResumedNetwork>,
    /// Whether a setting was typed now that the numbers of the run depend on: it is checked against
    /// those of the checkpoint, which otherwise hold as they are.
    pub(crate) retyped: bool,
}

impl Resumed {
    /// A checkpoint; all of them have the same settings.
    pub(crate) fn checkpoint(&self) -> &Checkpoint {
        &self.networks[0].checkpoint
    }

    /// Whether it is a training on folds.
    pub(crate) fn is_folded(&self) -> bool {
        self.networks[0].member.is_some()
    }

    /// Checks, once the folder is locked, that no other training has gone on from there meanwhile.
    pub(crate) fn check(&self, folder: &Path) -> Result<()> {
        let mut is_as_it_was =
            !self.is_folded() || Checkpoints::of(folder).members()?.len() == self.networks.len();
        for own in &self.networks {
            is_as_it_was &= own.checkpoints.newest()?.as_ref() == Some(&own.newest);
        }
        if is_as_it_was {
            return Ok(());
        }
        Err(Error::Invalid {
            problem: format!("another training has gone on in {} meanwhile", folder.display()),
            remedy: "resume it again".into(),
        })
    }
}

/// A network of a training that is resumed.
#[derive(Debug)]
pub(crate) struct ResumedNetwork {
    /// Its number among those of a training on folds.
    pub(crate) member: Option<usize>,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) checkpoint: Checkpoint,
    /// The newest file of its folder by then.
    pub(crate) newest: PathBuf,
}

/// What `plan` takes.
#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    pub(crate) training: TrainingArguments,
    /// Print the graph in Graphviz's DOT language instead
    #[arg(long, help_heading = "Output")]
    pub(crate) dot: bool,
    /// Run a step on the device, and print each dispatch's time and its share of the device's peak
    /// (roofline)
    #[arg(long, conflicts_with = "dot", help_heading = "Output")]
    pub(crate) profile: bool,
}

/// What describes a training: data, network, optimizer, length, device.
#[derive(Debug, Args)]
pub(crate) struct TrainingArguments {
    /// A table (CSV, TSV, Parquet, .npy, .npz or IDX, gzipped or not; - is standard input), or `xor`
    pub(crate) data: PathBuf,
    /// Read options from a TOML file: the same names without the leading --; flags win
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) table: DataArguments,

    /// Units of each hidden layer, as in 64,32, or none for a single layer; auto: what is best on the folds
    #[arg(long, value_name = "A,B,…|none|auto", help_heading = "Network")]
    pub(crate) hidden: Option<Hidden>,
    /// sigmoid, tanh, relu, leaky-relu, elu, gelu, silu or softplus
    #[arg(long, value_name = "NAME", help_heading = "Network")]
    pub(crate) activation: Option<Activation>,
    /// Normalize the units of each hidden layer before its activation (torch.nn.LayerNorm)
    #[arg(long, help_heading = "Network")]
    pub(crate) layer_norm: bool,
    /// auto, bce, cross-entropy, mse, mae, huber, smooth-l1 or focal
    #[arg(long, value_parser = auto_or::<Loss>, value_name = "NAME", help_heading = "Network")]
    pub(crate) loss: Option<AutoOr<Loss>>,
    /// Start from these weights (safetensors, `layers.0.weight`, …) instead of random ones
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub(crate) init_from: Option<PathBuf>,
    /// Seed of the initial weights, as torch.manual_seed, of shuffling, dropout and validation split
    #[arg(long, value_name = "N", help_heading = "Network")]
    pub(crate) seed: Option<u64>,

    /// sgd, adam or adamw
    #[arg(long, value_name = "NAME", help_heading = "Optimizer")]
    pub(crate) optimizer: Option<OptimizerName>,
    /// Learning rate
    #[arg(long, value_name = "RATE", help_heading = "Optimizer")]
    pub(crate) lr: Option<f64>,
    /// Momentum, for sgd
    #[arg(long, value_name = "SHARE", help_heading = "Optimizer")]
    pub(crate) momentum: Option<f64>,
    /// Nesterov momentum, for sgd
    #[arg(long, help_heading = "Optimizer")]
    pub(crate) nesterov: bool,
    /// Weight decay
    #[arg(long, value_name = "RATE", help_heading = "Optimizer")]
    pub(crate) weight_decay: Option<f64>,
    /// Rows in a batch, or full
    #[arg(long, value_name = "N|full", help_heading = "Optimizer")]
    pub(crate) batch_size: Option<BatchSize>,
    /// Train for this many epochs
    #[arg(long, value_name = "N", conflicts_with = "steps", help_heading = "Optimizer")]
    pub(crate) epochs: Option<u64>,
    /// Train for this many optimizer steps instead
    #[arg(long, value_name = "N", help_heading = "Optimizer")]
    pub(crate) steps: Option<u64>,
    /// Keep the rows in the order of the table instead of shuffling them before each epoch
    #[arg(long, help_heading = "Optimizer")]
    pub(crate) no_shuffle: bool,

    #[command(flatten)]
    pub(crate) loss_settings: LossArguments,
    #[command(flatten)]
    pub(crate) regularization: RegularizationArguments,
    #[command(flatten)]
    pub(crate) schedule: ScheduleArguments,

    /// auto, gpu, software, cpu, or a part of an adapter's name
    #[arg(long, value_name = "DEVICE", help_heading = "Device")]
    pub(crate) device: Option<DeviceChoice>,
    /// Threads of the CPU path, at most
    #[arg(long, value_name = "N", help_heading = "Device")]
    pub(crate) threads: Option<usize>,
    /// How a step is lowered to kernels: auto, layered, resident or fused
    #[arg(long, value_name = "NAME", help_heading = "Device")]
    pub(crate) strategy: Option<Strategy>,
    /// Most memory to use, such as 512MiB: data that does not fit is streamed in shards, a batch
    /// that does not fit is split into micro-batches
    #[arg(long, value_name = "BYTES", help_heading = "Device")]
    pub(crate) memory: Option<Bytes>,
}
