//! The shape of a network, and what it costs.

use serde::{Deserialize, Serialize};

use super::{Activation, Output};
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
    /// Weights and biases together: O · (I + 1).
    pub const fn parameters(&self) -> usize {
        self.outputs * (self.inputs + 1)
    }
}

impl Network {
    /// A network with sigmoid units and one sigmoid output, the classic for a yes-or-no target.
    pub fn new(inputs: usize, hidden: &[usize], outputs: usize) -> Self {
        Self {
            inputs,
            hidden: hidden.to_vec(),
            outputs,
            activation: Activation::Sigmoid,
            output: Output::Sigmoid,
        }
    }

    /// The same network with another activation between its layers.
    #[must_use]
    pub fn with_activation(self, activation: Activation) -> Self {
        Self { activation, ..self }
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
        self.widths().windows(2).map(|pair| Layer { inputs: pair[0], outputs: pair[1] }).collect()
    }

    /// All parameters, P.
    pub fn parameters(&self) -> u64 {
        self.layers().iter().map(|layer| layer.outputs as u64 * (layer.inputs as u64 + 1)).sum()
    }

    /// Floating-point operations of one row's way forward: two for each weight, one for each bias.
    pub fn flops_forward(&self) -> u64 {
        self.layers().iter().map(|layer| layer.outputs as u64 * (2 * layer.inputs as u64 + 1)).sum()
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
    fn refuses_senseless_widths() {
        assert!(Network::new(2, &[0], 1).check().is_err());
        assert!(Network::new(2, &[MAX_WIDTH + 1], 1).check().is_err());
        assert!(Network::new(2, &[2], 1).with_output(Output::Softmax).check().is_err());
        assert_eq!(Network::new(2, &[10, 3], 1).to_string(), "2-10-3-1");
    }
}
