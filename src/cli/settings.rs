//! From what was typed to a training: data read, and the recipe for it overridden by what was typed.

use std::path::Path;

use halfplane::data::{FoldBy, FoldedTable, Prepared, Split, TableOptions, Warning, prepare};
use halfplane::model::read_parameters;
use halfplane::{
    Dataset, Error, Length, Network, Normalization, Optimizer, Recipe, Result, Shuffle,
    TrainOptions,
};

use super::arguments::{AutoOr, FoldArguments, Hidden, OptimizerName, TrainingArguments};

/// A training, ready to be run.
pub(super) struct Settings {
    pub(super) data: Dataset,
    /// The rows to validate with.
    pub(super) validation: Option<Dataset>,
    /// Warnings about the data.
    pub(super) warnings: Vec<Warning>,
    pub(super) network: Network,
    pub(super) options: TrainOptions,
}

impl Settings {
    /// Reads the data, and overrides its recipe by what was typed. What can be checked without a file
    /// is checked first, so that a slip is reported at once.
    pub(super) fn new(typed: &TrainingArguments, log_every: Option<u64>) -> Result<Self> {
        check_hidden(typed)?;
        let unread = unread(typed)?;
        let built_in = built_in(typed);
        let Prepared { training: data, validation, warnings } = match built_in {
            Some(data) => {
                check_xor(typed, &data)?;
                Prepared { training: data, validation: None, warnings: Vec::new() }
            }
            None => prepare(
                &typed.table.source(&typed.data),
                &typed.table.options(&typed.data, unread.seed)?,
            )?,
        };
        let (network, options) = for_data(typed, log_every, &data)?;
        Ok(Self { data, validation, warnings, network, options })
    }
}

fn built_in(typed: &TrainingArguments) -> Option<Dataset> {
    (typed.data == Path::new("xor")).then(Dataset::xor)
}

/// The options as far as they do not depend on what the data holds: what can be checked without it is.
pub(super) fn unread(typed: &TrainingArguments) -> Result<TrainOptions> {
    let (base, sgd) = match built_in(typed).as_ref().map(Recipe::for_data) {
        Some(recipe) => (recipe.options.clone(), recipe.sgd()),
        None => (TrainOptions::default(), Optimizer::sgd(Recipe::SGD_LR)),
    };
    let unread = options(typed, base, sgd, None)?;
    unread.check()?;
    Ok(unread)
}

/// A training on folds, ready to be run.
pub(super) struct Folded {
    /// All rows, and the settings of each network: stopped early, if there are folds.
    pub(super) settings: Settings,
    /// How the rows were dealt out.
    pub(super) by: FoldBy,
    /// The folds: none where the rows are few and nothing was typed about folds.
    pub(super) splits: Vec<Split>,
}

impl Folded {
    /// Reads the table, deals its rows out, and overrides its recipe by what was typed. Where folds are
    /// `wanted`, too few rows for them are an error.
    pub(super) fn new(
        typed: &TrainingArguments,
        folds: &FoldArguments,
        log_every: Option<u64>,
        wanted: bool,
    ) -> Result<Self> {
        let unread = unread(typed)?;
        let by = folds.by(unread.seed);
        let options = TableOptions {
            folds: wanted.then(|| by.clone()),
            ..typed.table.options(&typed.data, unread.seed)?
        };
        let table = FoldedTable::read(&typed.table.source(&typed.data), &options)?;
        let splits = table.splits().to_vec();
        let Prepared { training: data, warnings, .. } = table.into_all()?;
        let recipe = recipe(typed, &data);
        let recipe = if splits.is_empty() { recipe } else { recipe.stopped_early() };
        let (network, options) = overridden(typed, log_every, recipe)?;
        let settings = Settings { data, validation: None, warnings, network, options };
        Ok(Self { settings, by, splits })
    }
}

/// The recipe for a data set, with the batch size that was typed.
fn recipe(typed: &TrainingArguments, data: &Dataset) -> Recipe {
    let recipe = Recipe::for_data(data);
    match typed.batch_size {
        Some(batch_size) => recipe.with_batch_size(batch_size),
        None => recipe,
    }
}

/// Network and options for a data set: its recipe, overridden by what was typed.
pub(super) fn for_data(
    typed: &TrainingArguments,
    log_every: Option<u64>,
    data: &Dataset,
) -> Result<(Network, TrainOptions)> {
    check_hidden(typed)?;
    overridden(typed, log_every, recipe(typed, data))
}

/// The same for networks of folds, each stopped early by its own.
pub(super) fn for_folds(
    typed: &TrainingArguments,
    data: &Dataset,
) -> Result<(Network, TrainOptions)> {
    check_hidden(typed)?;
    overridden(typed, None, recipe(typed, data).stopped_early())
}

