//! How far training is: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal as _;

use halfplane::plan::Plan;
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
            Event::Step { step, loss } => match &self.bar {
                Some(bar) => {
                    bar.set_position(*step);
                    bar.set_message(format!("loss {loss}"));
                }
                // Where a step is an epoch, its line says it all.
                None if self.per_epoch == 1 => {
                    super::print(&format!("step {step:>6}  loss {loss}\n"))
                }
                None => {}
            },
            Event::Epoch { epoch, train_loss } if self.per_epoch > 1 => match &self.bar {
                Some(bar) => {
                    bar.set_position((epoch + 1) * self.per_epoch);
                    bar.set_message(format!("epoch {}, loss {train_loss:.6}", epoch + 1));
                }
                None => super::print(&format!(
                    "epoch {:>4}/{}  loss {train_loss:.6}\n",
                    epoch + 1,
                    self.epochs,
                )),
            },
            Event::Epoch { .. } => {}
            Event::End(_) => {
                if let Some(bar) = &self.bar {
                    bar.finish_and_clear();
                }
            }
        }
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

fn bar(steps: u64) -> ProgressBar {
    let bar = ProgressBar::new(steps);
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {pos}/{len} steps, {per_sec}, {eta} to go  {msg}")
    {
        bar.set_style(style);
    }
    bar
}
