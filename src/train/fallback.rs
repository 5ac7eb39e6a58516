//! What a session falls back on when its device fails: a snapshot, and a device to go on with.

use std::time::Duration;

use super::snapshot::Snapshot;
use crate::Result;
use crate::backend::{self, Device, DeviceChoice, OpenOptions};
use crate::plan::DeviceKind;
use crate::platform::Instant;

/// A snapshot is taken at most this often, and so that it takes less than a hundredth of the time.
const SNAPSHOTS: Duration = Duration::from_secs(1);

/// Opens a device to go on with.
pub(super) type Open = Box<dyn FnMut() -> Result<Box<dyn Device>> + Send>;

/// Where a device to go on with comes from.
enum Source {
    /// The same choice again.
    Choice(DeviceChoice, OpenOptions),
    Custom(Open),
}

/// What a session falls back on.
#[derive(Default)]
pub(super) struct Fallback {
    source: Option<Source>,
    snapshot: Option<Snapshot>,
    /// When the next snapshot is due.
    due: Option<Instant>,
    /// The step at which the device that was opened last has begun.
    begun: Option<u64>,
}

impl Fallback {
    /// The device of the same choice is opened again.
    pub(super) fn open_again(&mut self, choice: DeviceChoice, options: OpenOptions) {
        self.source = Some(Source::Choice(choice, options));
    }

    /// A device is opened by a function.
    pub(super) fn open_with(&mut self, open: Open) {
        self.source = Some(Source::Custom(open));
    }

    /// Lets the next snapshot be due at once.
    pub(super) fn take_next_at_once(&mut self) {
        self.due = None;
    }

    /// When the next snapshot is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether a snapshot is due, for a device of a kind that may fail.
    pub(super) fn wants_snapshot(&self, kind: DeviceKind) -> bool {
        self.source.is_some()
            && kind != DeviceKind::Cpu
            && self.due.is_none_or(|due| due <= Instant::now())
    }

    /// A snapshot that was taken for something else.
    pub(super) fn keep(&mut self, snapshot: Snapshot) {
        if self.source.is_some() {
            self.snapshot = Some(snapshot);
        }
    }

    /// A snapshot that took so long.
    pub(super) fn keep_until_next(&mut self, snapshot: Snapshot, took: Duration) {
        self.snapshot = Some(snapshot);
        self.due = Some(Instant::now() + SNAPSHOTS.max(100 * took));
    }

    pub(super) fn take_snapshot(&mut self) -> Option<Snapshot> {
        self.snapshot.take()
    }

    /// A device to go on with from a step, if there is one. What was opened anew and got no further
    /// is not opened once more.
    pub(super) async fn open(&mut self, step: u64) -> Option<Box<dyn Device>> {
        if self.begun == Some(step) {
            return None;
        }
        match self.source.as_mut()? {
            Source::Choice(choice, options) => Some(backend::open(choice, *options).await.ok()?.0),
            Source::Custom(open) => open().ok(),
        }
    }

    /// Takes note of the step at which another device has begun.
    pub(super) fn begun_at(&mut self, step: u64) {
        self.begun = Some(step);
    }
}
