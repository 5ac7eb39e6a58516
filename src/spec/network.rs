//! The shape of a network, and what it costs.

use serde::{Deserialize, Serialize};

use super::{Activation, Normalization, Output};
use crate::{Error, Result};

/// The widest layer that is taken for meant: past this a width is a slip of the keyboard.
pub const MAX_WIDTH: usize = 1 << 24;

/// A multi-layer perceptron: dense layers with one activation between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Numbers in a row of data.
    pub inputs: usize,
    /// Units of each hidden layer, first to last; empty for a single layer.
    pub hidden: Vec<usize>,
    /// Numbers in a prediction.
    pub outputs: usize,
    /// What is done to every hidden layer's z before its activation.
    #[serde(default, skip_serializing_if = "Normalization::is_none")]
    pub normalization: Normalization,
    /// The function of every hidden unit.
    pub activation: Activation,
    /// The function of the last layer.
    pub output: Output,
}

/// One dense layer: z\[B,O\] = x\[B,I\] · Wᵀ + b, W\[O,I\], b\[O\].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// I
    pub inputs: usize,
    /// O
    pub outputs: usize,
}

impl Layer {
    /// The layers between so many units each, the inputs first.
    pub(crate) fn between(
        widths: &[usize],
    ) -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator + '_ {
        widths.windows(2).map(|pair| Self { inputs: pair[0], outputs: pair[1] })
    }

    /// Weights and biases together: O · (I + 1).
    pub const fn parameters(&self) -> usize {
        self.outputs * (self.inputs + 1)
    }
}

/// Parameters that stand together, named as in files: `<name>.weight`, then `<name>.bias`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// `layers.0` for a dense layer's W and b, `norms.0` for the γ and β of the norm after it.
    pub name: String,
    /// \[O, I\] or, for γ, \[O\].
    pub weight: Vec<usize>,
    /// O
    pub bias: usize,
}

impl Block {
    /// Numbers in the weight.
    pub fn weights(&self) -> usize {
        self.weight.iter().product()
    }

    /// Numbers in weight and bias together.
    pub fn parameters(&self) -> usize {
        self.weights() + self.bias
    }

    /// Weight and bias, each with its name and shape.
    pub fn tensors(&self) -> [(String, Vec<usize>); 2] {
        let name = |tensor: &str| format!("{}.{tensor}", self.name);
        [(name("weight"), self.weight.clone()), (name("bias"), vec![self.bias])]
    }
}

/// Floating-point operations that a norm takes for each unit of a row: two for the mean and its
/// subtraction, three for the variance, one to scale by it, two for γ and β.
const NORM_FLOPS: u64 = 8;

impl Network {
    /// A network with sigmoid units and one sigmoid output, the classic for a yes-or-no target.
    pub fn new(inputs: usize, hidden: &[usize], outputs: usize) -> Self {
        Self {
            inputs,
            hidden: hidden.to_vec(),
            outputs,
            normalization: Normalization::None,
            activation: Activation::Sigmoid,
            output: Output::Sigmoid,
        }
    }

