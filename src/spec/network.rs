//! The architecture of a network, with its parameter and FLOP counts.

use serde::{Deserialize, Serialize};

use super::{Activation, Normalization, Output};
use crate::{Error, Result};

/// The most units of a layer: a larger number is rejected as a typing error.
pub const MAX_WIDTH: usize = 1 << 24;

/// A multi-layer perceptron: dense layers with one activation between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Features per row, I.
    pub inputs: usize,
    /// Units of each hidden layer, first to last; empty for a single dense layer.
    pub hidden: Vec<usize>,
    /// Units of the last layer.
    pub outputs: usize,
    /// The normalization of every hidden layer.
    #[serde(default, skip_serializing_if = "Normalization::is_none")]
    pub normalization: Normalization,
    /// The activation of every hidden layer.
    pub activation: Activation,
    /// The output function of the last layer.
    pub output: Output,
}

/// One dense layer: z\[B,O\] = x\[B,I\] · Wᵀ + b, W\[O,I\], b\[O\].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Inputs, I.
    pub inputs: usize,
    /// Outputs (units), O.
    pub outputs: usize,
}

impl Layer {
    /// The dense layers of a network with these widths, the inputs first.
    pub(crate) fn between(
        widths: &[usize],
    ) -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator + '_ {
        widths.windows(2).map(|pair| Self { inputs: pair[0], outputs: pair[1] })
    }

    /// The number of weights and biases, O · (I + 1).
    pub const fn parameters(&self) -> usize {
        self.outputs * (self.inputs + 1)
    }
}

/// The shapes of one layer's parameters, `<name>.weight` and `<name>.bias`, with the names that
/// model files use: W and b of a dense layer, or γ and β of a norm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterBlock {
    /// `layers.0` for the first dense layer, `norms.0` for the norm after it.
    pub name: String,
    /// The shape of the weight: \[O, I\] of a dense layer, \[O\] of a norm.
    pub weight: Vec<usize>,
    /// The length of the bias, O.
    pub bias: usize,
}

impl ParameterBlock {
    /// The number of elements of the weight.
    pub fn weights(&self) -> usize {
        self.weight.iter().product()
    }

    /// The number of elements of weight and bias.
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
    /// A network with ReLU activations and sigmoid outputs, for binary targets.
    pub fn new(inputs: usize, hidden: &[usize], outputs: usize) -> Self {
        Self {
            inputs,
            hidden: hidden.to_vec(),
            outputs,
            normalization: Normalization::None,
            activation: Activation::default(),
            output: Output::Sigmoid,
        }
    }

    /// The same network with another activation.
    #[must_use]
    pub fn with_activation(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    /// The same network with another normalization.
    #[must_use]
    pub fn with_normalization(self, normalization: Normalization) -> Self {
        Self { normalization, ..self }
    }

    /// The same network with another output function.
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

    /// The units of each layer that is normalized: all hidden layers or none.
    pub fn norms(&self) -> &[usize] {
        match self.normalization {
            Normalization::None => &[],
            Normalization::LayerNorm => &self.hidden,
        }
    }

    /// The shapes of all parameters in the order of files and device buffers: W and b of each dense
    /// layer, first to last, then γ and β of each norm.
    pub fn blocks(&self) -> Vec<ParameterBlock> {
        let dense = |(index, layer): (usize, Layer)| ParameterBlock {
            name: format!("layers.{index}"),
            weight: vec![layer.outputs, layer.inputs],
            bias: layer.outputs,
        };
        let norm = |(index, &units): (usize, &usize)| ParameterBlock {
            name: format!("norms.{index}"),
            weight: vec![units],
            bias: units,
        };
        let norms = self.norms().iter().enumerate().map(norm);
        self.layers().into_iter().enumerate().map(dense).chain(norms).collect()
    }

    /// The number of parameters, P.
    pub fn parameters(&self) -> u64 {
        let dense = |layer: &Layer| layer.outputs as u64 * (layer.inputs as u64 + 1);
        let norms = self.norms().iter().map(|&units| 2 * units as u64);
        self.layers().iter().map(dense).chain(norms).sum()
    }

    /// Floating-point operations of the forward pass of one row: two per weight, one per bias, and
    /// eight per normalized unit.
    pub fn flops_forward(&self) -> u64 {
        self.flops_by_layer().iter().sum()
    }

    /// [`Self::flops_forward`] of each dense layer, with the norm after it.
    pub fn flops_by_layer(&self) -> Vec<u64> {
        let norms = self.norms();
        let of = |(index, layer): (usize, Layer)| {
            let norm = norms.get(index).map_or(0, |&units| NORM_FLOPS * units as u64);
            layer.outputs as u64 * (2 * layer.inputs as u64 + 1) + norm
        };
        self.layers().into_iter().enumerate().map(of).collect()
    }

    /// The normalization and activation of the hidden layers, as text: `layer-norm and relu`.
    pub fn hidden_function(&self) -> String {
        match self.normalization {
            Normalization::None => self.activation.to_string(),
            normalization => format!("{normalization} and {}", self.activation),
        }
    }

    /// Checks that every layer has at least one unit and at most [`MAX_WIDTH`], and that
    /// normalization and output function fit the layers.
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
                    "give every layer at least one unit, or use `none` for no hidden layer",
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
                "give the network a hidden layer, or leave the normalization out",
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
        let sizes: usize = normed.blocks().iter().map(ParameterBlock::parameters).sum();
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
