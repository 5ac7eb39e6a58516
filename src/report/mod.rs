//! Events and results to the terminal and to files.
//!
//! Must not know: anything but events and results.

mod metrics;
mod profile;
mod progress;
mod summary;

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use halfplane::data::Warning;
use halfplane::{Dataset, Error, Event, Result, Summary, TrainOptions, Trainer};

pub(crate) use profile::{profile, roofline};
pub(crate) use summary::largest;

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verbosity {
    Quiet,
    Normal,
}

/// What a resumed training has behind it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Done {
    pub(crate) steps: u64,
    pub(crate) epochs: u64,
}

/// Where a training's events go.
pub(crate) struct Report {
    metrics: Option<metrics::Metrics>,
    progress: Option<progress::Progress>,
    verbosity: Verbosity,
}

impl Report {
    /// A file of metrics goes on after so many steps and epochs, where the training does.
    pub(crate) fn open(
        metrics: Option<&Path>,
        verbosity: Verbosity,
        done: Option<Done>,
    ) -> Result<Self> {
        let open = |path| match done {
            Some(done) => metrics::Metrics::go_on(path, done),
            None => metrics::Metrics::create(path),
        };
        let metrics = metrics.map(open).transpose()?;
        Ok(Self { metrics, progress: None, verbosity })
    }

    /// Says what to know about the data.
    pub(crate) fn warn(&self, warnings: &[Warning]) {
        if self.verbosity == Verbosity::Normal {
            warn(warnings);
        }
    }

    /// Says what is going to be trained, and where.
    pub(crate) fn begin(
        &mut self,
        trainer: &Trainer<'_>,
        data: &Dataset,
        options: &TrainOptions,
    ) -> Result<()> {
        if self.verbosity == Verbosity::Normal {
            print(&summary::heading(trainer, data, options))?;
            self.progress = Some(progress::Progress::begin(trainer.plan(), options));
        }
        Ok(())
    }

    /// Passes an event on.
    pub(crate) fn event(&mut self, event: &Event) -> ControlFlow<()> {
        // Nobody is to take one device's numbers for another's.
        if let Event::Recovered { step, problem, device } = event {
            note(&format!("the device failed ({problem}): going on from step {step} on {device}"));
        }
        if let Some(metrics) = &mut self.metrics {
            metrics.event(event);
        }
        if let Some(progress) = &mut self.progress {
            progress.event(event);
        }
        ControlFlow::Continue(())
    }

    /// Says what came of it.
    pub(crate) fn end(
        &mut self,
        trainer: &mut Trainer<'_>,
        data: &Dataset,
        options: &TrainOptions,
        summary: &Summary,
    ) -> Result<()> {
        // The bar goes first: it would take the last line along.
        let shown = self.progress.take().is_some();
        if shown { print(&summary::summary(trainer, data, options, summary)?) } else { Ok(()) }
    }

    /// Says where the model is.
    pub(crate) fn saved(&self, path: &Path) -> Result<()> {
        match self.verbosity {
            Verbosity::Normal => print(&format!("model written to {}\n", path.display())),
            Verbosity::Quiet => Ok(()),
        }
    }

    /// Says whether all metrics were written: last, since it is no reason to lose the training.
    pub(crate) fn close(self) -> Result<()> {
        self.metrics.map_or(Ok(()), metrics::Metrics::finish)
    }
}

/// Prints to standard output. A reader that has gone away (`| head`) is no error.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(source) if source.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::File { verb: "write", path: "standard output".into(), source })
        }
        _ => Ok(()),
    }
}

/// Prints warnings.
pub(crate) fn warn(warnings: &[Warning]) {
    for warning in warnings {
        let _ = writeln!(std::io::stderr().lock(), "warning: {warning}");
    }
}

/// Prints a note to standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "note: {text}");
}

/// Prints an error.
pub(crate) fn error(error: &Error) {
    let _ = writeln!(std::io::stderr().lock(), "error: {error}");
}
