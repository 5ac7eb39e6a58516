//! Reports events and results of training on the terminal and in files.
//!
//! Must not know: anything but events and results.

mod appended;
mod curve;
mod folded;
mod history;
mod live;
mod members;
mod metrics;
mod palette;
pub(crate) mod picture;
mod plane;
mod profile;
mod progress;
mod record;
mod scores;
mod search;
mod summary;
mod tensorboard;

use std::borrow::Cow;
use std::io::{IsTerminal as _, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use halfplane::metrics::Scores;
use halfplane::{Dataset, Error, Event, Parameters, Result, Summary, TrainOptions, Trainer};

pub(crate) use history::History;

pub(crate) use folded::{
    FoldedRun, each_target, folded_fault, folded_heading, folded_summary, folded_warnings, guess,
};
pub(crate) use live::restore_terminal;
pub(crate) use members::{Member, MemberSinks, Members, MembersView};
pub(crate) use profile::{profile, roofline};
pub(crate) use scores::{scores, table};
pub(crate) use search::{SearchProgress, SearchView, count, shown};
pub(crate) use summary::target_names;

/// How much is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verbosity {
    Quiet,
    Normal,
}

/// How far a resumed run had come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResumePoint {
    pub(crate) steps: u64,
    pub(crate) epochs: u64,
}

/// How the terminal shows a training run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    /// Lines, one after another.
    Lines,
    /// A dashboard.
    Live,
}

/// The destinations of a run's events and results.
pub(crate) struct Sinks<'a> {
    /// The file for JSON lines.
    pub(crate) metrics: Option<&'a Path>,
    /// The folder for pictures.
    pub(crate) pictures: Option<&'a Path>,
    /// The folder for TensorBoard event files.
    pub(crate) tensorboard: Option<&'a Path>,
    /// For a resumed run, where the file of JSON lines continues.
    pub(crate) resumed: Option<ResumePoint>,
    /// The name of the run, which it keeps when it is resumed.
    pub(crate) run: Option<&'a str>,
    /// The folder of the run's checkpoints, and the one that it is resumed from.
    pub(crate) checkpoints: Option<&'a Path>,
    pub(crate) resumed_from: Option<&'a Path>,
    /// How the terminal shows the run.
    pub(crate) screen: Screen,
    /// Set by Ctrl-C, which a dashboard receives as a key.
    pub(crate) interrupt: Arc<AtomicBool>,
}

/// Reports a training run.
pub(crate) struct Report {
    metrics: Option<metrics::Metrics>,
    record: record::Record,
    /// The folder for pictures.
    pictures: Option<PathBuf>,
    progress: Option<progress::Progress>,
    live: Option<live::Live<live::RunBoard>>,
    /// What the dashboard makes models of, if it shows decision regions.
    template: Option<live::Template>,
    unsaved: record::Unsaved,
    screen: Screen,
    interrupt: Arc<AtomicBool>,
    verbosity: Verbosity,
}

impl Report {
    /// Opens all files, so that none fails to open after the training.
    pub(crate) fn open(sinks: &Sinks<'_>, trainer: &Trainer, verbosity: Verbosity) -> Result<Self> {
        let per_epoch = trainer.plan().steps_per_epoch();
        sinks.pictures.map_or(Ok(()), picture::prepare)?;
        let places = record::Places {
            tensorboard: sinks.tensorboard.map(Path::to_path_buf),
            keeps_losses: sinks.pictures.is_some() || sinks.screen == Screen::Live,
            run: sinks.run,
            checkpoints: sinks.checkpoints.map(Path::to_path_buf),
            resumed_from: sinks.resumed_from.map(Path::to_path_buf),
            resumed: sinks.resumed,
        };
        let lines = |path| match sinks.resumed {
            Some(point) => metrics::Metrics::resume(path, &[point]),
            None => metrics::Metrics::create(path),
        };
        Ok(Self {
            metrics: sinks.metrics.map(lines).transpose()?,
            record: record::Record::open(places, per_epoch)?,
            pictures: sinks.pictures.map(Path::to_path_buf),
            progress: None,
            live: None,
            template: None,
            unsaved: record::Unsaved::default(),
            screen: sinks.screen,
            interrupt: Arc::clone(&sinks.interrupt),
            verbosity,
        })
    }

