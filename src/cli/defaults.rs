//! The defaults in help texts, taken from the recipe and the library's types: no value is typed beside
//! its flag.

use halfplane::data::{Bins, NA_VALUES};
use halfplane::metrics::Metric;
use halfplane::spec::Decay;
use halfplane::sweep::{Select, SweepOptions};
use halfplane::train::{CheckpointOptions, Interval, ReduceOnPlateau};
use halfplane::{
    BatchSize, Dataset, EarlyStopping, Length, Loss, Network, Optimizer, Recipe, TrainOptions,
};

/// The same definition, with `[default: …]` in the help.
pub(super) fn told(mut command: clap::Command) -> clap::Command {
    for name in ["train", "plan", "cv", "sweep", "predict", "evaluate", "export"] {
        let mut defaults = defaults();
        if name == "predict" {
            defaults.push(("output", "-, standard output".into()));
        }
        if name == "sweep" {
            let own = of_searches();
            defaults.retain(|(id, _)| own.iter().all(|(other, _)| id != other));
            defaults.extend(own);
        }
        // In place: the order of the arguments is that of the help.
        command = command.mut_subcommand(name, |own| {
            own.mut_args(|argument| {
                // Where clap fills in a default, it also prints it.
                let own = !argument.get_default_values().is_empty();
                let default = defaults.iter().find(|(id, _)| !own && argument.get_id() == id);
                match (default, argument.get_help()) {
                    (Some((_, text)), Some(help)) => {
                        let help = format!("{help} [default: {text}]");
                        argument.help(help)
                    }
                    _ => argument,
                }
            })
        });
    }
    command
}

/// Those of a search, where it has others than a training.
fn of_searches() -> Vec<(&'static str, String)> {
    let space = Recipe::space("adamw").into_iter().map(|(name, text)| {
        let id = if name == "weight-decay" { "weight_decay" } else { name };
        (id, format!("{text} where nothing else is searched"))
    });
    let others = [
        ("optimizer", "adamw where nothing else is searched".into()),
        (
            "trials",
            format!("{}, or no limit with --time", SweepOptions::new(Metric::Accuracy).trials),
        ),
        ("sampler", "grid where there are no more points than trials, else tpe".into()),
        ("select", Select::default().to_string()),
        ("pruning", format!("auto, on from {} trials on", SweepOptions::PRUNED_FROM + 1)),
        ("output", "sweep".into()),
    ];
    space.chain(others).collect()
}

