//! What can be typed: the one definition that parser, help and configuration files share.

mod data;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::UnknownArgumentValueParser;
use clap::{Arg, ArgAction, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use halfplane::train::Notes;
use halfplane::{Activation, BatchSize, DeviceChoice, Loss, Result, Strategy};

pub(crate) use data::{DataArguments, LayoutArguments, source};

use super::bytes::Bytes;
use super::course::Course;
use super::evaluate::EvaluateArguments;
use super::export::ExportArguments;
use super::inspect::InspectArguments;
use super::manual::{CompletionArguments, ManArguments};
use super::recipe::Recipe;
use super::views::Views;
use super::{config, examples, resume};

/// Trains dense neural networks on any vendor's GPU, and fast on the CPU where there is none.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100, after_help = examples::ALL)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(allow_negative_numbers = true, after_help = examples::TRAIN)]
    /// Train a network on a table, or on the built-in `xor`
    Train(Box<TrainArguments>),
    #[command(after_help = examples::PREDICT)]
    /// Apply a trained model to the rows of a table
    Predict(PredictArguments),
    #[command(after_help = examples::EVALUATE)]
    /// Score a trained model on rows whose target is known
    Evaluate(EvaluateArguments),
    #[command(after_help = examples::INSPECT)]
    /// Tell a model's layers, cost, preprocessing, and how it was trained
    Inspect(InspectArguments),
    #[command(after_help = examples::EXPORT)]
    /// Write a model for other programs: ONNX, or a PyTorch script
    Export(ExportArguments),
    #[command(allow_negative_numbers = true, after_help = examples::PLAN)]
    /// Print the dispatch graph of a training: kernels, shapes, FLOPs, bytes, memory
    Plan(Box<PlanArguments>),
    /// List every adapter, and say which one `auto` takes
    Devices(DevicesArguments),
    /// Check every kernel on a device: shader against its naive twin
    Doctor(DoctorArguments),
    /// Print the script that completes the arguments in a shell
    Completions(CompletionArguments),
    /// Write manual pages
    Man(ManArguments),
}

/// What `train` takes.
#[derive(Debug, Args)]
pub(crate) struct TrainArguments {
    #[command(flatten)]
    pub(crate) typed: Typed,
    #[command(flatten)]
    pub(crate) course: Course,
    /// What was typed, for the checkpoints.
    #[arg(skip)]
    pub(crate) notes: Notes,
    #[command(flatten)]
    pub(crate) views: Views,
    /// Write the trained model here (safetensors)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Write losses here as training goes on, one JSON object a line
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) metrics: Option<PathBuf>,
    /// Log every Nth step [default: 100]
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub(crate) log_every: Option<u64>,
    /// Print nothing but errors
    #[arg(long, short, help_heading = "Output")]
    pub(crate) quiet: bool,
}

/// What `plan` takes.
#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    pub(crate) typed: Typed,
    /// Print the graph for Graphviz instead
    #[arg(long, help_heading = "Output")]
    pub(crate) dot: bool,
    /// Run a step on the device, and print what each dispatch takes of the device's roofline
    #[arg(long, conflicts_with = "dot", help_heading = "Output")]
    pub(crate) profile: bool,
}

