//! The texts before and after training.

use std::fmt::Write as _;

use halfplane::data::{Column, Encoding, TargetColumn};
use halfplane::metrics::argmax;
use halfplane::train::{Ended, Evaluation};
use halfplane::{
    Dataset, Loss, Network, Optimizer, Output, Result, Summary, Targets, TrainOptions, Trainer,
};

/// Up to this many rows, the prediction of each is printed.
const FEW_ROWS: usize = 16;

/// The most targets that are named.
const NAMES: usize = 8;

/// What the scores of a run without validation do not say.
const NO_ESTIMATE: &str = "These scores are no estimate for new rows: the network was trained on \
    the rows that it was scored on.\nFor an estimate, train with --folds 5 or --validation 0.2, or run \
    `halfplane evaluate` on a file of other rows.\n";

/// Data, network and optimizer, as printed before training.
pub(super) struct Heading<'a> {
    pub(super) network: &'a Network,
    /// Rows in a batch.
    pub(super) batch: usize,
    pub(super) data: &'a Dataset,
    pub(super) options: &'a TrainOptions,
}

impl std::fmt::Display for Heading<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { network, data, options, .. } = self;
        let loss = options.loss.unwrap_or(Loss::default_for(network.output));
        let batch = match self.batch {
            batch if batch == data.rows() => "full batch".to_owned(),
            batch => format!("batches of {batch}"),
        };
        let activation = match network.hidden.is_empty() {
            true => "no hidden layer".to_owned(),
            false => format!("{} hidden", network.hidden_function()),
        };
        let inputs = match data.inputs() {
            1 => "1 number".to_owned(),
            inputs => format!("{inputs} numbers"),
        };
        writeln!(
            f,
            "{} rows of {inputs}, {}\n{}\
             network {network}: {activation}, {} output, {} parameters\n\
             {loss} loss, {}, {batch}, seed {}",
            data.rows(),
            targets(data),
            columns(data),
            network.output,
            network.parameters(),
            optimizer(&options.optimizer),
            options.seed,
        )
    }
}

/// The heading of one network's training, with its device.
pub(super) fn heading(trainer: &Trainer, data: &Dataset, options: &TrainOptions) -> String {
    let plan = trainer.plan();
    let heading = Heading { network: plan.network(), batch: plan.batch, data, options };
    let notice = trainer.notice().map(|text| format!(" ({text})")).unwrap_or_default();
    let cuts: String = plan.cuts().into_iter().map(|cut| cut + "\n").collect();
    format!("{heading}device {}{notice}\n{cuts}", trainer.device())
}

/// The preprocessing of the columns, and whether the classes are imbalanced.
fn columns(data: &Dataset) -> String {
    let preprocessing = data.preprocessing();
    let untouched = |column: &Column| column.encoding == Encoding::AsIs;
    let mut text = String::new();
    if !preprocessing.columns.iter().all(untouched) {
        for line in preprocessing.to_string().lines() {
            text += &format!("  {line}\n");
        }
    }
    if data.is_imbalanced() {
        text += &imbalance(data);
    }
    text
}

fn imbalance(data: &Dataset) -> String {
    let counts = data.class_counts();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|class| std::cmp::Reverse(counts[*class]));
    let share = |class: usize| {
        let percent = 100.0 * counts[class] as f64 / data.rows() as f64;
        format!("`{}` in {} rows ({percent:.1} %)", data.classes()[class], counts[class])
    };
    let shown = match order[..] {
        [most, .., least] if order.len() > 6 => format!("from {} to {}", share(most), share(least)),
        _ => order.iter().map(|class| share(*class)).collect::<Vec<_>>().join(", "),
    };
    let remedy = match data.weights() {
        Some(_) => "",
        None => "; --class-weight balanced gives them equal weight",
    };
    format!("  imbalanced classes: {shown}{remedy}\n")
}

/// The targets and their kind.
fn targets(data: &Dataset) -> String {
    match data.target_columns() {
        [only] => format!("target `{}`: {}", only.name, target(data)),
        several => {
            let shown = several.iter().take(NAMES).map(|own| format!("`{}`", own.name));
            let names = shown.collect::<Vec<_>>().join(", ");
            let more = if several.len() > NAMES { ", …" } else { "" };
            format!("targets {names}{more}: {}", kinds(several))
        }
    }
}

