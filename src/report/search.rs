//! The progress of a search: a line for each trial that is the best so far, on a terminal with a
//! progress bar below.

use std::io::IsTerminal as _;
use std::ops::ControlFlow;

use halfplane::metrics::Metric;
use halfplane::sweep::{Record, State, SweepEvent, Value};
use indicatif::{ProgressBar, ProgressStyle};

use super::picture;

/// Prints the progress of a search.
pub(crate) struct SearchProgress {
    metric: Metric,
    is_quiet: bool,
    bar: Option<ProgressBar>,
    /// The best score so far, as the gain.
    best: f64,
    trials: usize,
    /// Whether it was told that some trials are not stopped early.
    told_unpruned: bool,
}

impl SearchProgress {
    pub(crate) fn begin(metric: Metric, is_quiet: bool) -> Self {
        let bar = (!is_quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new(1);
            let style = "{bar:40} {pos}/{len} networks, {eta} left  {msg}";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            bar
        });
        Self { metric, is_quiet, bar, best: f64::NEG_INFINITY, trials: 0, told_unpruned: false }
    }

    pub(crate) fn event(&mut self, event: &SweepEvent) -> ControlFlow<()> {
        match event {
            SweepEvent::Begin { sampler, trials, known, pruned } => {
                let limit = if *trials == u64::MAX {
                    "trials without a limit".to_owned()
                } else {
                    format!("{trials} trials")
                };
                let pruned = if *pruned { ", stopped early where they fall behind" } else { "" };
                let known = match known {
                    0 => String::new(),
                    known => format!("; {known} of them are known"),
                };
                self.line(&format!("{limit}, proposed by {sampler}{pruned}{known}"));
            }
            SweepEvent::NotPruned { trial } if !self.told_unpruned => {
                self.told_unpruned = true;
                self.line(&format!(
                    "note: the schedule of trial {trial} goes by the whole length, so that such trials \
                     are not stopped early"
                ));
            }
            SweepEvent::Fitted { done, of, trials, rung } => {
                if let Some(bar) = &self.bar {
                    let rung = rung
                        .map_or_else(|| "the end".to_owned(), |own| format!("rung {}", own + 1));
                    bar.set_length(*of as u64);
                    bar.set_position(*done as u64);
                    let known = self.trials;
                    bar.set_message(format!("{trials} trials to {rung}, {known} known"));
                }
            }
            SweepEvent::Trial(record) => {
                self.trials += 1;
                let (mean, error) = record.score();
                let gain = self.metric.gain(mean);
                if record.state == State::Complete && gain > self.best {
                    self.best = gain;
                    let metric = self.metric;
                    self.line(&format!(
                        "trial {:>4}  {metric} {mean:.4} ± {error:.4}  {}",
                        record.trial, record.parameters
                    ));
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    /// Prints a line to standard error, above the progress bar.
    pub(crate) fn line(&self, text: &str) {
        match &self.bar {
            _ if self.is_quiet => {}
            Some(bar) => bar.suspend(|| super::say(text)),
            None => super::say(text),
        }
    }
}

impl Drop for SearchProgress {
    /// Removes the progress bar, after an error too.
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The trials that were trained to their end and have a score, the best first; of equal ones that which was
/// tried first.
pub(crate) fn best_first(records: &[Record], metric: Metric) -> Vec<&Record> {
    let gain = |own: &Record| metric.gain(own.score().0);
    let is_scored = |own: &&Record| own.state == State::Complete && own.score().0.is_finite();
    let mut best: Vec<&Record> = records.iter().filter(is_scored).collect();
    best.sort_by(|a, b| gain(b).total_cmp(&gain(a)).then(a.trial.cmp(&b.trial)));
    best
}

/// How many trials have ended so.
pub(crate) fn count(records: &[Record], state: State) -> usize {
    records.iter().filter(|own| own.state == state).count()
}

/// A hyper-parameter's value in a table.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Float(number) => picture::short(*number),
        other => other.to_string(),
    }
}