/// What describes a training: data, network, optimizer, length, device.
#[derive(Debug, Args)]
pub(crate) struct Typed {
    /// A table (CSV, TSV, Parquet, .npy, .npz or IDX, perhaps through gzip; - is standard input),
    /// or `xor`
    pub(crate) data: PathBuf,
    /// Read options from a TOML file: the same names without the leading --; flags win
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) table: DataArguments,

    /// Units of each hidden layer, as in 64,32, or none [default: 100; xor: 2]
    #[arg(long, value_name = "A,B,…|none", help_heading = "Network")]
    pub(crate) hidden: Option<Hidden>,
    /// sigmoid, tanh, relu, leaky-relu, elu, gelu, silu or softplus [default: relu; xor: sigmoid]
    #[arg(long, value_name = "NAME", help_heading = "Network")]
    pub(crate) activation: Option<Activation>,
    /// Bring each row of a hidden layer to mean 0 and variance 1 before the activation, then scale
    /// and shift its units by what is learned (torch.nn.LayerNorm)
    #[arg(long, help_heading = "Network")]
    pub(crate) layer_norm: bool,
    /// auto, bce, cross-entropy, mse, mae, huber, smooth-l1 or focal [default: auto, by the task]
    #[arg(long, value_parser = auto_or::<Loss>, value_name = "NAME", help_heading = "Network")]
    pub(crate) loss: Option<AutoOr<Loss>>,
    /// Start from these weights (safetensors, `layers.0.weight`, …) instead of random ones
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub(crate) init_from: Option<PathBuf>,
    /// Seed of the initial weights, as torch.manual_seed, and of the order [default: 777]
    #[arg(long, value_name = "N", help_heading = "Network")]
    pub(crate) seed: Option<u64>,

    /// sgd, adam or adamw [default: adam; xor: sgd]
    #[arg(long, value_name = "NAME", help_heading = "Optimizer")]
    pub(crate) optimizer: Option<OptimizerName>,
    /// Learning rate [default: 0.001 for adam and adamw, 0.01 for sgd; xor with sgd: 1]
    #[arg(long, value_name = "RATE", help_heading = "Optimizer")]
    pub(crate) lr: Option<f64>,
    /// Momentum, for sgd [default: 0]
    #[arg(long, value_name = "SHARE", help_heading = "Optimizer")]
    pub(crate) momentum: Option<f64>,
    /// Nesterov's look-ahead, for sgd with momentum
    #[arg(long, help_heading = "Optimizer")]
    pub(crate) nesterov: bool,
    /// Weight decay [default: 0; adamw: 0.01]
    #[arg(long, value_name = "RATE", help_heading = "Optimizer")]
    pub(crate) weight_decay: Option<f64>,
    /// Rows in a batch, or full [default: 32, or 128 from 10000 training rows on; xor: full]
    #[arg(long, value_name = "N|full", help_heading = "Optimizer")]
    pub(crate) batch_size: Option<BatchSize>,
    /// Train for so many passes over the data [default: 50, or more where the rows are few, for 500
    /// steps]
    #[arg(long, value_name = "N", conflicts_with = "steps", help_heading = "Optimizer")]
    pub(crate) epochs: Option<u64>,
    /// Train for so many steps [default for xor: 10001]
    #[arg(long, value_name = "N", help_heading = "Optimizer")]
    pub(crate) steps: Option<u64>,
    /// Take the rows as they stand in every epoch
    #[arg(long, help_heading = "Optimizer")]
    pub(crate) no_shuffle: bool,

    #[command(flatten)]
    pub(crate) recipe: Recipe,

    /// auto, gpu, software, cpu, or a part of an adapter's name [default: auto]
    #[arg(long, value_name = "DEVICE", help_heading = "Device")]
    pub(crate) device: Option<DeviceChoice>,
    /// How a step is lowered: auto, layered, resident or fused [default: auto]
    #[arg(long, value_name = "NAME", help_heading = "Device")]
    pub(crate) strategy: Option<Strategy>,
    /// Memory that the plan may take, such as 512MiB [default: the device's]; data that does not
    /// fit comes in shards, a batch that does not in micro-batches
    #[arg(long, value_name = "BYTES", help_heading = "Device")]
    pub(crate) memory: Option<Bytes>,
}

/// What `predict` takes.
#[derive(Debug, Args)]
pub(crate) struct PredictArguments {
    /// A model that `train --output` has written
    pub(crate) model: PathBuf,
    /// A table with the model's columns, as `train` takes it; other columns are passed over
    pub(crate) data: PathBuf,
    #[command(flatten)]
    pub(crate) layout: LayoutArguments,
    /// Write the predictions here, as CSV [default: -, to standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// auto, gpu, software, cpu, or a part of an adapter's name
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    pub(crate) device: DeviceChoice,
}

/// What `devices` takes.
#[derive(Debug, Args)]
pub(crate) struct DevicesArguments {
    /// Measure each device: FLOPs of a matrix product and bytes of a copy, a second
    #[arg(long)]
    pub(crate) measure: bool,
}

