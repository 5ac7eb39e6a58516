//! The progress of a search: a line for each trial that is the best so far, on a terminal with a
//! progress bar below; or a dashboard.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use halfplane::metrics::Metric;
use halfplane::sweep::{Record, State, SweepEvent, Value};
use halfplane::{Dataset, Model, Output, Result};
use indicatif::{ProgressBar, ProgressStyle};

use super::live::{self, Live, SearchBoard};
use super::{note, picture};

/// Prints the progress of a search.
pub(crate) struct SearchProgress<'a> {
    metric: Metric,
    is_quiet: bool,
    bar: Option<ProgressBar>,
    /// The best score so far, as the gain.
    best: f64,
    trials: usize,
    /// Whether it was told that some trials are not stopped early.
    told_unpruned: bool,
    live: Option<Live<SearchBoard>>,
    wall: Option<Wall<'a>>,
}

/// The decision regions that a dashboard shows.
struct Wall<'a> {
    train: &'a dyn Fn(&Record) -> Result<Option<Model>>,
    /// The models of trials that were shown last.
    models: BTreeMap<u64, Arc<Model>>,
    /// Whether trials have ended since.
    is_due: bool,
}

/// What a dashboard of a search shows.
pub(crate) struct SearchView<'a> {
    /// What is predicted from what, in one line, and how its rows were dealt out.
    pub(crate) table: [String; 2],
    /// All rows, and what networks make of them.
    pub(crate) data: &'a Dataset,
    pub(crate) output: Output,
    /// Trains a trial on all rows.
    pub(crate) train: &'a dyn Fn(&Record) -> Result<Option<Model>>,
    /// Set by Ctrl-C, which a dashboard receives as a key.
    pub(crate) interrupt: Arc<AtomicBool>,
}

impl<'a> SearchProgress<'a> {
    pub(crate) fn begin(metric: Metric, is_quiet: bool) -> Self {
        let bar = (!is_quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new(1);
            let style = "{bar:40} {pos}/{len} networks, {eta} left  {msg}";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            bar
        });
        Self {
            metric,
            is_quiet,
            bar,
            best: f64::NEG_INFINITY,
            trials: 0,
            told_unpruned: false,
            live: None,
            wall: None,
        }
    }

    /// Opens a dashboard instead, if there can be one; it begins with the trials that are known.
    pub(crate) fn show(&mut self, view: SearchView<'a>, known: &[Record]) -> Result<()> {
        if let Some(obstacle) = live::obstacle() {
            note(&format!("no dashboard, since {obstacle}: plain lines instead"));
            return Ok(());
        }
        let SearchView { table, data, output, train, interrupt } = view;
        let view = live::View::of(data, output);
        let mut board = SearchBoard::of(table, self.metric, view.as_ref());
        known.iter().for_each(|record| board.take(record));
        let is_due = !known.is_empty();
        self.wall = view.is_some().then(|| Wall { train, models: BTreeMap::new(), is_due });
        self.live = Live::begin(board, view, interrupt)?;
        match &self.live {
            Some(_) => self.bar = None,
            None => note("no dashboard, since no thread can be made for it: plain lines instead"),
        }
        Ok(())
    }

    /// Takes what happens; breaks where the user ends the search in the dashboard.
    pub(crate) fn event(&mut self, event: &SweepEvent) -> ControlFlow<()> {
        if let Some(live) = &self.live {
            live.update(|board, _| board.event(event));
        }
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
                self.draw_wall();
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
                self.wall.iter_mut().for_each(|wall| wall.is_due = true);
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
        if self.has_quit() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Whether the user has ended the search in the dashboard, as if its time were up.
    pub(crate) fn has_quit(&self) -> bool {
        self.live.as_ref().is_some_and(Live::quit)
    }

    /// Trains what the wall of the dashboard is to show by now, and shows it. What cannot be trained is left
    /// out.
    fn draw_wall(&mut self) {
        let (Some(live), Some(wall)) = (&self.live, &mut self.wall) else { return };
        if !std::mem::take(&mut wall.is_due) {
            return;
        }
        let (mut models, mut titles) = (BTreeMap::new(), Vec::new());
        for (which, record) in live.update(|board, _| board.worth_a_look()) {
            let known = wall.models.remove(&record.trial);
            let model = known.or_else(|| (wall.train)(&record).ok().flatten().map(Arc::new));
            if let Some(model) = model {
                titles.push((format!("{which}: trial {}", record.trial), Arc::clone(&model)));
                models.insert(record.trial, model);
            }
        }
        wall.models = models;
        let (titles, models) = titles.into_iter().unzip();
        live.update(|board, _| board.name_wall(titles));
        live.show(models);
    }

    /// The search has ended: says what is done after it, in the dashboard, or removes the progress bar.
    pub(crate) fn go_on_with(&mut self, what: &str) {
        if let Some(live) = &self.live {
            live.update(|board, _| board.go_on_with(what));
        }
        self.remove_bar();
    }

    /// Removes the progress bar, so that something else can be printed.
    pub(crate) fn remove_bar(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// All is done: shows the last of it until a key is pressed, and closes the dashboard.
    pub(crate) fn end(mut self) {
        self.draw_wall();
        if let Some(live) = self.live.take() {
            live.wait_for_key();
        }
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

impl Drop for SearchProgress<'_> {
    /// Removes the progress bar, after an error too.
    fn drop(&mut self) {
        self.remove_bar();
    }
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