    /// Prints warnings about the data.
    pub(crate) fn warn(&self, warnings: &[String]) {
        if self.verbosity == Verbosity::Normal {
            warn(warnings);
        }
    }

    /// Prints what will be trained on which device, and starts dashboard or progress bar.
    pub(crate) fn begin(
        &mut self,
        trainer: &mut Trainer,
        data: &Dataset,
        options: &TrainOptions,
    ) -> Result<()> {
        self.say(&summary::heading(trainer, data, options))?;
        match (self.screen, live::obstacle()) {
            (Screen::Live, None) => {
                let interrupt = Arc::clone(&self.interrupt);
                let history = self.record.history().cloned();
                let network = trainer.plan().network();
                let view = live::View::of(data, network.output);
                self.template = view.is_some().then(|| live::Template::of(network, data));
                let board = live::RunBoard::of(trainer, data, options, history, view.as_ref());
                self.live = live::Live::begin(board, view, interrupt)?;
                if self.live.is_none() {
                    note("no dashboard, since no thread can be made for it: plain lines instead");
                    self.lines(trainer, options);
                }
            }
            (Screen::Live, Some(obstacle)) => {
                note(&format!("no dashboard, since {obstacle}: plain lines instead"));
                self.lines(trainer, options);
            }
            (Screen::Lines, _) => self.lines(trainer, options),
        }
        Ok(())
    }

    /// The interval of the weights that the dashboard needs, if it shows them.
    pub(crate) fn shows_weights(&self) -> Option<Duration> {
        self.live.as_ref().and(self.template.as_ref()).map(|_| live::FRAME)
    }

    fn lines(&mut self, trainer: &Trainer, options: &TrainOptions) {
        if self.verbosity == Verbosity::Normal {
            self.progress = Some(progress::Progress::begin(trainer.plan(), options));
        }
    }