/// What `doctor` takes.
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// auto, gpu, software, cpu, or a part of an adapter's name
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub(crate) device: DeviceChoice,
    /// Compile the driver's own bounds checks into the shaders
    #[arg(long)]
    pub(crate) checked: bool,
    /// Print every case, not only one line a kernel
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

/// A named choice, or leave to infer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AutoOr<T> {
    Auto,
    This(T),
}

impl<T: Copy> AutoOr<T> {
    /// The choice, if one was made.
    pub(crate) fn chosen(this: Option<Self>) -> Option<T> {
        match this {
            Some(Self::This(value)) => Some(value),
            Some(Self::Auto) | None => None,
        }
    }
}

fn auto_or<T: std::str::FromStr<Err = halfplane::Error>>(word: &str) -> Result<AutoOr<T>> {
    match word {
        "auto" => Ok(AutoOr::Auto),
        _ => word.parse().map(AutoOr::This),
    }
}

/// The units of the hidden layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hidden(pub(crate) Vec<usize>);

impl std::str::FromStr for Hidden {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        if word == "none" {
            return Ok(Self(Vec::new()));
        }
        word.split(',')
            .map(|part| match part.trim().parse() {
                Ok(0) => {
                    Err("a layer of 0 units; give it at least one, or `none` for no hidden layer"
                        .to_owned())
                }
                Ok(units) => Ok(units),
                Err(_) => Err(format!(
                    "`{part}` is no number of units; use a list such as 64,32, or none"
                )),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// Which optimizer; its settings come apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OptimizerName {
    Sgd,
    Adam,
    Adamw,
}

/// The definition of all arguments.
pub(super) fn definition() -> clap::Command {
    Arguments::command()
}

/// What other programs call it, or have, and what to type here.
const ELSEWHERE: [(&str, &str); 10] = [
    ("batch-norm", "--layer-norm"),
    ("early-stopping", "--patience"),
    ("hidden-layer-sizes", "--hidden"),
    ("learning-rate", "--lr"),
    ("learning-rate-init", "--lr"),
    ("max-iter", "--epochs"),
    ("n-iter-no-change", "--patience"),
    ("random-state", "--seed"),
    ("solver", "--optimizer"),
    ("tol", "--min-delta"),
];

/// The same, but for a training that goes on: it knows its data. And it knows what is unknown: who
/// types scikit-learn's names, or asks for a batch norm, which there is not, is told what to type.
pub(super) fn lenient() -> clap::Command {
    let unknown = || {
        ELSEWHERE.map(|(name, instead)| {
            let instead = UnknownArgumentValueParser::suggest_arg(instead);
            Arg::new(name).long(name).hide(true).action(ArgAction::SetTrue).value_parser(instead)
        })
    };
    let train = |train: clap::Command| {
        let train = train.args(unknown());
        train.mut_arg("data", |data| data.required(false).required_unless_present("resume"))
    };
    Arguments::command()
        .mut_subcommand("train", train)
        .mut_subcommand("plan", |plan| plan.args(unknown()))
}

/// Parses the arguments, those of the configuration file that they name, and those of the training
/// that they resume.
pub(super) fn parse(argv: Vec<OsString>) -> Result<Command> {
    let lenient = lenient();
    let mut matches = lenient.clone().get_matches_from(&argv);
    let mut words = argv;
    if let Some(merged) = config::merge(&Arguments::command(), &words, &matches)? {
        matches = lenient.clone().get_matches_from(&merged);
        words = merged;
    }
    if let Some(merged) = resume::merge(&lenient, &words, &matches)? {
        matches = Arguments::command().get_matches_from(merged);
    }
    let notes = match (lenient.find_subcommand("train"), matches.subcommand()) {
        (Some(train), Some(("train", own))) => resume::notes(train, own)?,
        _ => Notes::new(),
    };
    match Arguments::from_arg_matches(&matches) {
        Ok(Arguments { command: Command::Train(arguments) }) => {
            Ok(Command::Train(Box::new(TrainArguments { notes, ..*arguments })))
        }
        Ok(arguments) => Ok(arguments.command),
        Err(error) => error.exit(),
    }
}
