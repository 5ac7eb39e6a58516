//! What a frame of the page has room for.

use std::time::Duration;

use halfplane::train::Budget;

/// So many steps, unless so many milliseconds are over before.
pub(crate) fn frame(steps: f64, milliseconds: f64) -> Budget {
    Budget::StepsWithin(steps.max(1.0) as u64, time(milliseconds))
}

/// So many milliseconds: ten seconds at most, for the page must be heard.
pub(crate) fn time(milliseconds: f64) -> Duration {
    Duration::from_secs_f64(milliseconds.clamp(0.0, 1e4) / 1e3)
}
