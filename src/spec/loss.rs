//! Loss functions.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Output;
use crate::{Error, Result, Setting};

/// The loss, averaged over the rows of a batch and over the outputs, as in PyTorch. In the
/// formulas, t is the target, y the output, p a predicted probability, e = y − t.
///
/// Serialized as its name, or with settings as `{"huber":{"delta":1.0}}`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Loss {
    /// Binary cross-entropy, −[t ln p + (1−t) ln(1−p)], each logarithm clamped at −100
    /// (`torch.nn.BCELoss`).
    Bce,
    /// Softmax followed by the negative log-likelihood of the true class
    /// (`torch.nn.CrossEntropyLoss`).
    CrossEntropy,
    /// The squared difference, e² (`torch.nn.MSELoss`).
    Mse,
    /// The absolute difference, |e| (`torch.nn.L1Loss`).
    Mae,
    /// e²/2 where |e| ≤ δ, else δ (|e| − δ/2) (`torch.nn.HuberLoss`).
    Huber {
        /// The |e| at which the loss becomes linear.
        delta: f64,
    },
    /// The Huber loss over its threshold: e²/(2β) where |e| < β, else |e| − β/2
    /// (`torch.nn.SmoothL1Loss`).
    SmoothL1 {
        /// The |e| at which the loss becomes linear.
        beta: f64,
    },
    /// The focal loss, −α (1−q)^γ ln q with q the predicted probability of the true class: rows
    /// that are predicted well count less (Lin et al. 2017, "Focal Loss for Dense Object
    /// Detection", equation 5). For binary targets it is the mean of
    /// `torchvision.ops.sigmoid_focal_loss`.
    Focal {
        /// γ, the focusing exponent; 0 gives the cross-entropy.
        gamma: f64,
        /// α, the weight of the positive class; the negative one has 1 − α. `None` weighs both 1.
        /// Binary targets only: for classes use class weights.
        alpha: Option<f64>,
    },
}

impl Loss {
    /// Every loss with its default settings, in the order of the documentation.
    pub const ALL: &'static [Self] = &[
        Self::Bce,
        Self::CrossEntropy,
        Self::Mse,
        Self::Mae,
        Self::Huber { delta: 1.0 },
        Self::SmoothL1 { beta: 1.0 },
        Self::Focal { gamma: 2.0, alpha: None },
    ];

    /// The name used on the command line, in configurations and in model files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bce => "bce",
            Self::CrossEntropy => "cross-entropy",
            Self::Mse => "mse",
            Self::Mae => "mae",
            Self::Huber { .. } => "huber",
            Self::SmoothL1 { .. } => "smooth-l1",
            Self::Focal { .. } => "focal",
        }
    }

    /// The default loss for an output function.
    pub const fn default_for(output: Output) -> Self {
        match output {
            Output::Identity => Self::Mse,
            Output::Sigmoid => Self::Bce,
            Output::Softmax => Self::CrossEntropy,
        }
    }

    /// Whether [`super::Regularization::label_smoothing`] is defined for this loss.
    pub const fn supports_label_smoothing(self) -> bool {
        matches!(self, Self::Bce | Self::CrossEntropy)
    }

    /// Checks that the loss is defined for an output function, and the ranges of its settings.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the losses that are defined, or the setting and its range.
    pub fn check(self, output: Output) -> Result<()> {
        if !self.is_defined_for(output) {
            let good: Vec<&str> =
                Self::ALL.iter().filter(|l| l.is_defined_for(output)).map(|l| l.name()).collect();
            let task = match output {
                Output::Identity => "regression",
                Output::Sigmoid => "a binary target",
                Output::Softmax => "a multi-class target",
            };
            return Err(Error::invalid(
                format!("the loss {self} is not defined for {task}"),
                (format!("use {}, or another ", good.join(" or ")), Setting::Task),
            ));
        }
        self.check_settings()?;
        match self {
            Self::Focal { alpha: Some(alpha), .. } if output == Output::Softmax => {
                Err(Error::invalid(
                    format!("alpha is {alpha}, but it is defined for binary targets only"),
                    "leave alpha out, and use --class-weight to weigh classes",
                ))
            }
            _ => Ok(()),
        }
    }

    const fn is_defined_for(self, output: Output) -> bool {
        match self {
            Self::Mse => matches!(output, Output::Identity | Output::Sigmoid),
            Self::Mae | Self::Huber { .. } | Self::SmoothL1 { .. } => {
                matches!(output, Output::Identity)
            }
            Self::Bce => matches!(output, Output::Sigmoid),
            Self::CrossEntropy => matches!(output, Output::Softmax),
            Self::Focal { .. } => matches!(output, Output::Sigmoid | Output::Softmax),
        }
    }

    fn check_settings(self) -> Result<()> {
        // In float32, in which the devices compute.
        let positive = |value: f64| (value as f32).is_finite() && value as f32 > 0.0;
        let refuse = |what: &str, value: f64, range: &str| {
            Err(Error::invalid(format!("{what} is {value}"), format!("it must be {range}")))
        };
        match self {
            Self::Huber { delta } if !positive(delta) => {
                refuse("delta", delta, "a positive number, such as 1")
            }
            Self::SmoothL1 { beta } if !positive(beta) => {
                refuse("beta", beta, "a positive number, such as 1 (for 0 there is mae)")
            }
            Self::Focal { gamma, .. } if gamma != 0.0 && !positive(gamma) => {
                refuse("gamma", gamma, "0 or a positive number, such as 2")
            }
            Self::Focal { alpha: Some(alpha), .. } if !(0.0..=1.0).contains(&alpha) => {
                refuse("alpha", alpha, "between 0 and 1")
            }
            _ => Ok(()),
        }
    }
}

impl std::fmt::Display for Loss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Loss {
    type Err = Error;

    /// The loss with this name and its default settings.
    fn from_str(word: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|loss| loss.name() == word);
        found
            .copied()
            .ok_or_else(|| Error::unknown("loss", word, Self::ALL.iter().map(|loss| loss.name())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_and_files_keep_the_settings() {
        for &loss in Loss::ALL {
            assert_eq!(loss.name().parse::<Loss>().ok(), Some(loss));
            let text = serde_json::to_string(&loss).unwrap_or_default();
            assert_eq!(serde_json::from_str::<Loss>(&text).ok(), Some(loss), "{text}");
        }
        // What files of the first version say.
        assert_eq!(
            serde_json::to_string(&Loss::CrossEntropy).ok(),
            Some("\"cross-entropy\"".into())
        );
        let near = "hubber".parse::<Loss>().err().map(|error| error.to_string());
        assert!(near.is_some_and(|text| text.contains("did you mean `huber`?")));
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        assert!(Loss::Mae.check(Output::Sigmoid).is_err());
        assert!(Loss::Focal { gamma: 2.0, alpha: None }.check(Output::Identity).is_err());
        assert!(Loss::Focal { gamma: 2.0, alpha: Some(0.25) }.check(Output::Sigmoid).is_ok());
        assert!(Loss::Focal { gamma: 2.0, alpha: Some(0.25) }.check(Output::Softmax).is_err());
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-60] {
            assert!(Loss::Huber { delta: bad }.check(Output::Identity).is_err(), "{bad}");
            assert!(Loss::SmoothL1 { beta: bad }.check(Output::Identity).is_err(), "{bad}");
        }
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(Loss::Focal { gamma: bad, alpha: None }.check(Output::Softmax).is_err());
        }
        assert!(Loss::Focal { gamma: 0.0, alpha: Some(1.5) }.check(Output::Sigmoid).is_err());
    }
}
