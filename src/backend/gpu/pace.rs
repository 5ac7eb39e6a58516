//! How many replays go into one submission: about 100 ms of them, measured.
//!
//! Operating systems kill long submissions (Windows after 2 s), and short ones waste the host's
//! time; so the count grows from one, at most fourfold at a time, until it takes that long.

use std::time::Duration;

use crate::platform::Instant;

const TARGET: Duration = Duration::from_millis(100);
const MOST: u64 = 1 << 14;

/// The pace of one phase.
#[derive(Debug)]
pub(super) struct Pace {
    replays: u64,
    last_finished: Option<Instant>,
}

impl Pace {
    pub(super) const fn new() -> Self {
        Self { replays: 1, last_finished: None }
    }

    /// Replays for the next submission.
    pub(super) const fn next(&self) -> u64 {
        self.replays
    }

    /// Learns from a submission of `replays`, submitted then and finished now.
    pub(super) fn learn(&mut self, replays: u64, submitted: Instant, now: Instant) {
        // It cannot have begun before the one ahead of it was finished.
        let begun = self.last_finished.map_or(submitted, |last| last.max(submitted));
        self.last_finished = Some(now);
        let taken = now.saturating_duration_since(begun).max(Duration::from_micros(1));
        let fitting = replays as f64 * TARGET.as_secs_f64() / taken.as_secs_f64();
        self.replays = (fitting as u64).clamp(1, (4 * self.replays).min(MOST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settles_near_the_target() {
        let mut pace = Pace::new();
        let mut now = Instant::now();
        let each = Duration::from_micros(250);
        for _ in 0..20 {
            let replays = pace.next();
            let submitted = now;
            now += each * replays as u32;
            pace.learn(replays, submitted, now);
        }
        assert_eq!(pace.next(), 400);
        pace.learn(400, now, now + Duration::from_secs(40));
        assert_eq!(pace.next(), 1, "slows down at once");
    }
}
