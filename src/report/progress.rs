//! How far training is: plain lines, and below them a bar on a terminal.

use std::io::IsTerminal as _;

use halfplane::plan::Plan;
use halfplane::train::Evaluation;
use halfplane::{Event, TrainOptions};
use indicatif::{ProgressBar, ProgressStyle};

/// The progress of a training.
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
                // Where a step is an epoch, its line says it all.
                if self.per_epoch == 1 {
                    self.line(&format!("step {step:>6}  loss {loss}\n"));
                }
            }
            Event::Epoch { epoch, train_loss, validation }
                if self.per_epoch > 1 || validation.is_some() =>
            {
                let (epoch, epochs) = (epoch + 1, self.epochs);
                let validation = validation.map(|found| validated(&found)).unwrap_or_default();
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

    fn advance(&self, step: u64, message: String) {
        if let Some(bar) = &self.bar {
            bar.set_position(step);
            bar.set_message(message);
        }
    }

    /// A line of its own, above the bar where there is one. What cannot be printed any more is told
    /// of at the end.
    fn line(&self, text: &str) {
        let _ = match &self.bar {
            Some(bar) => bar.suspend(|| super::print(text)),
            None => super::print(text),
        };
    }
}

impl Drop for Progress {
    /// An error leaves no half-drawn bar.
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// What the validation rows say, as a part of an epoch's line.
fn validated(found: &Evaluation) -> String {
    let score = match found {
        Evaluation { accuracy: Some(accuracy), .. } => format!(", accuracy {accuracy:.4}"),
        Evaluation { r2: Some(r2), .. } => format!(", R² {r2:.4}"),
        Evaluation { .. } => String::new(),
    };
    format!("  validation loss {:.6}{score}", found.loss)
}

fn bar(steps: u64) -> ProgressBar {
    let bar = ProgressBar::new(steps);
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {pos}/{len} steps, {per_sec}, {eta} to go  {msg}")
    {
        bar.set_style(style);
    }
    bar
}
