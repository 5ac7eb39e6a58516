//! Lowering the learning rate where the loss has reached a plateau.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Lowers the learning rate where the loss no longer improves, as PyTorch's `ReduceLROnPlateau`
/// does with `mode="min"` and `threshold_mode="rel"`: the loss on the validation rows or, without
/// such rows, the training loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct ReduceOnPlateau {
    /// What the learning rate is multiplied by, below 1; by default 0.1.
    pub factor: f64,
    /// Epochs in a row without an improvement that are let pass before; by default 10.
    pub patience: u64,
    /// A loss is an improvement below so large a share less than the best one; by default 0.0001.
    pub threshold: f64,
    /// Epochs after a reduction that do not count; by default none.
    pub cooldown: u64,
    /// The learning rate never falls below this; by default 0.
    pub min_lr: f64,
}

impl Default for ReduceOnPlateau {
    fn default() -> Self {
        Self { factor: 0.1, patience: 10, threshold: 1e-4, cooldown: 0, min_lr: 0.0 }
    }
}

impl ReduceOnPlateau {
    pub(super) fn check(&self) -> Result<()> {
        let positive = |value: f64| value.is_finite() && value >= 0.0;
        let (what, range) = if !(self.factor > 0.0 && self.factor < 1.0) {
            (format!("the factor of reduce-on-plateau is {}", self.factor), "between 0 and 1")
        } else if !(0.0..1.0).contains(&self.threshold) {
            (format!("the threshold is {}", self.threshold), "at least 0 and below 1")
        } else if !positive(self.min_lr) {
            (format!("min-lr is {}", self.min_lr), "0 or a positive number")
        } else {
            return Ok(());
        };
        Err(Error::invalid(what, format!("it must be {range}")))
    }
}

impl FromStr for ReduceOnPlateau {
    type Err = Error;

    /// `FACTOR,PATIENCE`, as in `0.1,10`; or the factor alone.
    fn from_str(text: &str) -> Result<Self> {
        let refuse = || {
            Error::invalid(
                format!("`{text}` is no factor with a patience"),
                "use a list such as 0.1,10: a tenth after more than 10 epochs",
            )
        };
        let (factor, patience) = match text.split_once(',') {
            Some((factor, patience)) => (factor, Some(patience)),
            None => (text, None),
        };
        let unset = Self::default();
        let factor = factor.trim().parse().map_err(|_| refuse())?;
        let patience = patience.map_or(Ok(unset.patience), |own| own.trim().parse());
        Ok(Self { factor, patience: patience.map_err(|_| refuse())?, ..unset })
    }
}

/// The best loss so far, the epochs without an improvement, and the learning rate that came of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plateau {
    best: Option<f64>,
    /// Epochs in a row without an improvement.
    bad: u64,
    /// Epochs of the cooldown that are left.
    cooling: u64,
    /// The learning rate, once it was lowered.
    pub(super) lr: Option<f64>,
}

impl Plateau {
    /// Takes note of an epoch's loss; whether the learning rate was lowered, which was `lr` at the
    /// beginning.
    pub(super) fn see(&mut self, loss: f64, lr: f64, options: &ReduceOnPlateau) -> bool {
        // PyTorch leaves a rate alone that would hardly change.
        const EPS: f64 = 1e-8;
        if loss.is_finite() && self.best.is_none_or(|best| loss < best * (1.0 - options.threshold))
        {
            self.best = Some(loss);
            self.bad = 0;
        } else {
            self.bad += 1;
        }
        if self.cooling > 0 {
            self.cooling -= 1;
            self.bad = 0;
        }
        if self.bad <= options.patience {
            return false;
        }
        (self.bad, self.cooling) = (0, options.cooldown);
        let old = self.lr.unwrap_or(lr);
        let new = (old * options.factor).max(options.min_lr);
        let lowered = old - new > EPS;
        if lowered {
            self.lr = Some(new);
        }
        lowered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Golden {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        factor: f64,
        patience: u64,
        threshold: f64,
        cooldown: u64,
        min_lr: f64,
        lr: f64,
        losses: Vec<f64>,
        rates: Vec<f64>,
    }

    /// The same operations on the same numbers: to the last bit.
    #[test]
    fn rates_are_pytorchs() {
        let text = include_str!("../../tests/plateau/pytorch.json");
        let golden: Golden = serde_json::from_str(text).expect("make.py has written it");
        for case in golden.cases {
            let Case { factor, patience, threshold, cooldown, min_lr, lr, .. } = case;
            let options = ReduceOnPlateau { factor, patience, threshold, cooldown, min_lr };
            let mut plateau = Plateau::default();
            let rates: Vec<f64> = case
                .losses
                .iter()
                .map(|loss| {
                    let before = plateau.lr;
                    let lowered = plateau.see(*loss, lr, &options);
                    assert_eq!(lowered, plateau.lr != before);
                    plateau.lr.unwrap_or(lr)
                })
                .collect();
            assert_eq!(rates, case.rates, "{options:?}");
        }
    }

    #[test]
    fn settings_have_ranges() {
        let parsed: ReduceOnPlateau = "0.5, 3".parse().expect("it is sound");
        assert_eq!(parsed, ReduceOnPlateau { factor: 0.5, patience: 3, ..Default::default() });
        assert_eq!("0.1".parse::<ReduceOnPlateau>().ok(), Some(ReduceOnPlateau::default()));
        for text in ["", "a,3", "0.1,b", "0.1,-1", "0.1,3,4"] {
            assert!(text.parse::<ReduceOnPlateau>().is_err(), "{text}");
        }
        for text in ["0,3", "1,3", "-0.5,3", "NaN,3", "inf,3"] {
            let parsed: ReduceOnPlateau = text.parse().expect("these are numbers");
            assert!(parsed.check().is_err(), "{text}");
        }
        let unset = ReduceOnPlateau::default();
        assert!(unset.check().is_ok());
        assert!(ReduceOnPlateau { threshold: 1.0, ..unset }.check().is_err());
        assert!(ReduceOnPlateau { min_lr: f64::NAN, ..unset }.check().is_err());
    }
}
