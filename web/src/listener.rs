//! What a session tells, kept until the page asks for it.

use std::ops::ControlFlow;

use halfplane::Event;
use halfplane::train::Callback;

/// Losses of logged steps and of epochs, and what went wrong.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    /// Step and loss, in turn.
    pub(crate) losses: Vec<f64>,
    /// The number and mean training loss of each epoch, in turn: where an epoch has several steps, whose
    /// own losses are those of their batches.
    pub(crate) epochs: Vec<f64>,
    /// The number and validation loss of each epoch that was looked at, in turn.
    pub(crate) validations: Vec<f64>,
    pub(crate) steps_per_epoch: u64,
    /// The device failed, and the CPU path goes on.
    pub(crate) recovered: Option<String>,
}

impl Callback for Listener {
    fn on_event(&mut self, _: usize, event: &Event) -> ControlFlow<()> {
        match event {
            Event::Step { step, loss } => self.losses.extend([*step as f64, f64::from(*loss)]),
            Event::Epoch { epoch, train_loss, validation } => {
                if self.steps_per_epoch > 1 {
                    self.epochs.extend([*epoch as f64, *train_loss]);
                }
                if let Some(validation) = validation {
                    self.validations.extend([*epoch as f64, validation.loss]);
                }
            }
            Event::Recovered { problem, device, .. } => {
                self.recovered = Some(format!("{problem}; {device} goes on"));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
