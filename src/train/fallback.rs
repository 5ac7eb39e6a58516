//! What becomes of a run whose device fails: it goes back to the last snapshot and on with another
//! device.

use std::time::Duration;

use super::epoch_losses::EventEmitter;
use super::snapshot::Snapshot;
use super::{Event, Trainer, load};
use crate::backend::{self, Device, DeviceChoice, ShaderChecks};
use crate::plan::DeviceKind;
use crate::platform::{Instant, block_on};
use crate::{Error, Result};

/// A snapshot is taken at most this often, and so that it takes less than a hundredth of the time.
const SNAPSHOTS: Duration = Duration::from_secs(1);

/// Opens a device to go on with.
type Open = Box<dyn FnMut() -> Result<Box<dyn Device>>>;

/// What a run falls back on.
#[derive(Default)]
pub(super) struct Fallback {
    open: Option<Open>,
    snapshot: Option<Snapshot>,
    /// When the next snapshot is due.
    pub(super) due: Option<Instant>,
    /// The step at which the device that was opened last has begun.
    begun: Option<u64>,
}

impl Fallback {
    /// A snapshot that has been taken for something else.
    pub(super) fn keep(&mut self, snapshot: Snapshot) {
        if self.open.is_some() {
            self.snapshot = Some(snapshot);
        }
    }
}

impl Trainer {
    /// Where to go on when the device fails in mid-run: `open` opens a device again. Where it does
    /// not, or where that device gets no further, training goes on on the CPU path.
    ///
    /// A trainer made by [`Trainer::new`] has such a fallback: the device of its options again.
    #[must_use]
    pub fn with_fallback(
        mut self,
        open: impl FnMut() -> Result<Box<dyn Device>> + 'static,
    ) -> Self {
        self.fallback.open = Some(Box::new(open));
        self
    }

    /// Takes a snapshot to fall back on, where the device may fail and one is due.
    pub(super) fn keep_for_fallback(&mut self) -> Result<()> {
        let now = Instant::now();
        let due = self.fallback.due.is_none_or(|due| due <= now);
        if self.fallback.open.is_none() || self.limits.kind == DeviceKind::Cpu || !due {
            return Ok(());
        }
        self.fallback.snapshot = Some(self.snapshot()?);
        self.fallback.due = Some(now + SNAPSHOTS.max(100 * now.elapsed()));
        Ok(())
    }

    /// Goes back to the last snapshot on another device, or returns the error where there is none.
    pub(super) fn recover(&mut self, error: Error, emitter: &mut EventEmitter<'_>) -> Result<()> {
        let Error::Device { problem, .. } = &error else { return Err(error) };
        let (Some(open), Some(snapshot)) = (&mut self.fallback.open, self.fallback.snapshot.take())
        else {
            return Err(error);
        };
        let step = snapshot.progress.step;
        // A device that was opened anew and gets no further is not opened a third time.
        let again = match self.fallback.begun {
            Some(begun) if begun == step => None,
            _ => open().ok(),
        };
        let moved = again.is_some_and(|device| self.move_to(device.as_ref(), &snapshot).is_ok());
        if !moved {
            let cpu = block_on(backend::open(&DeviceChoice::Cpu, ShaderChecks::Off));
            let moved = cpu.and_then(|(cpu, _)| self.move_to(cpu.as_ref(), &snapshot));
            if moved.is_err() {
                return Err(error);
            }
        }
        self.fallback.begun = Some(step);
        self.fallback.snapshot = Some(snapshot);
        let problem = problem.clone();
        emitter.emit(&Event::Recovered { step, problem, device: self.device.clone() });
        Ok(())
    }

    /// Plans anew for a device and puts a snapshot there. Where it has less room than before, the
    /// batch is split.
    fn move_to(&mut self, device: &dyn Device, snapshot: &Snapshot) -> Result<()> {
        let network = self.plan().network().clone();
        let (limits, mut options) = (device.limits(), self.options.clone());
        (self.backend, _) = load(device, &network, &self.data, &mut options, &limits)?;
        self.options = options;
        self.limits = limits;
        self.device = device.name().to_owned();
        self.bring()?;
        self.restore(snapshot)
    }
}
