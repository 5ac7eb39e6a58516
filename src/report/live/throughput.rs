//! The speed of training, and the time that is left.

use std::collections::VecDeque;
use std::time::Duration;

/// The speed is the mean over this time.
const WINDOW: Duration = Duration::from_secs(5);

/// Steps by the time at which they were done.
#[derive(Debug, Default)]
pub(super) struct Throughput {
    seen: VecDeque<(Duration, u64)>,
}

impl Throughput {
    /// Records that a step was done at a time since the start.
    pub(super) fn step(&mut self, now: Duration, step: u64) {
        // Steps within 20 ms count as one event.
        if self.seen.back().is_some_and(|(at, _)| now.saturating_sub(*at).as_millis() < 20) {
            self.seen.pop_back();
        }
        self.seen.push_back((now, step));
        while self.seen.len() > 2
            && self.seen.get(1).is_some_and(|(at, _)| now.saturating_sub(*at) > WINDOW)
        {
            self.seen.pop_front();
        }
    }

    /// Steps per second, once there are two events.
    pub(super) fn rate(&self) -> Option<f64> {
        let ((first, from), (last, to)) = (self.seen.front()?, self.seen.back()?);
        let seconds = last.saturating_sub(*first).as_secs_f64();
        (seconds > 0.0 && to > from).then(|| (to - from) as f64 / seconds)
    }

    /// The expected duration of further steps.
    pub(super) fn time_left(&self, steps: u64) -> Option<Duration> {
        Duration::try_from_secs_f64(steps as f64 / self.rate()?).ok()
    }
}

/// A duration in minutes and hours: 0:07, 12:34, 1:02:03.
pub(super) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut throughput = Throughput::default();
        assert_eq!(throughput.rate(), None);
        // Slow for ten seconds, then ten times as fast for ten.
        for tenth in 0..100 {
            throughput.step(Duration::from_millis(100 * tenth), tenth);
        }
        for tenth in 0..100 {
            throughput.step(Duration::from_millis(10_000 + 100 * tenth), 100 + 10 * tenth);
        }
        let rate = throughput.rate().expect("it has seen steps");
        assert!((rate - 100.0).abs() < 3.0, "{rate}");
        let left = throughput.time_left(1000).expect("there is a rate").as_secs_f64();
        assert!((left - 10.0).abs() < 0.5, "{left}");
    }

    #[test]
    fn clocks_read_as_clocks() {
        let read = |seconds| clock(Duration::from_secs(seconds));
        assert_eq!([read(7), read(754), read(3723)], ["0:07", "12:34", "1:02:03"]);
    }
}
