//! Weights and biases on the host, and where they start.

use super::Network;
use super::initialization::Draws;
use crate::{Error, Result};

/// The parameters of one dense layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerParameters {
    /// W\[O,I\], row by row: the weights into one unit stand together.
    pub weight: Vec<f32>,
    /// b\[O\]
    pub bias: Vec<f32>,
}

/// The parameters of a network, layer by layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// First layer to last.
    pub layers: Vec<LayerParameters>,
}

impl Parameters {
    /// PyTorch's initial weights: what `torch.manual_seed(seed)` followed by the `nn.Linear`
    /// layers in order gives on the CPU.
    ///
    /// Every layer draws W then b, uniform in ±1/√I (`kaiming_uniform_` with a = √5 comes to
    /// that), from the Mersenne Twister MT19937 seeded with the low 32 bits of `seed`.
    pub fn pytorch(network: &Network, seed: u64) -> Self {
        let mut draws = Draws::new(seed);
        let layers = network
            .layers()
            .iter()
            .map(|layer| {
                let bound = 1.0 / (layer.inputs as f64).sqrt();
                LayerParameters {
                    weight: draws.uniform(layer.inputs * layer.outputs, bound),
                    bias: draws.uniform(layer.outputs, bound),
                }
            })
            .collect();
        Self { layers }
    }

    /// Checks the shapes against a network's.
    ///
    /// # Errors
    /// [`Error::Shape`] names the first tensor that does not fit, with both shapes.
    pub fn check(&self, network: &Network) -> Result<()> {
        let layers = network.layers();
        if self.layers.len() != layers.len() {
            return Err(Error::invalid(
                format!(
                    "{} layers of parameters for the {} of {network}",
                    self.layers.len(),
                    layers.len()
                ),
                "give parameters of a network of the same depth",
            ));
        }
        for (index, (layer, own)) in layers.iter().zip(&self.layers).enumerate() {
            let expected = [layer.outputs * layer.inputs, layer.outputs];
            for ((name, found), expected) in
                [("weight", own.weight.len()), ("bias", own.bias.len())].into_iter().zip(expected)
            {
                if found != expected {
                    return Err(Error::Shape {
                        tensor: format!("layers.{index}.{name}"),
                        found: vec![found],
                        expected: vec![expected],
                    });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `torch.manual_seed(777); torch.nn.Linear(2, 2)`, printed by PyTorch 2.15.
    #[test]
    fn seed_777_draws_pytorchs_first_layer() {
        let parameters = Parameters::pytorch(&Network::new(2, &[2], 1), 777);
        let first = &parameters.layers[0];
        assert_eq!(first.weight, [-0.591261, -0.0125335455, -0.13676392, -0.16133358]);
        assert_eq!(first.bias, [0.5392712, 0.5389551]);
        assert_eq!(parameters, Parameters::pytorch(&Network::new(2, &[2], 1), 777));
        assert!(parameters.check(&Network::new(2, &[2], 1)).is_ok());
        assert!(parameters.check(&Network::new(3, &[2], 1)).is_err());
    }
}
