//! `halfplane cv`

use std::path::Path;

use halfplane::data::{FoldBy, Prepared};
use halfplane::flags;
use halfplane::low_level::files::write_beside;
use halfplane::metrics::Metric;
use halfplane::selection::{
    CrossValidation, FitOptions, FoldScore, Wanted, cross_validate_in_turn,
};
use halfplane::train::Ended;
use halfplane::{Dataset, Error, Result};
use serde_json::{Value, json};

use super::arguments::CvArguments;
use super::folds::{described, open, predicted, predictions};
use super::outputs::apart;
use super::{Outcome, interrupt, settings};
use crate::report::{self, picture};

pub(super) fn run(arguments: &CvArguments) -> Result<Outcome> {
    let typed = &arguments.training;
    check(arguments)?;
    let unread = settings::unread(typed)?;
    let (by, folded) = open(&typed.data, &typed.table, &arguments.folds, unread.seed, &mut Ok)?;
    let Prepared { training: all, warnings, .. } = folded.all()?;
    let metric = arguments.folds.metric.unwrap_or(Metric::default_for(all.task()));
    metric.check(all.task())?;
    if !arguments.quiet {
        report::warn(&flags::warnings(&warnings));
    }
    let fit = FitOptions {
        device: unread.device,
        threads: unread.threads,
        interrupt: Some(interrupt::flag()),
        wanted: Wanted { models: arguments.predictions.is_some(), ..Wanted::default() },
        ..FitOptions::default()
    };
    let (count, fold) = (folded.splits().len(), |number| folded.fold(number));
    let result = cross_validate_in_turn(count, fold, metric, &fit, |fold| {
        let (network, mut options) = settings::for_data(typed, None, &fold.training)?;
        arguments.stopping.apply(&mut options);
        options.check()?;
        Ok((network, options))
    })?;
    let Some(result) = result else {
        report::note("interrupted: no fold's score is shown before all are known");
        return Ok(Outcome::Interrupted);
    };
    if let Some(path) = &arguments.predictions {
        let Some(model) = result.folds.iter().find_map(|fold| fold.model.as_ref()) else {
            unreachable!("models are wanted where predictions are written");
        };
        write_beside(path, predictions(&all, &result, model)?.as_bytes())?;
    }
    let text = match arguments.json {
        true => format!("{}\n", as_json(arguments, folded.hash(), &all, &result)),
        false => as_text(arguments, &by, &all, &result),
    };
    report::print(&text)?;
    Ok(Outcome::Done)
}

fn check(arguments: &CvArguments) -> Result<()> {
    let typed = &arguments.training;
    if arguments.folds.are_none() {
        return Err(Error::Invalid {
            problem: "without folds there is nothing to score".into(),
            remedy: "give --folds a number".into(),
        });
    }
    let outputs = arguments.predictions.as_deref().map(|path| ("--predictions", path));
    let outputs: Vec<(&str, &Path)> = outputs.into_iter().collect();
    let inputs = [("the data", Some(&typed.data)), ("--config", typed.config.as_ref())];
    let inputs = inputs.into_iter().filter_map(|(name, path)| Some((name, path?.as_path())));
    apart(&outputs, inputs.chain(typed.table.files()))
}

fn as_text(
    arguments: &CvArguments,
    by: &FoldBy,
    all: &Dataset,
    result: &CrossValidation,
) -> String {
    let metric = result.metric;
    let mut text = format!(
        "{}: {}\n\n",
        predicted(all, &arguments.training.data),
        described(by, all, result.folds.len()),
    );
    let has_training = result.folds.iter().all(|fold| fold.training.is_some());
    let mut head = vec!["fold", "rows", metric.name(), "loss", "epochs"];
    if has_training {
        head.insert(3, "in training");
    }
    let mut rows = vec![head.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    rows.extend(result.folds.iter().enumerate().map(|(number, fold)| {
        let mut row = vec![
            (number + 1).to_string(),
            picture::thousands(fold.rows),
            format!("{:.4}", fold.score),
            picture::short(fold.loss),
            fold.epochs.to_string(),
        ];
        if let (true, Some(training)) = (has_training, fold.training) {
            row.insert(3, format!("{training:.4}"));
        }
        row
    }));
    text += &report::table(&rows);
    text +=
        &format!("\n{metric}  {:.4} ± {:.4} (standard error)", result.mean, result.standard_error);
    if let Some(trivial) = result.trivial {
        let guess = report::guess(all);
        text += &format!("; guessing {guess}: {trivial:.4}");
    }
    text += &report::each_target(all, result);
    text.push('\n');
    for line in advice(result) {
        text += &line;
        text.push('\n');
    }
    text
}

/// What the folds tell about the training.
fn advice(result: &CrossValidation) -> Vec<String> {
    let mut lines = Vec::new();
    let metric = result.metric;
    if let Some(trivial) = result.trivial
        && metric.gain(result.mean) <= metric.gain(trivial)
    {
        lines.push(
            "It is no better than the guess: these columns may tell nothing of the target".into(),
        );
    }
    let stopped = result.folds.iter().any(|fold| fold.summary.ended == Ended::Patience);
    if stopped {
        lines.push(
            "Early stopping has seen the fold's rows: the score is somewhat better than for new ones"
                .into(),
        );
        return lines;
    }
    // Where the curve is better before the end, by more than the noise of the scores.
    if let (Some(best), Some(last)) = (result.best_epochs(), result.curve.points.last())
        && best.epochs < last.epochs
        && best.loss < last.loss
    {
        let score = best.score.map_or(String::new(), |score| format!(", {metric} {score:.4}"));
        lines.push(format!(
            "After {} epochs the mean loss on the folds was {:.4}{score}; at the end it is {:.4}: try \
             --epochs {}",
            best.epochs, best.loss, last.loss, best.epochs,
        ));
    }
    lines
}

fn as_json(arguments: &CvArguments, hash: u64, all: &Dataset, result: &CrossValidation) -> Value {
    let each = |value: &dyn Fn(&FoldScore) -> Value| {
        Value::Array(result.folds.iter().map(value).collect())
    };
    let best = result
        .best_epochs()
        .map(|best| json!({ "epochs": best.epochs, "loss": best.loss, "score": best.score }));
    let mut told = json!({
        "data": arguments.training.data,
        "task": all.task(),
        "rows": all.rows(),
        "metric": result.metric,
        "mean": result.mean,
        "standard_error": result.standard_error,
        "trivial": result.trivial,
        "folds": each(&|fold| json!(fold.score)),
        "training": each(&|fold| json!(fold.training)),
        "losses": each(&|fold| json!(fold.loss)),
        "fold_rows": each(&|fold| json!(fold.rows)),
        "seconds": each(&|fold| json!(fold.seconds)),
        "epochs": result.epochs(),
        "best": best,
        "splits": format!("{:016x}", hash),
    });
    match all.target_columns() {
        [only] => told["target"] = json!(only.name),
        several => {
            told["targets"] = several.iter().map(|own| json!(own.name)).collect();
            told["per_target"] = json!(result.per_target());
        }
    }
    told
}
