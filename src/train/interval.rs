//! How often something is done.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How often checkpoints are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Interval {
    /// When so much time has passed.
    Time(Duration),
    /// After so many steps.
    Steps(u64),
    /// After so many epochs.
    Epochs(u64),
}

impl Interval {
    /// Steps from one time to the next, where it goes by steps.
    pub(super) fn steps(self, per_epoch: u64) -> Option<u64> {
        match self {
            Self::Time(_) => None,
            Self::Steps(steps) => Some(steps),
            Self::Epochs(epochs) => Some(epochs.saturating_mul(per_epoch)),
        }
    }
}

impl FromStr for Interval {
    type Err = Error;

    /// `30s`, `5m`, `2h`, `100 steps`, `3 epochs`.
    fn from_str(text: &str) -> Result<Self> {
        let refuse = || {
            Error::invalid(
                format!("`{text}` tells no interval"),
                "use a number above 0 and a unit, such as 30s, 5m, 2h, \"100 steps\" or \"3 epochs\"",
            )
        };
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let count: u64 = number.parse().ok().filter(|&count| count > 0).ok_or_else(refuse)?;
        let time = |seconds: u64| {
            count.checked_mul(seconds).map(Duration::from_secs).map(Self::Time).ok_or_else(refuse)
        };
        match unit.trim() {
            "s" => time(1),
            "m" | "min" => time(60),
            "h" => time(3600),
            "step" | "steps" => Ok(Self::Steps(count)),
            "epoch" | "epochs" => Ok(Self::Epochs(count)),
            _ => Err(refuse()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_units() {
        let seconds = |count| Interval::Time(Duration::from_secs(count));
        for (text, every) in [
            ("30s", seconds(30)),
            ("5m", seconds(300)),
            ("5 min", seconds(300)),
            ("2h", seconds(7200)),
            ("100 steps", Interval::Steps(100)),
            ("1step", Interval::Steps(1)),
            ("3epochs", Interval::Epochs(3)),
        ] {
            assert_eq!(text.parse::<Interval>().ok(), Some(every), "{text}");
        }
        for text in ["", "30", "s", "0s", "-1s", "1.5s", "3 parsecs", "99999999999999999999s"] {
            assert!(text.parse::<Interval>().is_err(), "{text}");
        }
        assert!("9999999999999999999h".parse::<Interval>().is_err(), "hours that overflow");
    }
}
