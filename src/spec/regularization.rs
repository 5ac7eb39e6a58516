//! What keeps a network from learning its rows by heart, and a step from going too far.

use serde::{Deserialize, Serialize};

use super::Loss;
use crate::{Error, Result};

/// What is done against overfitting and against steps that are too large; by default nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Regularization {
    /// ε, the share of the truth that is spread evenly over all answers: a class's target becomes
    /// (1−ε) t + ε/C of C classes (`torch.nn.CrossEntropyLoss`), a label's (1−ε) t + ε/2.
    pub label_smoothing: f64,
}

impl Regularization {
    /// Checks every setting against its range, and against the loss.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the setting, its value and the range.
    pub fn check(&self, loss: Loss) -> Result<()> {
        let smoothing = self.label_smoothing;
        if !(0.0..1.0).contains(&smoothing) {
            return Err(Error::invalid(
                format!("the label smoothing is {smoothing}"),
                "it must be at least 0 and below 1, such as 0.1",
            ));
        }
        if smoothing > 0.0 && !loss.takes_smooth_labels() {
            return Err(Error::invalid(
                format!("the loss {loss} takes no smooth labels"),
                "use bce or cross-entropy, or leave out the label smoothing",
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
        let smooth = |label_smoothing| Regularization { label_smoothing };
        assert!(smooth(0.1).check(Loss::CrossEntropy).is_ok());
        assert!(smooth(0.0).check(Loss::Mse).is_ok());
        assert!(smooth(0.1).check(Loss::Mse).is_err());
        for bad in [-0.1, 1.0, f64::NAN] {
            assert!(smooth(bad).check(Loss::Bce).is_err(), "{bad}");
        }
    }
}
