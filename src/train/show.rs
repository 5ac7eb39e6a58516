//! The weights while they change, for those who watch.

use std::sync::Arc;
use std::time::Duration;

use super::epoch_losses::EventEmitter;
use super::{Event, Trainer};
use crate::Result;
use crate::platform::Instant;

/// Reading the weights takes at most one part in so many of a run's time.
const SHARE: u32 = 10;

/// How often the weights are told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Showing {
    every: Duration,
    /// When the next time is.
    pub(super) due: Instant,
}

impl Trainer {
    /// Lets a run tell its weights about so often, as [`Event::Weights`]; less often where reading
    /// them takes long. The run ends with the same bits.
    #[must_use]
    pub fn showing_weights(mut self, every: Duration) -> Self {
        self.showing = Some(Showing { every, due: Instant::now() });
        self
    }

    /// Tells the weights, where that is due.
    pub(super) fn tell_weights(&mut self, emitter: &mut EventEmitter<'_>) -> Result<()> {
        let started = Instant::now();
        let Some(Showing { every, due }) = self.showing else { return Ok(()) };
        if started < due {
            return Ok(());
        }
        let parameters = Arc::new(self.parameters()?);
        emitter.emit(&Event::Weights { step: self.progress.step, parameters });
        let wait = every.max(started.elapsed() * SHARE);
        self.showing = Some(Showing { every, due: Instant::now() + wait });
        Ok(())
    }
}
