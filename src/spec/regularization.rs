//! Regularization and gradient clipping.

use serde::{Deserialize, Serialize};

use super::{Loss, Network};
use crate::{Error, Result};

/// Label smoothing, penalties, dropout and gradient clipping; none of them by default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Regularization {
    /// ε of label smoothing: the target t of each of C classes becomes (1−ε) t + ε/C
    /// (`torch.nn.CrossEntropyLoss`), a binary label (1−ε) t + ε/2.
    pub label_smoothing: f64,
    /// λ of the penalty λ Σ|w| over all weights but not the biases: λ sign(w) is added to the
    /// gradient. Reported losses do not include the penalty.
    pub l1: f64,
    /// λ of the penalty λ/2 Σw² over all weights but not the biases: λ w is added to the gradient.
    /// Reported losses do not include it. An optimizer's weight decay differs: as in PyTorch it
    /// includes the biases, follows the clipping, and in AdamW does not change the gradient.
    pub l2: f64,
    /// Gradient clipping, applied after the L1 and L2 terms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip: Option<Clip>,
    /// The dropout probability p of the hidden layers (`torch.nn.Dropout`): one for all, or one for
    /// each. Kept units are scaled by 1 / (1 − p).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dropout: Vec<f64>,
}

/// Gradient clipping.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clip {
    /// Clamps each element to ± this value (`torch.nn.utils.clip_grad_value_`).
    Value(f64),
    /// Scales all gradients by this value / (norm + 10⁻⁶) where their joint norm is larger than it
    /// (`torch.nn.utils.clip_grad_norm_`).
    Norm(f64),
}

impl Regularization {
    /// The dropout probability of a hidden layer, counted from 0.
    pub fn dropout_of(&self, layer: usize) -> f64 {
        match self.dropout[..] {
            [] => 0.0,
            [all] => all,
            ref each => each.get(layer).copied().unwrap_or(0.0),
        }
    }

    /// Whether any hidden layer has dropout.
    pub fn drops(&self) -> bool {
        self.dropout.iter().any(|share| *share > 0.0)
    }

    /// Checks the ranges of all settings, and that network and loss support them.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the setting, its value and the range.
    pub fn check(&self, network: &Network, loss: Loss) -> Result<()> {
        let share = |what: &str, value: f64, example: &str| match (0.0..1.0).contains(&value) {
            true => Ok(()),
            false => Err(Error::invalid(
                format!("the {what} is {value}"),
                format!("it must be at least 0 and below 1, such as {example}"),
            )),
        };
        share("label smoothing", self.label_smoothing, "0.1")?;
        if self.label_smoothing > 0.0 && !loss.supports_label_smoothing() {
            return Err(Error::invalid(
                format!("label smoothing is not defined for the loss {loss}"),
                "use bce or cross-entropy, or leave out the label smoothing",
            ));
        }
        // In float32, in which the devices compute.
        for (name, value) in [("l1", self.l1), ("l2", self.l2)] {
            if !((value as f32).is_finite() && value >= 0.0) {
                return Err(Error::invalid(
                    format!("{name} is {value}"),
                    "it must be 0 or a positive number, such as 0.0001",
                ));
            }
        }
        if let Some(Clip::Value(max) | Clip::Norm(max)) = self.clip
            && !((max as f32).is_finite() && max as f32 > 0.0)
        {
            return Err(Error::invalid(
                format!("the bound of gradient clipping is {max}"),
                "it must be a positive number, such as 1",
            ));
        }
        for &part in &self.dropout {
            share("dropout", part, "0.2")?;
        }
        let (layers, given) = (network.hidden.len(), self.dropout.len());
        if given > 1 && given != layers {
            return Err(Error::invalid(
                format!("{given} dropouts for {layers} hidden layers"),
                "give one for all hidden layers, or one for each",
            ));
        }
        if self.drops() && layers == 0 {
            return Err(Error::invalid(
                "dropout is given, but the network has no hidden layer",
                "give the network a hidden layer, or leave out the dropout",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_ranges() {
        let network = Network::new(2, &[3, 4], 1);
        let none = Regularization::default;
        let check = |settings: Regularization, loss| settings.check(&network, loss).is_ok();
        assert!(check(none(), Loss::Mse));
        assert!(check(Regularization { label_smoothing: 0.1, ..none() }, Loss::CrossEntropy));
        assert!(!check(Regularization { label_smoothing: 0.1, ..none() }, Loss::Mse));
        for bad in [-0.1, 1.0, f64::NAN] {
            assert!(!check(Regularization { label_smoothing: bad, ..none() }, Loss::Bce), "{bad}");
            assert!(!check(Regularization { dropout: vec![bad], ..none() }, Loss::Bce), "{bad}");
        }
        for bad in [-0.1, f64::NAN, f64::INFINITY] {
            assert!(!check(Regularization { l1: bad, ..none() }, Loss::Bce), "{bad}");
            assert!(!check(Regularization { l2: bad, ..none() }, Loss::Bce), "{bad}");
        }
        for bad in [0.0, -1.0, f64::NAN] {
            for clip in [Clip::Value(bad), Clip::Norm(bad)] {
                assert!(!check(Regularization { clip: Some(clip), ..none() }, Loss::Bce));
            }
        }
    }

    #[test]
    fn dropouts_are_one_for_all_or_one_for_each() {
        let of = |dropout: &[f64]| Regularization {
            dropout: dropout.to_vec(),
            ..Regularization::default()
        };
        let network = |hidden: &[usize]| Network::new(2, hidden, 1);
        assert!(of(&[0.2]).check(&network(&[3, 4]), Loss::Bce).is_ok());
        assert!(of(&[0.2, 0.5]).check(&network(&[3, 4]), Loss::Bce).is_ok());
        assert!(of(&[0.2, 0.5]).check(&network(&[3, 4, 5]), Loss::Bce).is_err());
        assert!(of(&[0.2]).check(&network(&[]), Loss::Bce).is_err());
        assert_eq!((of(&[0.2]).dropout_of(1), of(&[0.2, 0.5]).dropout_of(1)), (0.2, 0.5));
        assert!(!of(&[0.0]).drops() && of(&[0.0, 0.5]).drops());
    }
}
