//! How the learning rate goes on from step to step.

use serde::{Deserialize, Serialize};

use super::Optimizer;
use crate::{Error, Result};

/// The learning rate's course over the steps of a run, with the formulas of PyTorch's schedulers,
/// stepped after every optimizer step. By default it stays what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Schedule {
    /// Steps in which the rate first grows evenly to its full size: step s, from 0, has the share
    /// (s+1) / warmup. That is `SequentialLR` of `LinearLR(start_factor=1/warmup,
    /// total_iters=warmup-1)` and the decay, which counts its own steps from there on.
    pub warmup: u64,
    /// What comes after it.
    pub decay: Decay,
}

/// The learning rate's factor at step t after the warm-up, of T that the run has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Decay {
    /// 1
    #[default]
    Constant,
    /// `StepLR`: factor^⌊t / every⌋
    Step {
        /// Steps between two drops.
        every: u64,
        /// What a drop leaves (PyTorch's gamma).
        factor: f64,
    },
    /// `ExponentialLR`: factor^t
    Exponential {
        /// What a step leaves (PyTorch's gamma).
        factor: f64,
    },
    /// `CosineAnnealingLR` with `T_max` = T: floor + (1 − floor) (1 + cos(π t/T)) / 2, and the
    /// floor from step T on.
    Cosine {
        /// Where it ends, as a share of the learning rate (PyTorch's `eta_min` over it).
        floor: f64,
    },
    /// `OneCycleLR` with `total_steps` = T, the learning rate being its `max_lr`: by a cosine from
    /// 1/div up to 1 and down to 1/(div · final_div), where it stays. The momentum is left alone
    /// (`cycle_momentum=False`).
    OneCycle {
        /// The share of the steps that goes up (`pct_start`).
        rise: f64,
        /// `div_factor`
        div: f64,
        /// `final_div_factor`
        final_div: f64,
    },
}

impl Decay {
    /// `StepLR` with PyTorch's factor, 0.1.
    pub const fn step(every: u64) -> Self {
        Self::Step { every, factor: 0.1 }
    }

    /// `OneCycleLR` with PyTorch's settings: 0.3 of the steps up, from a 25th, down to a 250,000th.
    pub const fn one_cycle() -> Self {
        Self::OneCycle { rise: 0.3, div: 25.0, final_div: 1e4 }
    }
}

impl Schedule {
    /// Whether the rate stays what it is.
    pub fn is_constant(&self) -> bool {
        *self == Self::default()
    }

    /// Checks every setting against its range, and the warm-up against a run of so many steps.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the setting, its value and the range.
    pub fn check(&self, steps: u64, optimizer: &Optimizer) -> Result<()> {
        let refuse = |what: &str, value: String, range: &str| {
            Err(Error::invalid(format!("{what} is {value}"), format!("it must be {range}")))
        };
        if self.warmup >= steps.max(1) {
            return refuse(
                "the warm-up",
                format!("{} steps of {steps}", self.warmup),
                "shorter than the run",
            );
        }
        // The devices compute in float32.
        let positive = |value: f64| (value as f32).is_finite() && value as f32 > 0.0;
        match self.decay {
            Decay::Step { every: 0, .. } => {
                refuse("the schedule's step size", "0".into(), "at least 1 step")
            }
            Decay::Step { factor, .. } | Decay::Exponential { factor } if !positive(factor) => {
                refuse("the schedule's decay", factor.to_string(), "positive, such as 0.1")
            }
            Decay::Cosine { floor } if !(0.0..=1.0).contains(&floor) => refuse(
                "the smallest learning rate",
                (floor * optimizer.lr()).to_string(),
                "at least 0 and at most the learning rate",
            ),
            Decay::OneCycle { .. } if self.warmup > 0 => Err(Error::invalid(
                "the one-cycle schedule warms up by itself",
                "leave out the warm-up, or use the cosine schedule",
            )),
            Decay::OneCycle { rise, div, final_div }
                if !(0.0..1.0).contains(&rise) || !positive(div) || !positive(final_div) =>
            {
                refuse(
                    "the one-cycle schedule",
                    format!("{rise} up, from 1/{div}, down to 1/{final_div} of that"),
                    "a share below 1 and two positive divisors",
                )
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_ranges() {
        let optimizer = Optimizer::sgd(0.1);
        let check = |warmup, decay| Schedule { warmup, decay }.check(100, &optimizer);
        assert!(check(0, Decay::Constant).is_ok());
        assert!(check(99, Decay::Cosine { floor: 0.0 }).is_ok());
        assert!(check(100, Decay::Constant).is_err());
        assert!(check(0, Decay::one_cycle()).is_ok());
        assert!(check(5, Decay::one_cycle()).is_err());
        assert!(check(0, Decay::step(0)).is_err());
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(check(0, Decay::Exponential { factor: bad }).is_err(), "{bad}");
        }
        assert!(check(0, Decay::Cosine { floor: 1.5 }).is_err());
        let text = serde_json::to_string(&Schedule { warmup: 3, decay: Decay::step(5) });
        let text = text.unwrap_or_default();
        assert_eq!(text, r#"{"warmup":3,"decay":{"step":{"every":5,"factor":0.1}}}"#);
    }
}
