//! Activations, layer normalization and output functions.

use super::named;

/// The function applied to each hidden unit, with PyTorch's default constants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Activation {
    /// 1 / (1 + e⁻ᶻ)
    Sigmoid,
    /// tanh z
    Tanh,
    /// max(0, z)
    #[default]
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

/// The normalization of a hidden layer's z before its activation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Normalization {
    /// No normalization.
    #[default]
    None,
    /// `torch.nn.LayerNorm` (Ba et al. 2016): γ (z − mean) / √(variance + 10⁻⁵) + β, with mean and
    /// variance over the layer's units in each row, and γ and β learned for each unit.
    LayerNorm,
}

named!(Normalization, "normalization", { None => "none", LayerNorm => "layer-norm" });

impl Normalization {
    /// Whether this is [`Self::None`].
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// The function of the last layer, which follows from the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// z itself: regression.
    Identity,
    /// The probability of the positive class, for each output separately: binary classification.
    Sigmoid,
    /// One probability for each class, with sum 1: multi-class classification.
    Softmax,
}

named!(Output, "output", {
    Identity => "identity",
    Sigmoid => "sigmoid",
    Softmax => "softmax",
});

impl Output {
    /// 32-bit words per row of its targets: 1 for class indices, whatever the number of classes.
    pub const fn target_columns(self, outputs: usize) -> usize {
        match self {
            Self::Softmax => 1,
            Self::Identity | Self::Sigmoid => outputs,
        }
    }
}