    /// Reports an event; breaks where the user ends the training in the dashboard.
    pub(crate) fn event(&mut self, event: &Event) -> ControlFlow<()> {
        // The user must know that the device has changed, even with --quiet.
        if let Event::Recovered { step, problem, device } = event {
            self.note(&format!(
                "note: the device failed ({problem}): going on from step {step} on {device}"
            ));
        }
        // Even with --quiet: somebody has to make room.
        if let Some(text) = self.unsaved.event(event) {
            self.note(&text);
        }
        if let Event::Weights { parameters, .. } = event {
            self.show(parameters);
            return ControlFlow::Continue(());
        }
        if let Some(metrics) = &mut self.metrics {
            metrics.event(event);
        }
        self.record.event(event);
        if matches!(event, Event::CheckpointBegins { .. }) {
            self.bring_to_disk();
        }
        self.tell_file_problems();
        if let Some(progress) = &mut self.progress {
            progress.event(event);
        }
        let Some(live) = &self.live else { return ControlFlow::Continue(()) };
        live.update(|board, now| board.event(event, now));
        if live.quit() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Shows the decision regions of these weights in the dashboard.
    fn show(&self, parameters: &Parameters) {
        if let (Some(live), Some(template)) = (&self.live, &self.template) {
            live.show(vec![Arc::new(template.model(vec![parameters.clone()]))]);
        }
    }

    /// Prints a hint about the training, unless quiet.
    pub(crate) fn hint(&self, text: &str) {
        if self.verbosity == Verbosity::Normal {
            note(text);
        }
    }

    /// Prints a note or a warning, above the progress bar.
    fn note(&self, text: &str) {
        match &self.progress {
            Some(progress) => progress.aside(text),
            None => say(text),
        }
    }

    /// Brings all that was told to the disk, before a checkpoint counts it as told.
    fn bring_to_disk(&mut self) {
        self.files().for_each(appended::Appended::sync);
    }

    /// The files that grow while the training goes on.
    fn files(&mut self) -> impl Iterator<Item = &mut appended::Appended> {
        let metrics = self.metrics.as_mut().map(metrics::Metrics::file);
        metrics.into_iter().chain(self.record.files())
    }

    /// Warns of files that cannot be written any more, once each.
    fn tell_file_problems(&mut self) {
        let problems: Vec<String> = record::problems(self.files()).collect();
        problems.iter().for_each(|problem| self.note(problem));
    }

    /// Closes dashboard or progress bar, and prints the summary.
    pub(crate) fn end(
        &mut self,
        trainer: &mut Trainer,
        data: &Dataset,
        options: &TrainOptions,
        summary: &Summary,
    ) -> Result<()> {
        // Removing the progress bar would erase the last line.
        self.progress = None;
        if self.live.is_some() {
            self.show(&trainer.parameters()?);
        }
        if let Some(live) = self.live.take() {
            live.wait_for_key();
        }
        match self.verbosity {
            Verbosity::Normal => print(&summary::summary(trainer, data, options, summary)?),
            Verbosity::Quiet => Ok(()),
        }
    }

    /// Draws the results, if pictures are requested: of the validation rows or, without these, of
    /// the training rows.
    pub(crate) fn pictures(
        &self,
        trainer: &mut Trainer,
        training: &Dataset,
        validation: Option<&Dataset>,
    ) -> Result<()> {
        let Some(folder) = &self.pictures else { return Ok(()) };
        let (data, rows) = match validation {
            Some(data) => (data, "validation rows"),
            None => (training, "training rows"),
        };
        let model = trainer.model()?;
        let predictions = trainer.predict_data(data)?;
        let targets = data.original_targets();
        let scores = Scores::of(&targets, &predictions, None)?;
        let results = picture::Results {
            model: &model,
            rows,
            features: data.features(),
            targets: &targets,
            predictions: &predictions,
            weights: None,
            scores: &scores,
            histories: self.record.history().map_or(&[], std::slice::from_ref),
        };
        picture::write(folder, &results)?;
        self.say(&format!("pictures written to {}\n", folder.join("index.html").display()))
    }

    /// Prints the path of the model file.
    pub(crate) fn saved(&self, path: &Path) -> Result<()> {
        self.say(&format!("model written to {}\n", path.display()))
    }

    fn say(&self, text: &str) -> Result<()> {
        match self.verbosity {
            Verbosity::Normal => print(text),
            Verbosity::Quiet => Ok(()),
        }
    }

    /// Reports errors of metrics and event files: last, after the model is saved.
    pub(crate) fn close(self) -> Result<()> {
        let record = self.record.finish().map(drop);
        self.metrics.map_or(Ok(()), metrics::Metrics::finish).and(record)
    }
}

/// Prints to standard output. A closed pipe (`| head`) is not an error.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    // In a file or a pipe, names are as they were read.
    let text = if out.is_terminal() { printable(text) } else { text.into() };
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(source) if source.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(failed("write", "standard output".as_ref(), source))
        }
        _ => Ok(()),
    }
}

/// Prints warnings.
pub(crate) fn warn(warnings: &[String]) {
    warnings.iter().for_each(|warning| say(&format!("warning: {warning}")));
}

/// Prints a note to standard error.
pub(crate) fn note(text: &str) {
    say(&format!("note: {text}"));
}

/// Prints an error.
pub(crate) fn error(text: &str) {
    say(&format!("error: {text}"));
}

/// A file that cannot be read or written, as `verb` says.
fn failed(verb: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::File { verb, path: path.into(), source }
}

/// Prints a line to standard error, or keeps it until a dashboard is closed. Nobody may be there to read it.
fn say(line: &str) {
    if let Some(line) = live::keep(printable(line).into_owned()) {
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }
}

/// A text without what would command a terminal: names of files and columns, and their texts, may hold any
/// character. Control characters, and those that reverse the direction of writing, are written as Rust
/// escapes them.
fn printable(text: &str) -> Cow<'_, str> {
    let commands = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(commands) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if commands(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_no_commands() {
        for (text, shown) in [
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("a\rb\u{7}", "a\\u{d}b\\u{7}"),
            ("x\u{9b}2J", "x\\u{9b}2J"),
            ("\u{202e}evil", "\\u{202e}evil"),
            ("a\tb\nä €", "a\tb\nä €"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }
}