/// The default of each argument by its name. Where the built-in xor has another default than tables,
/// that comes second.
fn defaults() -> Vec<(&'static str, String)> {
    let (table, xor) = (TrainOptions::default(), Recipe::for_data(&Dataset::xor()));
    let network = Network::new(1, Recipe::HIDDEN, 1);
    let regularization = &table.regularization;
    let plateau = ReduceOnPlateau::default();
    let (huber, focal) = losses();
    vec![
        ("delimiter", "detected".into()),
        ("decimal", ".".into()),
        ("target", "the last".into()),
        ("task", "auto".into()),
        ("recipe", "default".into()),
        ("preprocess", "auto".into()),
        ("bins", bins()),
        ("na", NA_VALUES.join(", ")),
        ("class_weight", "none".into()),
        ("hidden", with_xor(units(Recipe::HIDDEN), units(&xor.network.hidden))),
        ("activation", with_xor(network.activation, xor.network.activation)),
        ("loss", "auto, by the task".into()),
        ("seed", table.seed.to_string()),
        ("init", table.initialization.to_string()),
        ("optimizer", with_xor(table.optimizer.name(), xor.options.optimizer.name())),
        (
            "lr",
            format!(
                "{} for adam and adamw, {} where folds stop them early, {} for sgd; xor with sgd: {}",
                Recipe::adam().lr(),
                Recipe::STOPPED_EARLY_LR,
                Recipe::SGD_LR,
                xor.sgd().lr(),
            ),
        ),
        ("momentum", momentum(&Optimizer::sgd(1.0)).to_string()),
        (
            "weight_decay",
            format!("{}; adamw: {}", weight_decay(&Recipe::adam()), weight_decay(&Recipe::adamw()),),
        ),
        (
            "batch_size",
            format!(
                "{}, or {} from {} training rows on; xor: {}",
                rows(table.batch_size),
                rows(Recipe::MANY_ROWS_BATCH),
                Recipe::MANY_ROWS,
                rows(xor.options.batch_size),
            ),
        ),
        (
            "epochs",
            format!(
                "{}, or more where the rows are few, for {} steps",
                length(table.length),
                Recipe::LEAST_STEPS
            ),
        ),
        ("steps", format!("for xor {}", length(xor.options.length))),
        ("delta", huber.to_string()),
        ("gamma", focal.to_string()),
        ("alpha", "both classes have weight 1".into()),
        ("label_smoothing", regularization.label_smoothing.to_string()),
        ("dropout", "0".into()),
        ("l1", regularization.l1.to_string()),
        ("l2", regularization.l2.to_string()),
        ("schedule", "constant".into()),
        ("warmup", table.schedule.warmup.to_string()),
        ("decay", format!("{} for the step schedule", drop_factor())),
        ("final_lr", "0".into()),
        ("device", "auto".into()),
        ("threads", "HALFPLANE_THREADS, or as many as there are cores".into()),
        ("strategy", table.strategy.to_string()),
        ("memory", "what the device has".into()),
        ("min_delta", EarlyStopping::after(1).min_delta.to_string()),
        ("min_lr", plateau.min_lr.to_string()),
        ("keep", "best with --patience, otherwise last".into()),
        ("validate_every", table.validate_every.to_string()),
        ("checkpoint_every", interval(CheckpointOptions::new("").every)),
        ("log_every", table.log_every.to_string()),
        ("folds", format!("{}; none for xor", Recipe::FOLDS)),
        ("repeats", "1".into()),
        ("gap", "0".into()),
        ("metric", "accuracy of classes, r2 of numbers".into()),
        ("format", "by the file's name, .onnx or .py".into()),
    ]
}

fn with_xor(table: impl std::fmt::Display, xor: impl std::fmt::Display) -> String {
    format!("{table}; xor: {xor}")
}

fn bins() -> String {
    let each = Bins::BY_ROWS.iter().rev();
    let each = each.map(|(rows, count)| format!("{count} from {rows} rows on"));
    format!("auto, which is {}", each.collect::<Vec<_>>().join(" and "))
}

