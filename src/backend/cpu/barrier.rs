//! A barrier that spins.
//!
//! A step of a small network takes a few microseconds, less than it takes to wake a thread. So the
//! threads of a replay stay awake until it ends, and yield the processor only after they have waited
//! for a while.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Iterations of the waiting loop before the thread yields: some tens of microseconds.
const SPINS: u32 = 1 << 12;

/// Where threads wait for each other.
pub(super) struct Barrier {
    threads: usize,
    arrived: AtomicUsize,
    round: AtomicUsize,
    stopped: AtomicBool,
}

impl Barrier {
    /// A barrier for this many threads.
    pub(super) const fn new(threads: usize) -> Self {
        Self {
            threads,
            arrived: AtomicUsize::new(0),
            round: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        }
    }

    /// Makes every wait, present and future, return [`ControlFlow::Break`].
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    /// Waits until all threads have arrived: what each wrote before, all can read after. Breaks where
    /// the run has been stopped; then not all need have arrived.
    pub(super) fn wait(&self) -> ControlFlow<()> {
        if self.threads > 1 {
            let round = self.round.load(Ordering::Acquire);
            if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.threads {
                self.arrived.store(0, Ordering::Relaxed);
                self.round.store(round.wrapping_add(1), Ordering::Release);
            } else {
                self.wait_for(round);
            }
        }
        match self.stopped.load(Ordering::Acquire) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn wait_for(&self, round: usize) {
        let mut spins = 0;
        while self.round.load(Ordering::Acquire) == round && !self.stopped.load(Ordering::Acquire) {
            if spins < SPINS {
                spins += 1;
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    }
}

/// Stops the barrier if its thread panics, so that the others do not wait for ever.
pub(super) struct StopOnPanic<'a>(pub(super) &'a Barrier);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}
