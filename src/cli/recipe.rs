//! How a network learns, beyond network and optimizer: initial weights, the settings of a loss, what
//! is done against overfitting.

use clap::Args;
use halfplane::{Error, Initialization, Loss, Regularization, Result};

/// What can be typed of it.
#[derive(Debug, Args)]
pub(crate) struct Recipe {
    /// How the first weights are drawn: pytorch, xavier-uniform, xavier-normal, he-uniform,
    /// he-normal, lecun-uniform, lecun-normal, orthogonal or zeros [default: pytorch]
    #[arg(long, value_name = "NAME", conflicts_with = "init_from", help_heading = "Network")]
    init: Option<Initialization>,
    /// Where the huber loss turns from a parabola into lines; smooth-l1's beta [default: 1]
    #[arg(long, value_name = "SIZE", help_heading = "Loss")]
    delta: Option<f64>,
    /// How much less the focal loss counts what is right already [default: 2]
    #[arg(long, value_name = "POWER", help_heading = "Loss")]
    gamma: Option<f64>,
    /// The focal loss's weight of "yes", the rest being that of "no" [default: both weigh 1]
    #[arg(long, value_name = "SHARE", help_heading = "Loss")]
    alpha: Option<f64>,
    /// Spread this share of the truth evenly over all answers, for bce and cross-entropy
    /// [default: 0]
    #[arg(long, value_name = "SHARE", help_heading = "Loss")]
    label_smoothing: Option<f64>,
}

impl Recipe {
    /// A loss with the settings that were typed.
    pub(super) fn loss(&self, loss: Option<Loss>) -> Result<Option<Loss>> {
        let settings = [
            ("delta", self.delta.is_some(), "huber"),
            ("gamma", self.gamma.is_some(), "focal"),
            ("alpha", self.alpha.is_some(), "focal"),
        ];
        let loss = match loss {
            Some(Loss::Huber { delta }) => Some(Loss::Huber { delta: self.delta.unwrap_or(delta) }),
            Some(Loss::SmoothL1 { beta }) => {
                Some(Loss::SmoothL1 { beta: self.delta.unwrap_or(beta) })
            }
            Some(Loss::Focal { gamma, alpha }) => Some(Loss::Focal {
                gamma: self.gamma.unwrap_or(gamma),
                alpha: self.alpha.or(alpha),
            }),
            other => other,
        };
        for (name, typed, of) in settings {
            let owner = match loss {
                Some(Loss::Huber { .. } | Loss::SmoothL1 { .. }) => "huber",
                Some(Loss::Focal { .. }) => "focal",
                _ => "",
            };
            if typed && owner != of {
                return Err(Error::Invalid {
                    problem: format!("{name} is a setting of the {of} loss"),
                    remedy: format!("add --loss {of}, or leave it out"),
                });
            }
        }
        Ok(loss)
    }

    /// How the first weights are drawn.
    pub(super) fn initialization(&self) -> Initialization {
        self.init.unwrap_or_default()
    }

    /// What is done against overfitting.
    pub(super) fn regularization(&self) -> Regularization {
        Regularization { label_smoothing: self.label_smoothing.unwrap_or(0.0) }
    }
}
