//! Whether helpers are worth it, found out by trying.
//!
//! Passing rows, weights and gradients from core to core costs some microseconds a step. Whether that is
//! less than helpers save depends on the network, on the caches, and on what else runs on the machine. So
//! steps are timed without help and with it, and the other way is tried again now and then. What is
//! computed is the same either way.

use std::time::Duration;

/// How long steps are timed at a time, and how many at least. After a change some are not counted, for
/// threads wake and caches fill; a few tell whether the change was good; then more are taken together, so
/// that one step which something else held up does not decide.
const SETTLING: (Duration, u64) = (Duration::from_micros(150), 1);
const TRIAL: (Duration, u64) = (Duration::from_micros(400), 3);
const WINDOW: (Duration, u64) = (Duration::from_millis(5), 8);

/// What a step takes one thread, below which help never pays, and above which it is taken before it is
/// tried: two cores of a Xeon took 0.95 to 1.1 of the time for steps of 6 to 12 µs, 0.6 to 0.75 for most
/// from 60 µs on.
const STEP: [Duration; 2] = [Duration::from_micros(12), Duration::from_micros(300)];

/// How long steps between these run without help before it is tried: most short runs are at their end by
/// then, and where other programs keep the cores busy, a try may cost some milliseconds.
const FIRST: Duration = Duration::from_millis(5);

/// How long it takes until the other way is tried again, at first and at most.
const AGAIN: [Duration; 2] = [Duration::from_millis(20), Duration::from_secs(1)];

/// The same at first for steps that get help before it is tried.
const DOUBTED: Duration = Duration::from_millis(100);

/// Steps of one way, at least, before the other is tried.
const LEAST: u64 = 64;

/// How much of one way's time the other must take, to be taken instead.
const WORTH: f64 = 0.95;

/// Times steps and decides.
#[derive(Debug)]
pub(super) struct Worth {
    /// Seconds that a step takes without and with help, where that is known.
    seconds: [Option<f64>; 2],
    helped: bool,
    stage: Stage,
    /// What is timed now: steps, and the time they took.
    timed: (u64, Duration),
    /// Steps since the last change.
    since: u64,
    /// Time until the other way is tried, and the time after that.
    until: Duration,
    again: Duration,
}

/// What steps are timed for.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Settling,
    Trial,
    /// The last time is the seconds of a step.
    Window(f64),
}

impl Worth {
    /// For steps that take one thread about so long. None, where help cannot pay.
    pub(super) fn of(alone: Duration) -> Option<Self> {
        let helped = alone > STEP[1];
        (alone > STEP[0]).then(|| Self {
            seconds: [None; 2],
            helped,
            stage: Stage::Settling,
            timed: Default::default(),
            since: 0,
            until: if helped { DOUBTED } else { FIRST },
            again: AGAIN[0],
        })
    }

    /// Whether the coming steps get help.
    pub(super) const fn helped(&self) -> bool {
        self.helped
    }

    /// How many steps to run until the next call of [`Self::took`].
    pub(super) fn steps(&self) -> u64 {
        let seconds = self.seconds[usize::from(self.helped)];
        seconds.map_or(1, |seconds| (TRIAL.0.as_secs_f64() / seconds) as u64).clamp(1, 1 << 12)
    }

    /// Takes note that so many steps took so long.
    pub(super) fn took(&mut self, steps: u64, time: Duration) {
        self.until = self.until.saturating_sub(time);
        self.since += steps;
        self.timed = (self.timed.0 + steps, self.timed.1 + time);
        let (length, count) = match self.stage {
            Stage::Settling => SETTLING,
            Stage::Trial => TRIAL,
            Stage::Window(_) => WINDOW,
        };
        if self.timed.0 < count || self.timed.1 < length {
            return;
        }
        let (count, length) = std::mem::take(&mut self.timed);
        let seconds = length.as_secs_f64() / count as f64;
        let trial = matches!(self.stage, Stage::Trial);
        let best = match self.stage {
            Stage::Settling => {
                self.stage = Stage::Trial;
                return;
            }
            Stage::Trial => seconds,
            // Only two in a row speak against the way that is taken.
            Stage::Window(last) => last.min(seconds),
        };
        self.stage = Stage::Window(seconds);
        let [own, other] = [self.helped, !self.helped].map(usize::from);
        self.seconds[own] = Some(best);
        // Help must be worth a core to be taken, and is then kept while it is no worse than none. Where the
        // other way is not known, this one is kept until that is due.
        let counts = match (self.helped, trial) {
            (true, true) => best / WORTH,
            (true, false) => best,
            (false, _) => best * WORTH,
        };
        if self.seconds[other].is_some_and(|other| counts > other) {
            self.turn();
        } else if self.until.is_zero() && self.since >= LEAST {
            self.until = self.again;
            self.again = (4 * self.again).min(AGAIN[1]);
            self.turn();
        }
    }

    fn turn(&mut self) {
        self.helped = !self.helped;
        self.stage = Stage::Settling;
        self.since = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of steps with help in the second half of a run of 2 s.
    fn helped(alone: Duration, with_help: impl Fn(Duration) -> Duration) -> f64 {
        let mut worth = Worth::of(alone).expect("help may pay");
        let (mut now, mut steps) = (Duration::ZERO, [0.0; 2]);
        while now < Duration::from_secs(2) {
            let time = if worth.helped() { with_help(now) } else { alone };
            if now > Duration::from_secs(1) {
                steps[usize::from(worth.helped())] += 1.0;
            }
            worth.took(1, time);
            now += time;
        }
        steps[1] / (steps[0] + steps[1])
    }

    #[test]
    fn help_is_taken_where_it_pays() {
        let micros = Duration::from_micros;
        assert!(helped(micros(100), |_| micros(60)) > 0.95);
        assert!(helped(micros(100), |_| micros(99)) < 0.05);
        assert!(helped(micros(100), |_| micros(300)) < 0.05);
        // A machine that becomes free.
        let later = |now: Duration| if now.as_millis() < 900 { micros(4000) } else { micros(60) };
        assert!(helped(micros(100), later) > 0.4);
        // Short runs are not disturbed.
        let mut worth = Worth::of(micros(100)).expect("help may pay");
        for _ in 0..49 {
            worth.took(1, micros(100));
            assert!(!worth.helped());
        }
        assert!(Worth::of(micros(5)).is_none(), "a step that is over too soon");
        assert!(Worth::of(micros(5000)).is_some_and(|worth| worth.helped()));
        assert!(helped(micros(5000), |_| micros(9000)) < 0.05);
    }
}
