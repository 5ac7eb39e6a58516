//! Optimizers, with PyTorch's formulas and defaults.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The optimizer and its settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "lowercase", deny_unknown_fields)]
pub enum Optimizer {
    /// `torch.optim.SGD`: g += weight_decay·p; m = momentum·m + g;
    /// p −= lr·m, or with `nesterov` p −= lr·(g + momentum·m).
    Sgd {
        /// Learning rate.
        lr: f64,
        /// Momentum, in \[0, 1).
        momentum: f64,
        /// Whether to use Nesterov momentum.
        nesterov: bool,
        /// L2 penalty, added to the gradient.
        weight_decay: f64,
    },
    /// `torch.optim.Adam` (Kingma & Ba 2015); weight decay is added to the gradient.
    Adam(
        /// Its settings.
        Moments,
    ),
    /// `torch.optim.AdamW` (Loshchilov & Hutter 2019); weight decay is decoupled from the gradient.
    AdamW(
        /// Its settings.
        Moments,
    ),
}

/// The settings that Adam and AdamW share.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moments {
    /// Learning rate.
    pub lr: f64,
    /// Decay of the running mean of the gradient.
    pub beta1: f64,
    /// Decay of the running mean of its square.
    pub beta2: f64,
    /// Added to the denominator.
    pub eps: f64,
    /// Weight decay.
    pub weight_decay: f64,
}

impl Moments {
    const fn new(lr: f64, weight_decay: f64) -> Self {
        Self { lr, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay }
    }
}

impl Optimizer {
    /// SGD without momentum and weight decay.
    pub const fn sgd(lr: f64) -> Self {
        Self::Sgd { lr, momentum: 0.0, nesterov: false, weight_decay: 0.0 }
    }

    /// Adam with PyTorch's betas (0.9, 0.999) and eps (1e-8).
    pub const fn adam(lr: f64) -> Self {
        Self::Adam(Moments::new(lr, 0.0))
    }

    /// AdamW with PyTorch's betas, eps and weight decay (0.01).
    pub const fn adamw(lr: f64) -> Self {
        Self::AdamW(Moments::new(lr, 0.01))
    }

    /// The same optimizer with another weight decay.
    #[must_use]
    pub const fn with_weight_decay(mut self, decay: f64) -> Self {
        match &mut self {
            Self::Sgd { weight_decay, .. } => *weight_decay = decay,
            Self::Adam(moments) | Self::AdamW(moments) => moments.weight_decay = decay,
        }
        self
    }

    /// The same optimizer with another learning rate.
    #[must_use]
    pub const fn with_lr(mut self, rate: f64) -> Self {
        match &mut self {
            Self::Sgd { lr, .. } => *lr = rate,
            Self::Adam(moments) | Self::AdamW(moments) => moments.lr = rate,
        }
        self
    }

    /// The name used on the command line, in configurations and in model files.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sgd { .. } => "sgd",
            Self::Adam(_) => "adam",
            Self::AdamW(_) => "adamw",
        }
    }

    /// The learning rate.
    pub const fn lr(&self) -> f64 {
        match self {
            Self::Sgd { lr, .. } => *lr,
            Self::Adam(moments) | Self::AdamW(moments) => moments.lr,
        }
    }

    /// Checks the ranges of all settings.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the setting, its value and the range.
    pub fn check(&self) -> Result<()> {
        check_lr(self.lr())?;
        let weight_decay = match *self {
            Self::Sgd { momentum, nesterov, weight_decay, .. } => {
                unit("the momentum", momentum)?;
                if nesterov && momentum == 0.0 {
                    return Err(Error::invalid(
                        "Nesterov momentum needs a momentum",
                        "give a momentum above 0, such as 0.9, or leave out nesterov",
                    ));
                }
                weight_decay
            }
            Self::Adam(moments) | Self::AdamW(moments) => {
                unit("beta1", moments.beta1)?;
                unit("beta2", moments.beta2)?;
                if !(moments.eps.is_finite() && moments.eps >= 0.0) {
                    return Err(out_of_range("eps", moments.eps, "0 or a small positive number"));
                }
                moments.weight_decay
            }
        };
        if !(weight_decay.is_finite() && weight_decay >= 0.0) {
            return Err(out_of_range("the weight decay", weight_decay, "0 or a positive number"));
        }
        Ok(())
    }
}

/// Checks a learning rate.
pub(crate) fn check_lr(lr: f64) -> Result<()> {
    // The devices compute in float32.
    if (lr as f32).is_finite() && lr as f32 > 0.0 {
        Ok(())
    } else {
        Err(out_of_range("the learning rate", lr, "a positive number, such as 0.01"))
    }
}

fn unit(what: &str, value: f64) -> Result<()> {
    if (0.0..1.0).contains(&value) {
        Ok(())
    } else {
        Err(out_of_range(what, value, "at least 0 and below 1"))
    }
}

fn out_of_range(what: &str, value: f64, range: &str) -> Error {
    Error::invalid(format!("{what} is {value}"), format!("it must be {range}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_ranges() {
        for lr in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Optimizer::sgd(lr).check().is_err(), "{lr}");
            assert!(Optimizer::adam(lr).check().is_err(), "{lr}");
        }
        assert!(Optimizer::adamw(1e-3).check().is_ok());
        let nesterov = Optimizer::Sgd { lr: 0.1, momentum: 0.0, nesterov: true, weight_decay: 0.0 };
        assert!(nesterov.check().is_err());
        assert!(Optimizer::sgd(0.1).with_weight_decay(-1.0).check().is_err());
    }
}
