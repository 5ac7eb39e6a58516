//! What keeps a network from learning its rows by heart, and a step from going too far.

use serde::{Deserialize, Serialize};

use super::{Loss, Network};
use crate::{Error, Result};

/// What is done against overfitting and against steps that are too large; by default nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Regularization {
    /// ε, the share of the truth that is spread evenly over all answers: a class's target becomes
    /// (1−ε) t + ε/C of C classes (`torch.nn.CrossEntropyLoss`), a label's (1−ε) t + ε/2.
    pub label_smoothing: f64,
    /// λ of the penalty λ Σ|w| over all weights, the biases left out: λ sign(w) is added to their
    /// gradients. The losses that are told leave the penalty out.
    pub l1: f64,
    /// λ of the penalty λ/2 Σw² over all weights, the biases left out: λ w is added to their
    /// gradients. An optimizer's weight decay is another matter: PyTorch's takes the biases along,
    /// comes after the clipping, and in AdamW leaves the gradient alone.
    pub l2: f64,
    /// What is done to gradients that are too large, after L1 and L2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip: Option<Clip>,
    /// The share of a hidden layer's units that each step leaves out, while the others grow to make
    /// up for it (`torch.nn.Dropout`): one for all hidden layers, or one for each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dropout: Vec<f64>,
}

/// How gradients are kept small.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clip {
    /// Each number on its own, into ± this (`torch.nn.utils.clip_grad_value_`).
    Value(f64),
    /// All together: where their norm over all layers is larger than this, they are scaled by this
    /// over the norm + 10⁻⁶ (`torch.nn.utils.clip_grad_norm_`).
    Norm(f64),
}

impl Regularization {
    /// The share of units that dropout takes from a hidden layer.
    pub fn dropout_of(&self, layer: usize) -> f64 {
        match self.dropout[..] {
            [] => 0.0,
            [all] => all,
            ref each => each.get(layer).copied().unwrap_or(0.0),
        }
    }

    /// Whether any unit is left out.
    pub fn drops(&self) -> bool {
        self.dropout.iter().any(|share| *share > 0.0)
    }

    /// Checks every setting against its range, the network and the loss.
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
        if self.label_smoothing > 0.0 && !loss.takes_smooth_labels() {
            return Err(Error::invalid(
                format!("the loss {loss} takes no smooth labels"),
                "use bce or cross-entropy, or leave out the label smoothing",
            ));
        }
        // The devices compute in float32.
        for (name, value) in [("l1", self.l1), ("l2", self.l2)] {
            if !((value as f32).is_finite() && value >= 0.0) {
                return Err(Error::invalid(
                    format!("{name} is {value}"),
                    "it must be 0 or a positive number, such as 0.0001",
                ));
            }
        }
        if let Some(Clip::Value(most) | Clip::Norm(most)) = self.clip
            && !((most as f32).is_finite() && most as f32 > 0.0)
        {
            return Err(Error::invalid(
                format!("gradients are to be clipped at {most}"),
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
                "dropout leaves out hidden units, and there is no hidden layer",
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
