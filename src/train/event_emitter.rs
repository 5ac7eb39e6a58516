//! Which events of a run are emitted.

use super::{Callback, Evaluation, Event};

/// Emits the events of one network that have not been emitted yet, until the callback breaks off.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EventEmitter {
    network: usize,
    log_every: u64,
    /// The first step, epoch and reduction after an epoch that are still to be emitted: what is
    /// repeated after a failure is not emitted twice. The logged step is counted up: the division
    /// that would tell whether a step is logged takes longer than a tiny step.
    step: u64,
    epoch: u64,
    reduced: u64,
    broken_off: bool,
}

impl EventEmitter {
    /// For a run that begins at a step of an epoch.
    pub(super) fn new(network: usize, log_every: u64, step: u64, epoch: u64) -> Self {
        let step = step.next_multiple_of(log_every);
        Self { network, log_every, step, epoch, reduced: epoch, broken_off: false }
    }

    /// Whether the callback has broken off.
    pub(super) fn broken_off(&self) -> bool {
        self.broken_off
    }

    #[inline]
    pub(super) fn emit(&mut self, event: &Event, to: &mut dyn Callback) {
        if !self.broken_off {
            self.broken_off = to.on_event(self.network, event).is_break();
        }
    }

    /// Emits what must be known even to a callback that has broken off.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn insist(&mut self, event: &Event, to: &mut dyn Callback) {
        self.broken_off |= to.on_event(self.network, event).is_break();
    }

    #[inline(always)]
    pub(super) fn step(&mut self, step: u64, loss: f32, to: &mut dyn Callback) {
        if step == self.step {
            self.step += self.log_every;
            self.emit(&Event::Step { step, loss }, to);
        }
    }

    #[inline(always)]
    pub(super) fn epoch(
        &mut self,
        epoch: u64,
        train_loss: f64,
        validation: Option<Evaluation>,
        to: &mut dyn Callback,
    ) {
        if epoch >= self.epoch {
            self.epoch = epoch + 1;
            self.emit(&Event::Epoch { epoch, train_loss, validation }, to);
        }
    }

    /// After the epoch itself.
    pub(super) fn reduced(&mut self, epoch: u64, lr: f64, to: &mut dyn Callback) {
        if epoch >= self.reduced {
            self.reduced = epoch + 1;
            self.emit(&Event::Reduced { epoch, lr }, to);
        }
    }

    /// Goes on after steps that nobody was told of.
    pub(super) fn skip_to(&mut self, step: u64) {
        if self.step < step {
            self.step = step.next_multiple_of(self.log_every);
        }
    }
}
