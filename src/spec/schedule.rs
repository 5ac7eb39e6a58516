//! Learning-rate schedules.

use serde::{Deserialize, Serialize};

use super::Optimizer;
use crate::{Error, Result};

/// The learning rate's schedule over the steps of a run, with the formulas of PyTorch's schedulers,
/// stepped after every optimizer step. The default is a constant rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Schedule {
    /// Steps of linear warm-up: step s, counted from 0, has the factor (s+1) / warmup. This is
    /// `SequentialLR` of `LinearLR(start_factor=1/warmup, total_iters=warmup-1)` and the decay,
    /// which counts its steps from the end of the warm-up.
    pub warmup: u64,
    /// The schedule after the warm-up.
    pub decay: Decay,
}

/// The factor of the learning rate at step t after the warm-up, with T such steps in the run.
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
        /// The factor of each drop (PyTorch's `gamma`).
        factor: f64,
    },
    /// `ExponentialLR`: factor^t
    Exponential {
        /// The factor of each step (PyTorch's `gamma`).
        factor: f64,
    },
    /// `CosineAnnealingLR` with `T_max` = T: floor + (1 − floor) (1 + cos(π t/T)) / 2, and the
    /// floor from step T on.
    Cosine {
        /// The final factor (PyTorch's `eta_min` / lr).
        floor: f64,
    },
    /// `OneCycleLR` with `total_steps` = T and `max_lr` = lr: along a cosine from 1/div up to 1 and
    /// down to 1/(div · final_div), where it stays. The momentum does not change
    /// (`cycle_momentum=False`).
    OneCycle {
        /// The fraction of the steps in which the rate grows (`pct_start`).
        rise: f64,
        /// The first rate is lr / div (`div_factor`).
        div: f64,
        /// The last rate is lr / (div · final_div) (`final_div_factor`).
        final_div: f64,
    },
}

impl Decay {
    /// `StepLR` with PyTorch's default factor, 0.1.
    pub const fn step(every: u64) -> Self {
        Self::Step { every, factor: 0.1 }
    }

    /// `OneCycleLR` with PyTorch's defaults: `pct_start` 0.3, `div_factor` 25, `final_div_factor`
    /// 10⁴.
    pub const fn one_cycle() -> Self {
        Self::OneCycle { rise: 0.3, div: 25.0, final_div: 1e4 }
    }
}

impl Schedule {
    /// Whether the rate is constant.
    pub fn is_constant(&self) -> bool {
        *self == Self::default()
    }

    /// Checks the ranges of all settings, and the warm-up against a run of `steps` steps.
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
        // In float32, in which the devices compute.
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
                    format!("rise {rise}, div {div}, final_div {final_div}"),
                    "a rise of at least 0 and below 1, and two positive divisors",
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
