//! The functions between layers, and the one after the last.

use super::named;

/// The function applied to each hidden unit, with PyTorch's default constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Activation {
    /// 1 / (1 + e⁻ᶻ)
    Sigmoid,
    /// tanh z
    Tanh,
    /// max(0, z)
    Relu,
    /// z where z > 0, else 0.01 z
    LeakyRelu,
    /// z where z > 0, else eᶻ − 1
    Elu,
    /// z Φ(z), with Φ the normal distribution function through erf (not the tanh approximation)
    Gelu,
    /// z / (1 + e⁻ᶻ)
    Silu,
    /// ln(1 + eᶻ)
    Softplus,
}

named!(Activation, "activation", {
    Sigmoid => "sigmoid",
    Tanh => "tanh",
    Relu => "relu",
    LeakyRelu => "leaky-relu",
    Elu => "elu",
    Gelu => "gelu",
    Silu => "silu",
    Softplus => "softplus",
});

impl Activation {
    /// Whether the derivative can be had from the function's value alone.
    ///
    /// GELU and SiLU are not monotonic: one value comes from two places with two slopes, so their
    /// backward pass needs z itself.
    pub const fn derivative_from_value(self) -> bool {
        !matches!(self, Self::Gelu | Self::Silu)
    }
}

/// What is done to a hidden layer's z before its activation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Normalization {
    /// Nothing.
    #[default]
    None,
    /// `torch.nn.LayerNorm` (Ba et al. 2016): each row is brought to mean 0 and variance 1 over the
    /// layer's units, then each unit scaled by γ and shifted by β, which are learned:
    /// n = γ (z − mean) / √(variance + 10⁻⁵) + β.
    LayerNorm,
}

named!(Normalization, "normalization", { None => "none", LayerNorm => "layer-norm" });

impl Normalization {
    /// Whether nothing is done.
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// What the last layer's z becomes: it follows from the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// z itself: regression.
    Identity,
    /// The probability of "yes" for each output on its own: binary classification.
    Sigmoid,
    /// One probability for each class, summing to 1: multi-class classification.
    Softmax,
}

named!(Output, "output", {
    Identity => "identity",
    Sigmoid => "sigmoid",
    Softmax => "softmax",
});

impl Output {
    /// Words in a row of its targets: a class is one, whatever their number.
    pub const fn target_columns(self, outputs: usize) -> usize {
        match self {
            Self::Softmax => 1,
            Self::Identity | Self::Sigmoid => outputs,
        }
    }
}
