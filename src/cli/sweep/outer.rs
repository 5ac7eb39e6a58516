//! `sweep --outer`: how good the whole choice is, by searches that have not seen the rows they are scored
//! on.

use std::ops::ControlFlow;
use std::path::Path;

use halfplane::data::{Fold, FoldedTable};
use halfplane::metrics::{Metric, Scores};
use halfplane::selection::mean_and_error;
use halfplane::sweep::{Ended, Point, Sweep, SweepOptions};
use halfplane::{Error, Model, Result};
use serde_json::{Value, json};

use super::resume;
use super::space::{Parser, Searched};
use crate::cli::arguments::SweepArguments;
use crate::report;

/// What came of an outer fold.
struct Outer {
    score: f64,
    epochs: u64,
    /// None where they are `train`'s own.
    parameters: Option<Point>,
}

/// The searches of all outer folds.
pub(super) struct Nested {
    folds: Vec<Outer>,
}

/// Searches once for each outer fold, on the rows of all others. Journals are kept beside that of the search
/// itself, so that none is done twice. `None` where an interrupt has ended it.
pub(super) fn search(
    folder: &Path,
    table: &FoldedTable,
    count: usize,
    searched: &Searched,
    arguments: &SweepArguments,
    options: &SweepOptions,
    is_quiet: bool,
) -> Result<Option<Nested>> {
    let mut folds = Vec::with_capacity(count);
    for (number, split) in (1..).zip(table.outer(count)?) {
        let outer = table.fold_of(&split)?;
        let splits = table.inner(&split.training)?;
        let inner = outer.training.folds(&splits);
        let mut parser = Parser::new(searched, arguments.seed);
        // Of these rows alone.
        let options = SweepOptions { data: None, ..options.clone() };
        let fit = options.fit.clone();
        let configure = |point: &_, data: &_| parser.configure(point, data);
        let mut sweep = Sweep::new(&searched.space, &inner, options, configure)?;
        let journal = resume::journal(&folder.join(format!("outer-{number}-of-{count}")));
        match journal.exists() {
            true => sweep.resume(&journal)?,
            false => sweep.write_to(&journal)?,
        }
        if sweep.run(|_| ControlFlow::Continue(()))? == Ended::Interrupted {
            return Ok(None);
        }
        let data = (&outer.training, &splits[..]);
        let Some(best) = super::refit::refit(&mut sweep, searched, arguments, data, &fit)? else {
            return Ok(None);
        };
        let score = score(&best.model, &outer, &sweep)?;
        if !is_quiet {
            report::note(&format!(
                "outer fold {number} of {count}: {} {score:.4}, {}",
                sweep.metric(),
                best.point().map_or("the default".to_owned(), ToString::to_string),
            ));
        }
        let parameters = best.point().cloned();
        folds.push(Outer { score, epochs: best.epochs(), parameters });
    }
    Ok(Some(Nested { folds }))
}

/// How good the chosen network is on the outer fold.
fn score(model: &Model, outer: &Fold, sweep: &Sweep) -> Result<f64> {
    let held_out = &outer.validation;
    let predictions = model.predict(held_out.features())?;
    let scores = Scores::of(&held_out.original_targets(), &predictions, held_out.weights())?;
    let metric = sweep.metric();
    metric.of(&scores).ok_or_else(|| Error::Invalid {
        problem: format!("{metric} is undefined on an outer fold of {} rows", held_out.rows()),
        remedy: "use fewer outer folds, or another metric".into(),
    })
}

impl Nested {
    fn mean_and_error(&self) -> (f64, f64) {
        mean_and_error(&self.folds.iter().map(|own| own.score).collect::<Vec<_>>())
    }

    pub(super) fn as_text(&self, metric: Metric) -> String {
        let (mean, error) = self.mean_and_error();
        format!(
            "{metric}  {mean:.4} ± {error:.4} (standard error) is what a choice like this reaches on new rows, \
             by {} outer folds that no part of it has seen\n",
            self.folds.len(),
        )
    }

    pub(super) fn as_json(&self) -> Value {
        let (mean, standard_error) = self.mean_and_error();
        let folds: Vec<f64> = self.folds.iter().map(|own| own.score).collect();
        let epochs: Vec<u64> = self.folds.iter().map(|own| own.epochs).collect();
        let parameters: Vec<Option<&Point>> =
            self.folds.iter().map(|own| own.parameters.as_ref()).collect();
        json!({
            "mean": mean,
            "standard_error": standard_error,
            "folds": folds,
            "epochs": epochs,
            "parameters": parameters,
        })
    }
}
