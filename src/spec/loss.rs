//! What training makes small.

use super::{Output, named};
use crate::{Error, Result};

/// The loss, averaged over the rows of a batch (and over the outputs, as PyTorch does).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loss {
    /// Binary cross-entropy, −[t ln p + (1−t) ln(1−p)], each logarithm clamped at −100.
    Bce,
    /// Softmax followed by the negative log-likelihood of the true class.
    CrossEntropy,
    /// The squared difference.
    Mse,
}

named!(Loss, "loss", {
    Bce => "bce",
    CrossEntropy => "cross-entropy",
    Mse => "mse",
});

impl Loss {
    /// Words in a row of targets, for so many outputs: a class is one.
    pub const fn target_columns(self, outputs: usize) -> usize {
        match self {
            Self::CrossEntropy => 1,
            Self::Bce | Self::Mse => outputs,
        }
    }

    /// The loss that goes with an output when none is asked for.
    pub const fn default_for(output: Output) -> Self {
        match output {
            Output::Identity => Self::Mse,
            Output::Sigmoid => Self::Bce,
            Output::Softmax => Self::CrossEntropy,
        }
    }

    /// Checks that the loss is defined for such an output.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the losses that are.
    pub fn check(self, output: Output) -> Result<()> {
        match (self, output) {
            (Self::Bce | Self::Mse, Output::Sigmoid)
            | (Self::Mse, Output::Identity)
            | (Self::CrossEntropy, Output::Softmax) => Ok(()),
            (_, Output::Identity) => Err(self.mismatch("regression", "mse")),
            (_, Output::Sigmoid) => Err(self.mismatch("a binary target", "bce or mse")),
            (_, Output::Softmax) => Err(self.mismatch("a multi-class target", "cross-entropy")),
        }
    }

    fn mismatch(self, task: &str, good: &str) -> Error {
        Error::invalid(
            format!("the loss {self} is not defined for {task}"),
            format!("use {good}, or another --task"),
        )
    }
}