/// The name of the target; of several the first names.
pub(crate) fn target_names(targets: &[TargetColumn]) -> String {
    let shown: Vec<&str> = targets.iter().take(NAMES).map(|own| own.name.as_str()).collect();
    let more = match targets.len() > NAMES {
        true => format!(", … ({} in all)", targets.len()),
        false => String::new(),
    };
    format!("{}{more}", shown.join(", "))
}

/// What several targets are.
fn kinds(columns: &[TargetColumn]) -> String {
    let count = columns.len();
    match &columns[0].classes[..] {
        [] => format!("{count} numbers"),
        [no, yes] if columns.iter().all(|own| own.classes == columns[0].classes) => {
            format!("{count} labels, each {no} or {yes} (p is for {yes})")
        }
        _ => {
            let classes = |own: &TargetColumn| own.classes.join(" or ");
            let each: Vec<String> = columns.iter().take(NAMES).map(classes).collect();
            let more = if count > NAMES { ", …" } else { "" };
            format!("{count} labels, {}{more} (p is for the second)", each.join(", "))
        }
    }
}

fn target(data: &Dataset) -> String {
    let classes = data.classes();
    match data.targets() {
        Targets::Binary { .. } => {
            format!("binary, {} or {} (p is for {})", classes[0], classes[1], classes[1])
        }
        Targets::Classes { count, .. } => {
            let mut text = format!("{count} classes");
            if *count <= 8 {
                text += &format!(", {}", classes.join(", "));
            }
            if classes.iter().all(|class| class.parse::<f32>().is_ok()) {
                text += "; --task regression treats them as numbers";
            }
            text
        }
        Targets::Numbers { .. } => "regression".to_owned(),
    }
}

fn optimizer(optimizer: &Optimizer) -> String {
    let mut text = format!("{} with learning rate {}", optimizer.name(), plain(optimizer.lr()));
    let weight_decay = match *optimizer {
        Optimizer::Sgd { momentum, nesterov, weight_decay, .. } => {
            if momentum > 0.0 {
                let kind = if nesterov { "Nesterov momentum" } else { "momentum" };
                text += &format!(", {kind} {momentum}");
            }
            weight_decay
        }
        Optimizer::Adam(moments) | Optimizer::AdamW(moments) => moments.weight_decay,
    };
    if weight_decay > 0.0 {
        text += &format!(", weight decay {weight_decay}");
    }
    text
}

/// A number in its shorter notation: 0.001, but 1e30.
fn plain(value: f64) -> String {
    if (1e-6..1e6).contains(&value) { value.to_string() } else { format!("{value:e}") }
}

/// Loss, score, time and device, as printed after training; for few rows also every prediction, and
/// for a network without hidden layers that learned nothing, the reason.
pub(super) fn summary(
    trainer: &mut Trainer,
    data: &Dataset,
    options: &TrainOptions,
    summary: &Summary,
) -> Result<String> {
    let evaluation = &summary.evaluation;
    let mut text = String::from("\n");
    if data.rows() <= FEW_ROWS {
        text += &rows(data, &trainer.predict()?, trainer.plan().network().output);
    }
    // Writing to a String cannot fail.
    text += &score(evaluation, data);
    let _ = writeln!(
        text,
        " on {} training rows{}\n{} steps in {:.3} s ({:.0} steps/s) on {}, {}",
        data.rows(),
        summary
            .validation
            .map(|found| format!("; on the validation rows {}", score(&found, data)))
            .unwrap_or_default(),
        summary.steps,
        summary.seconds,
        summary.steps_per_second,
        summary.device,
        summary.strategy,
    );
    text += &ending(summary);
    // Few rows, such as XOR's, are too few to hold some of them out.
    if summary.validation.is_none() && data.rows() > FEW_ROWS {
        text += NO_ESTIMATE;
    }
    text += &half_plane(trainer, data, options, evaluation.loss);
    Ok(text)
}

/// The loss, and accuracy or R².
fn score(evaluation: &Evaluation, data: &Dataset) -> String {
    let mut text = format!("loss {}", evaluation.loss as f32);
    match score_of(evaluation) {
        Some((name, score)) => {
            // Writing to a String cannot fail.
            let _ = write!(text, ", {name} {}", rounded(score));
        }
        None if matches!(data.targets(), Targets::Numbers { .. }) => {
            text += ", R² undefined (all targets are equal)";
        }
        None => {}
    }
    text
}

