//! Training progress as plain lines, on a terminal with a progress bar below.

use std::io::IsTerminal as _;

use halfplane::low_level::plan::Plan;
use halfplane::train::Evaluation;
use halfplane::{Event, TrainOptions};
use indicatif::{ProgressBar, ProgressStyle};

use super::summary::score_of;

/// Prints the progress of a training run.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    per_epoch: u64,
    epochs: u64,
}

impl Progress {
    pub(super) fn begin(plan: &Plan, options: &TrainOptions) -> Self {
        let per_epoch = plan.steps_per_epoch();
        let steps = options.length.steps(per_epoch);
        let bar = std::io::stderr().is_terminal().then(|| bar(steps));
        Self { bar, per_epoch, epochs: steps.div_ceil(per_epoch) }
    }

    pub(super) fn event(&mut self, event: &Event) {
        match event {
            Event::Step { step, loss } => {
                self.advance(*step, format!("loss {loss}"));
                // An epoch of one step needs no line of its own.
                if self.per_epoch == 1 {
                    self.line(&format!("step {step:>6}  loss {loss}\n"));
                }
            }
            Event::Epoch { epoch, train_loss, validation }
                if self.per_epoch > 1 || validation.is_some() =>
            {
                let (epoch, epochs) = (epoch + 1, self.epochs);
                let validation =
                    validation.map(|found| validation_text(&found)).unwrap_or_default();
                self.advance(
                    epoch * self.per_epoch,
                    format!("epoch {epoch}, loss {train_loss:.6}"),
                );
                self.line(&format!(
                    "epoch {epoch:>4}/{epochs}  loss {train_loss:.6}{validation}\n"
                ));
            }
            Event::Reduced { lr, .. } => self.line(&format!("learning rate lowered to {lr}\n")),
            _ => {}
        }
    }

    /// Prints a line to standard error, above the progress bar.
    pub(super) fn aside(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| super::say(text)),
            None => super::say(text),
        }
    }

    fn advance(&self, step: u64, message: String) {
        if let Some(bar) = &self.bar {
            bar.set_position(step);
            bar.set_message(message);
        }
    }

    /// Prints a line, above the progress bar. An error of standard output is reported at the end.
    fn line(&self, text: &str) {
        let _ = match &self.bar {
            Some(bar) => bar.suspend(|| super::print(text)),
            None => super::print(text),
        };
    }
}

impl Drop for Progress {
    /// Removes the progress bar, after an error too.
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The scores on the validation rows, as a part of an epoch's line.
fn validation_text(found: &Evaluation) -> String {
    let score = score_of(found).map_or(String::new(), |(name, own)| format!(", {name} {own:.4}"));
    format!("  validation loss {:.6}{score}", found.loss)
}

fn bar(steps: u64) -> ProgressBar {
    let bar = ProgressBar::new(steps);
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {pos}/{len} steps, {per_sec}, {eta} left  {msg}")
    {
        bar.set_style(style);
    }
    bar
}