    /// The same network with another activation between its layers.
    #[must_use]
    pub fn with_activation(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    /// The same network with its hidden layers normalized in this way.
    #[must_use]
    pub fn with_normalization(self, normalization: Normalization) -> Self {
        Self { normalization, ..self }
    }

    /// The same network with another function after its last layer.
    #[must_use]
    pub fn with_output(self, output: Output) -> Self {
        Self { output, ..self }
    }

    /// The widths of all layers, the inputs first.
    pub fn widths(&self) -> Vec<usize> {
        std::iter::once(self.inputs)
            .chain(self.hidden.iter().copied())
            .chain(std::iter::once(self.outputs))
            .collect()
    }

    /// The dense layers, first to last.
    pub fn layers(&self) -> Vec<Layer> {
        Layer::between(&self.widths()).collect()
    }

    /// Units of each layer that has a norm: all hidden ones, or none.
    pub fn norms(&self) -> &[usize] {
        match self.normalization {
            Normalization::None => &[],
            Normalization::LayerNorm => &self.hidden,
        }
    }

    /// All parameters as they stand in files and on devices: W and b of each dense layer, first to
    /// last, then γ and β of each norm.
    pub fn blocks(&self) -> Vec<Block> {
        let dense = |(index, layer): (usize, Layer)| Block {
            name: format!("layers.{index}"),
            weight: vec![layer.outputs, layer.inputs],
            bias: layer.outputs,
        };
        let norm = |(index, &units): (usize, &usize)| Block {
            name: format!("norms.{index}"),
            weight: vec![units],
            bias: units,
        };
        let norms = self.norms().iter().enumerate().map(norm);
        self.layers().into_iter().enumerate().map(dense).chain(norms).collect()
    }

    /// All parameters, P.
    pub fn parameters(&self) -> u64 {
        let dense = |layer: &Layer| layer.outputs as u64 * (layer.inputs as u64 + 1);
        let norms = self.norms().iter().map(|&units| 2 * units as u64);
        self.layers().iter().map(dense).chain(norms).sum()
    }

    /// Floating-point operations of one row's way forward: two for each weight, one for each bias,
    /// and eight for each unit that is normalized.
    pub fn flops_forward(&self) -> u64 {
        self.flops_by_layer().iter().sum()
    }

    /// Those of each layer with its norm.
    pub fn flops_by_layer(&self) -> Vec<u64> {
        let norms = self.norms();
        let of = |(index, layer): (usize, Layer)| {
            let norm = norms.get(index).map_or(0, |&units| NORM_FLOPS * units as u64);
            layer.outputs as u64 * (2 * layer.inputs as u64 + 1) + norm
        };
        self.layers().into_iter().enumerate().map(of).collect()
    }

    /// The function of a hidden unit with what comes before it, for people.
    pub fn hidden_function(&self) -> String {
        match self.normalization {
            Normalization::None => self.activation.to_string(),
            normalization => format!("{normalization} and {}", self.activation),
        }
    }

    /// Checks that every layer has a sensible width.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the layer.
    pub fn check(&self) -> Result<()> {
        let hidden = self.hidden.iter().enumerate();
        let named = std::iter::once(("the input layer".to_owned(), self.inputs))
            .chain(hidden.map(|(index, &width)| (format!("hidden layer {}", index + 1), width)))
            .chain(std::iter::once(("the output layer".to_owned(), self.outputs)));
        for (name, width) in named {
            if width == 0 {
                return Err(Error::invalid(
                    format!("{name} has 0 units"),
                    "give every layer at least one unit, or `none` for no hidden layer",
                ));
            }
            if width > MAX_WIDTH {
                return Err(Error::invalid(
                    format!("{name} has {width} units; at most {MAX_WIDTH} are allowed"),
                    "give it fewer units",
                ));
            }
        }
        if !self.normalization.is_none() && self.hidden.is_empty() {
            return Err(Error::invalid(
                format!("{} is for hidden layers, and there is none", self.normalization),
                "give the network a hidden layer, or leave it out",
            ));
        }
        if self.output == Output::Softmax && self.outputs < 2 {
            return Err(Error::invalid(
                "softmax over one output is always 1",
                "give the network an output for each class, or use the sigmoid output",
            ));
        }
        Ok(())
    }
}

impl std::fmt::Display for Network {
    /// Writes the layers' widths, as in `2-10-10-10-1`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.inputs)?;
        for width in &self.hidden {
            write!(f, "-{width}")?;
        }
        write!(f, "-{}", self.outputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_parameters_of_the_classics() {
        assert_eq!(Network::new(2, &[2], 1).parameters(), 9);
        assert_eq!(Network::new(2, &[10, 10, 10], 1).parameters(), 30 + 110 + 110 + 11);
        assert_eq!(Network::new(2, &[], 1).parameters(), 3);
        assert_eq!(Network::new(2, &[2], 1).flops_forward(), 2 * (2 * 2 + 1) + 5);
    }

    #[test]
    fn norms_have_a_scale_and_a_shift_for_each_hidden_unit() {
        let plain = Network::new(2, &[10, 3], 1);
        let normed = plain.clone().with_normalization(Normalization::LayerNorm);
        assert_eq!(normed.parameters(), plain.parameters() + 2 * 13);
        assert_eq!(normed.flops_forward(), plain.flops_forward() + 8 * 13);
        let names: Vec<String> = normed.blocks().into_iter().map(|block| block.name).collect();
        assert_eq!(names, ["layers.0", "layers.1", "layers.2", "norms.0", "norms.1"]);
        let sizes: usize = normed.blocks().iter().map(Block::parameters).sum();
        assert_eq!(sizes as u64, normed.parameters());
        assert!(Network { hidden: Vec::new(), ..normed }.check().is_err());
    }

    #[test]
    fn refuses_senseless_widths() {
        assert!(Network::new(2, &[0], 1).check().is_err());
        assert!(Network::new(2, &[MAX_WIDTH + 1], 1).check().is_err());
        assert!(Network::new(2, &[2], 1).with_output(Output::Softmax).check().is_err());
        assert_eq!(Network::new(2, &[10, 3], 1).to_string(), "2-10-3-1");
    }
}