/// Accuracy or R², with its name: of several targets it is another number.
pub(super) fn score_of(found: &Evaluation) -> Option<(&'static str, f64)> {
    let [share, r2] = match found.columns {
        1 => ["accuracy", "R²"],
        _ => ["share of right labels", "R² of all targets together"],
    };
    found.accuracy.map(|own| (share, own)).or(found.r2.map(|own| (r2, own)))
}

/// Why training ended early, and which weights were kept.
fn ending(summary: &Summary) -> String {
    let ended = match summary.ended {
        Ended::Patience => "stopped early: the loss no longer improved\n",
        Ended::Length | Ended::Interrupted | Ended::Observer | Ended::Diverged => "",
    };
    let best = summary.best.map(|best| {
        format!("kept the weights of epoch {}, whose loss was {:.6}\n", best.epoch + 1, best.loss)
    });
    format!("{ended}{}", best.unwrap_or_default())
}

/// At most four decimals: 0.5, 0.9667, 1.0.
pub(super) fn rounded(value: f64) -> String {
    let text = format!("{value:.4}");
    let short = text.trim_end_matches('0');
    if short.ends_with('.') { format!("{short}0") } else { short.to_owned() }
}

/// A table of the hypothesis (the network's outputs), the prediction and the truth of each row.
fn rows(data: &Dataset, predictions: &[f32], output: Output) -> String {
    let outputs = data.outputs();
    let names = match data.inputs() {
        ..=4 => data.feature_names().join(" "),
        _ => "row".to_owned(),
    };
    let mut table = vec![[names, "hypothesis".into(), "prediction".into(), "truth".into()]];
    let list = |values: &[f32]| values.iter().map(f32::to_string).collect::<Vec<_>>().join(" ");
    let targets = data.original_targets();
    for row in 0..data.rows() {
        let inputs = &data.features()[row * data.inputs()..][..data.inputs()];
        let hypothesis = &predictions[row * outputs..][..outputs];
        let (prediction, truth) = match &targets {
            Targets::Binary { values, columns } => {
                let names = |values: &[f32]| {
                    let own = data.target_columns().iter().cycle().zip(values);
                    let names = own.map(|(own, p)| own.classes[usize::from(*p > 0.5)].as_str());
                    names.collect::<Vec<_>>().join(" ")
                };
                (names(hypothesis), names(&values[row * columns..][..*columns]))
            }
            Targets::Classes { values, .. } => (
                data.classes()[argmax(hypothesis)].clone(),
                data.classes()[values[row] as usize].clone(),
            ),
            Targets::Numbers { values, columns } => {
                (list(hypothesis), list(&values[row * columns..][..*columns]))
            }
        };
        let shown = if data.inputs() <= 4 { list(inputs) } else { (row + 1).to_string() };
        table.push([shown, list(hypothesis), prediction, truth]);
    }
    if output == Output::Identity {
        // The outputs are the predictions.
        for row in &mut table {
            row[1].clear();
        }
    }
    let mut text = String::new();
    let width = |column: usize| table.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..4).map(width).collect();
    for row in &table {
        let cells = row.iter().zip(&widths).filter(|(_, width)| **width > 0);
        let line: Vec<String> = cells.map(|(cell, width)| format!("{cell:<width$}")).collect();
        let _ = writeln!(text, "{}", line.join("  ").trim_end());
    }
    text + "\n"
}

/// Explains a network without hidden layers that did no better than guessing; empty otherwise.
fn half_plane(trainer: &Trainer, data: &Dataset, options: &TrainOptions, loss: f64) -> String {
    let Targets::Binary { values, columns: 1 } = data.targets() else { return String::new() };
    let share = values.iter().map(|&t| f64::from(t)).sum::<f64>() / values.len() as f64;
    let guessing = match options.loss {
        Some(Loss::Mse) => share * (1.0 - share),
        // Its loss of a guess depends on gamma and alpha, too.
        Some(Loss::Focal { .. }) => return String::new(),
        _ => -(share * share.ln() + (1.0 - share) * (1.0 - share).ln()),
    };
    if !trainer.plan().network().hidden.is_empty() || loss < 0.99 * guessing {
        return String::new();
    }
    format!(
        "It did no better than guessing ({guessing:.4}). A network without hidden layers separates \
         the classes by one straight line:\nwhere no line can do that, as in XOR, it cannot learn \
         them. Give it a hidden layer (--hidden 2);\nor, where a line is enough, train longer or \
         raise --lr.\n",
    )
}