fn units(hidden: &[usize]) -> String {
    hidden.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn rows(batch: BatchSize) -> String {
    match batch {
        BatchSize::Full => "full".into(),
        BatchSize::Rows(rows) => rows.to_string(),
    }
}

fn length(length: Length) -> u64 {
    match length {
        Length::Steps(count) | Length::Epochs(count) => count,
    }
}

fn interval(interval: Interval) -> String {
    match interval {
        Interval::Time(time) => format!("{}s", time.as_secs()),
        Interval::Steps(steps) => format!("{steps} steps"),
        Interval::Epochs(epochs) => format!("{epochs} epochs"),
    }
}

fn momentum(optimizer: &Optimizer) -> f64 {
    match optimizer {
        Optimizer::Sgd { momentum, .. } => *momentum,
        Optimizer::Adam(_) | Optimizer::AdamW(_) => 0.0,
    }
}

fn weight_decay(optimizer: &Optimizer) -> f64 {
    match optimizer {
        Optimizer::Sgd { weight_decay, .. } => *weight_decay,
        Optimizer::Adam(moments) | Optimizer::AdamW(moments) => moments.weight_decay,
    }
}

/// The huber loss's delta and the focal loss's gamma.
fn losses() -> (f64, f64) {
    Loss::ALL.iter().fold((0.0, 0.0), |(huber, focal), loss| match *loss {
        Loss::Huber { delta } => (delta, focal),
        Loss::Focal { gamma, .. } => (huber, gamma),
        _ => (huber, focal),
    })
}

/// What a drop of the step schedule leaves of the learning rate.
fn drop_factor() -> f64 {
    match Decay::step(1) {
        Decay::Step { factor, .. } => factor,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::arguments::{self, Command};
    use super::super::settings;
    use super::*;

    /// What a command line sets, all of it, as text.
    fn set_by(words: &[String], recipe: &Recipe) -> String {
        let argv = ["halfplane", "train", "t.csv"].into_iter().map(str::to_owned);
        let matches = arguments::definition().get_matches_from(argv.chain(words.iter().cloned()));
        let Ok(Command::Train(own)) = arguments::command(&matches) else { panic!("no training") };
        let mut options =
            settings::options(&own.training, recipe.options.clone(), recipe.sgd(), own.log_every)
                .expect("they are sound");
        own.stopping.apply(&mut options);
        let network = settings::network(&own.training, recipe.network.clone());
        let table = own.training.table.options(&own.training.data, options.seed);
        format!("{network:?} {options:?} {table:?}")
    }

    fn recipe(xor: bool) -> Recipe {
        if xor {
            return Recipe::for_data(&Dataset::xor());
        }
        let targets = halfplane::Targets::Numbers { values: vec![0.0; 320], columns: 1 };
        Recipe::for_data(&Dataset::new(1, vec![0.0; 320], targets).expect("it is a table"))
    }

    /// Typing what the help says of a default changes nothing.
    #[test]
    fn defaults_of_the_help_are_those_that_hold() {
        let told = defaults();
        let of = |id: &str| {
            let found = told.iter().find(|(own, _)| *own == id);
            found.map(|(_, text)| text.clone()).expect("it has a default")
        };
        let first = |text: &str| text.split([' ', ',', ';']).next().unwrap_or_default().to_owned();
        let xor = |text: &str| first(text.split("xor: ").nth(1).unwrap_or_default());
        let flag = |id: &str, value: String| format!("--{}={value}", id.replace('_', "-"));
        let shared = [
            "decimal",
            "task",
            "recipe",
            "preprocess",
            "bins",
            "class_weight",
            "loss",
            "seed",
            "init",
            "momentum",
            "label_smoothing",
            "l1",
            "l2",
            "schedule",
            "warmup",
            "device",
            "strategy",
            "validate_every",
            "log_every",
            "optimizer",
            "hidden",
            "activation",
            "batch_size",
            "epochs",
        ];
        // Momentum is for SGD alone.
        let of_table = shared.into_iter().filter(|id| *id != "momentum");
        let mut typed: Vec<String> = of_table.map(|id| flag(id, first(&of(id)))).collect();
        typed.push(flag("lr", first(&of("lr"))));
        typed.push(flag("na", NA_VALUES.join(",")));
        typed.push(flag("weight_decay", first(&of("weight_decay"))));
        assert_eq!(set_by(&typed, &recipe(false)), set_by(&[], &recipe(false)));
        let own = ["hidden", "activation", "optimizer", "batch_size"];
        let mut typed: Vec<String> = own.iter().map(|id| flag(id, xor(&of(id)))).collect();
        typed.push(flag("momentum", of("momentum")));
        typed.push(flag("lr", first(of("lr").split("xor with sgd: ").nth(1).unwrap_or_default())));
        typed.push(flag("steps", of("steps").replace("for xor ", "")));
        assert_eq!(set_by(&typed, &recipe(true)), set_by(&[], &recipe(true)));
    }

    #[test]
    fn the_help_tells_them() {
        let mut command = arguments::definition();
        let train = command.find_subcommand_mut("train").expect("there is one");
        let help = train.render_long_help().to_string();
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for (id, text) in defaults() {
            if train.get_arguments().any(|argument| argument.get_id() == id) {
                assert!(help.contains(&format!("[default: {text}]")), "{id}: {help}");
            }
        }
    }

    #[test]
    fn no_argument_has_two_defaults() {
        for command in arguments::definition().get_subcommands() {
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                let filled = argument.get_default_values().len();
                assert!(help.matches("[default").count() + filled <= 1, "{}", argument.get_id());
            }
        }
    }
}
