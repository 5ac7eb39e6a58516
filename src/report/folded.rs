//! The texts before and after a training on folds.

use std::fmt::Write as _;

use halfplane::metrics::Metric;
use halfplane::selection::{CrossValidation, FoldScore};
use halfplane::train::Ended;
use halfplane::{Dataset, Model, Network, Task, TrainOptions};

use super::scores::table;
use super::summary::{Heading, rounded};

/// A training on folds that has ended.
pub(crate) struct FoldedRun<'a> {
    pub(crate) data: &'a Dataset,
    pub(crate) model: &'a Model,
    pub(crate) scores: &'a CrossValidation,
    /// How the rows were dealt out, in words.
    pub(crate) dealt_out: &'a str,
    pub(crate) seconds: f64,
}

/// Data, network, optimizer and folds, as printed before training.
pub(crate) fn folded_heading(
    network: &Network,
    data: &Dataset,
    options: &TrainOptions,
    dealt_out: &str,
    rounds: usize,
) -> String {
    let heading = Heading { network, batch: options.batch_size.of(data.rows()), data, options };
    let patience = options
        .early_stopping
        .map(|own| format!("; each stops {} epochs after its best one on the fold", own.patience));
    format!(
        "{heading}{dealt_out}: {} for each, trained on the others{}\n",
        if rounds == 1 { "a network".to_owned() } else { format!("{rounds} networks") },
        patience.unwrap_or_default(),
    )
}

/// The score to expect on new rows, what was trained, and how long it took.
pub(crate) fn folded_summary(run: &FoldedRun<'_>) -> String {
    let FoldedRun { data, model, scores, dealt_out, seconds } = run;
    let metric = scores.metric;
    let mut text = format!(
        "\n{} for new rows {} ± {}",
        name(metric),
        rounded(scores.mean),
        rounded(scores.standard_error),
    );
    // Writing to a String cannot fail.
    if let Some(trivial) = scores.trivial {
        let guess = guess(data);
        let _ = write!(text, "; guessing {guess}: {}", rounded(trivial));
    }
    if let Some(training) = of_training_rows(scores) {
        let _ = write!(text, "; on training rows: {}", rounded(training));
    }
    let epochs = scores.folds.iter().map(|fold| fold.epochs);
    let (least, most) = (epochs.clone().min().unwrap_or(0), epochs.max().unwrap_or(0));
    let stopped = scores.folds.iter().filter(|fold| fold.summary.ended == Ended::Patience).count();
    let _ = write!(
        text,
        "\n(the mean over {dealt_out} that their networks have not seen, with its standard error){}\n\
         {} networks {}, whose mean is the model: {} epochs, {stopped} stopped early\n{:.3} s\n",
        each_target(data, scores),
        model.members.len(),
        model.network,
        if least == most { least.to_string() } else { format!("{least} to {most}") },
        seconds,
    );
    text
}

/// A table of the score of each target, where there are several.
pub(crate) fn each_target(data: &Dataset, scores: &CrossValidation) -> String {
    /// The most targets that are listed.
    const MANY: usize = 40;
    let each = scores.per_target();
    if each.is_empty() {
        return String::new();
    }
    let mut text = match scores.metric {
        Metric::Accuracy => "\nof rows all of whose labels are right; of each label alone:\n",
        _ => "\nthe mean of all targets; of each alone:\n",
    }
    .to_owned();
    let rows = data.target_columns().iter().zip(&each).take(MANY).map(|(own, score)| {
        vec![format!("  {}", own.name), score.map_or("undefined".to_owned(), rounded)]
    });
    text += &table(&rows.collect::<Vec<_>>());
    if each.len() > MANY {
        text += &format!("  … and {} more\n", each.len() - MANY);
    }
    text.truncate(text.trim_end().len());
    text
}

/// What a guess is that knows nothing of the inputs.
pub(crate) fn guess(data: &Dataset) -> &'static str {
    match (data.task(), data.target_columns().len()) {
        (Task::Regression, 1) => "the mean",
        (Task::Regression, _) => "the mean of each",
        (_, 1) => "the commonest class",
        (_, _) => "the commonest class of each",
    }
}

/// The mean of the networks' scores on the rows that they were trained on, where they are known.
fn of_training_rows(scores: &CrossValidation) -> Option<f64> {
    let sum: Option<f64> = scores.folds.iter().map(|fold| fold.training).sum();
    Some(sum? / scores.folds.len() as f64)
}

/// Why a training has failed whose numbers ran away, if they did.
pub(crate) fn folded_fault(scores: &CrossValidation) -> Option<String> {
    /// A mean loss of probabilities, or squared errors over their variance, beyond any use.
    const FAR: f64 = 100.0;
    let far = |fold: &&FoldScore| match fold.summary.evaluation.r2 {
        Some(r2) => r2 < -FAR,
        None => fold.summary.evaluation.accuracy.is_some() && fold.loss > FAR,
    };
    let worst = scores.folds.iter().find(far)?;
    let r2 = worst.summary.evaluation.r2.map(|r2| format!(" (R² {r2:.3e})")).unwrap_or_default();
    Some(format!(
        "training diverged: the loss has grown to {:.3e}{r2}; try a smaller --lr, or scale the inputs to \
         about ±1",
        worst.loss,
    ))
}

/// Scores of training rows and of new rows, accuracy or R², differ by more only where networks learn their
/// rows by heart.
const FAR_APART: f64 = 0.2;

/// Warnings where the scores give little reason to use the model.
pub(crate) fn folded_warnings(scores: &CrossValidation) -> Vec<String> {
    let metric = scores.metric;
    let trivial = scores.trivial.filter(|own| metric.gain(scores.mean) <= metric.gain(*own));
    let useless = trivial.map(|_| {
        "on rows that they have not seen, the networks are no better than guessing: these columns may \
         tell nothing of the target, or the rows may be too few"
            .to_owned()
    });
    let diverged = scores.folds.iter().filter(|fold| fold.summary.ended == Ended::Diverged).count();
    let diverged = (diverged > 0).then(|| {
        format!(
            "{diverged} of {} networks diverged: their loss was no longer a number. Their weights are those \
             of their best epochs; a smaller --lr may come further",
            scores.folds.len(),
        )
    });
    // A network that is no better than guessing has a warning already.
    let overfitted = of_training_rows(scores).filter(|training| {
        useless.is_none() && metric.gain(*training) - metric.gain(scores.mean) > FAR_APART
    });
    let overfitted = overfitted.map(|training| {
        format!(
            "on the rows that they were trained on the networks are much better ({}) than on new ones ({}): \
             they overfit. More rows help, or --dropout 0.2, --l2 0.01, fewer units, fewer columns",
            rounded(training),
            rounded(scores.mean),
        )
    });
    diverged.into_iter().chain(useless).chain(overfitted).collect()
}

/// A metric as people write it.
fn name(metric: Metric) -> String {
    match metric {
        Metric::R2 => "R²".to_owned(),
        _ => metric.name().replace('_', " "),
    }
}