/// Rejects layers that are to be chosen where nobody chooses them.
fn check_hidden(typed: &TrainingArguments) -> Result<()> {
    match typed.hidden {
        Some(Hidden::Auto) => Err(Error::Invalid {
            problem: "--hidden auto is what `train` chooses by its folds".into(),
            remedy: "name units, such as --hidden 64,32; `halfplane sweep` searches, too".into(),
        }),
        _ => Ok(()),
    }
}

/// A recipe, overridden by what was typed.
fn overridden(
    typed: &TrainingArguments,
    log_every: Option<u64>,
    recipe: Recipe,
) -> Result<(Network, TrainOptions)> {
    let sgd = recipe.sgd();
    let network = network(typed, recipe.network);
    let mut options = options(typed, recipe.options, sgd, log_every)?;
    network.check()?;
    options.check_for(&network)?;
    if let Some(path) = &typed.init_from {
        options.initial = Some(read_parameters(path, &network)?);
    }
    Ok((network, options))
}

/// Rejects arguments about files, which the built-in data has none of, and those that contradict it.
fn check_xor(typed: &TrainingArguments, data: &Dataset) -> Result<()> {
    if let Some(target) = &typed.table.target
        && *target != data.target_name()
    {
        return Err(Error::Invalid {
            problem: format!("the built-in xor has no column `{target}` to predict"),
            remedy: "its target is `y`".into(),
        });
    }
    if let Some(flag) = typed.table.for_files_only() {
        return Err(Error::Invalid {
            problem: format!("{flag} says something of a file, and the built-in xor is none"),
            remedy: "leave it out".into(),
        });
    }
    match AutoOr::chosen(typed.table.task) {
        Some(task) if task != data.task() => Err(Error::Invalid {
            problem: format!("the built-in xor is binary, not {task}"),
            remedy: "leave out --task".into(),
        }),
        _ => Ok(()),
    }
}

/// The network, overridden by what was typed.
pub(super) fn network(typed: &TrainingArguments, base: Network) -> Network {
    Network {
        hidden: match typed.hidden.as_ref().and_then(Hidden::units) {
            Some(units) => units.to_vec(),
            None => base.hidden,
        },
        activation: typed.activation.unwrap_or(base.activation),
        normalization: match typed.layer_norm {
            true => Normalization::LayerNorm,
            false => base.normalization,
        },
        ..base
    }
}

/// The options, overridden by what was typed. `sgd` is the optimizer for `--optimizer sgd`.
pub(super) fn options(
    typed: &TrainingArguments,
    base: TrainOptions,
    sgd: Optimizer,
    log_every: Option<u64>,
) -> Result<TrainOptions> {
    let length = match (typed.epochs, typed.steps) {
        (Some(epochs), _) => Length::Epochs(epochs),
        (None, Some(steps)) => Length::Steps(steps),
        (None, None) => base.length,
    };
    let optimizer = optimizer(typed, base.optimizer, sgd)?;
    Ok(TrainOptions {
        loss: typed.loss_settings.loss(AutoOr::chosen(typed.loss))?,
        schedule: typed.schedule.schedule(&optimizer)?,
        optimizer,
        regularization: typed.regularization.regularization(),
        initialization: typed.loss_settings.initialization(),
        batch_size: typed.batch_size.unwrap_or(base.batch_size),
        length,
        seed: typed.seed.unwrap_or(base.seed),
        shuffle: if typed.no_shuffle { Shuffle::Never } else { base.shuffle },
        strategy: typed.strategy.unwrap_or(base.strategy),
        device: typed.device.clone().unwrap_or(base.device),
        memory: typed.memory.map(|bytes| bytes.0),
        threads: typed.threads,
        log_every: log_every.unwrap_or(base.log_every),
        ..base
    })
}

fn optimizer(typed: &TrainingArguments, base: Optimizer, sgd: Optimizer) -> Result<Optimizer> {
    let adam_lr = match base {
        Optimizer::Sgd { .. } => Recipe::adam().lr(),
        Optimizer::Adam(_) | Optimizer::AdamW(_) => base.lr(),
    };
    let named = match typed.optimizer {
        None => base,
        Some(OptimizerName::Sgd) => sgd,
        Some(OptimizerName::Adam) => Optimizer::adam(adam_lr),
        Some(OptimizerName::Adamw) => Optimizer::adamw(adam_lr),
    };
    let mut optimizer = named.with_lr(typed.lr.unwrap_or(named.lr()));
    match &mut optimizer {
        Optimizer::Sgd { momentum, nesterov, .. } => {
            *momentum = typed.momentum.unwrap_or(*momentum);
            *nesterov |= typed.nesterov;
        }
        Optimizer::Adam(_) | Optimizer::AdamW(_) => {
            if typed.momentum.is_some() || typed.nesterov {
                return Err(Error::Invalid {
                    problem: "momentum and nesterov are settings of sgd".into(),
                    remedy: "add --optimizer sgd, or leave them out".into(),
                });
            }
        }
    }
    Ok(match typed.weight_decay {
        Some(decay) => optimizer.with_weight_decay(decay),
        None => optimizer,
    })
}
