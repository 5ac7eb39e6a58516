//! Weights and biases on the host.

use super::Network;
use super::initialization::TorchGenerator;
use crate::{Error, Result};

/// The parameters of one dense layer, or of the norm after one.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerParameters {
    /// W\[O,I\], row-major: the weights of one unit are contiguous. For a norm, γ\[O\].
    pub weight: Vec<f32>,
    /// b\[O\]; for a norm, β\[O\].
    pub bias: Vec<f32>,
}

/// The parameters of a network, layer by layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    /// The dense layers, first to last.
    pub layers: Vec<LayerParameters>,
    /// The norms of the hidden layers; empty without normalization.
    pub norms: Vec<LayerParameters>,
}

impl Parameters {
    /// The initial weights of `nn.Linear` layers, created first to last on the CPU after
    /// `torch.manual_seed(seed)`.
    ///
    /// Every layer draws W, then b, uniform in ±1/√I (which `kaiming_uniform_` with a = √5 amounts
    /// to), from the Mersenne Twister MT19937 seeded with the low 32 bits of `seed`. Norms draw
    /// nothing: γ is 1 and β is 0.
    pub fn pytorch(network: &Network, seed: u64) -> Self {
        let mut generator = TorchGenerator::new(seed);
        let layers = network
            .layers()
            .iter()
            .map(|layer| {
                let bound = 1.0 / (layer.inputs as f64).sqrt();
                LayerParameters {
                    weight: generator.uniform(layer.inputs * layer.outputs, bound),
                    bias: generator.uniform(layer.outputs, bound),
                }
            })
            .collect();
        Self::with_norms(network, layers)
    }

    /// Dense layers with the initial norms of the network: γ is 1 and β is 0.
    pub(super) fn with_norms(network: &Network, layers: Vec<LayerParameters>) -> Self {
        let norm =
            |&units: &usize| LayerParameters { weight: vec![1.0; units], bias: vec![0.0; units] };
        Self { layers, norms: network.norms().iter().map(norm).collect() }
    }

    /// Parameters from the blocks in the order of [`Network::blocks`].
    pub(crate) fn of_blocks(network: &Network, mut blocks: Vec<LayerParameters>) -> Self {
        let norms = blocks.split_off((network.hidden.len() + 1).min(blocks.len()));
        Self { layers: blocks, norms }
    }

    /// All blocks in the order of [`Network::blocks`].
    pub fn blocks(&self) -> impl Iterator<Item = &LayerParameters> {
        self.layers.iter().chain(&self.norms)
    }

    /// Checks the shapes against a network's.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the number of layers differs; [`Error::Shape`] names the first tensor
    /// of another size, with both shapes.
    pub fn check(&self, network: &Network) -> Result<()> {
        let depth = network.hidden.len() + 1;
        if self.layers.len() != depth {
            return Err(Error::invalid(
                format!("{} layers of parameters for the {depth} of {network}", self.layers.len()),
                "give parameters of a network of the same depth",
            ));
        }
        let norms = network.norms().len();
        if self.norms.len() != norms {
            return Err(Error::invalid(
                format!("{} norms of parameters for the {norms} of {network}", self.norms.len()),
                "give parameters of a network with the same normalization",
            ));
        }
        for (block, own) in network.blocks().iter().zip(self.blocks()) {
            let found = [own.weight.len(), own.bias.len()];
            for ((tensor, shape), found) in block.tensors().into_iter().zip(found) {
                let expected = shape.iter().product();
                if found != expected {
                    let (found, expected) = (vec![found], vec![expected]);
                    return Err(Error::Shape { tensor, found, expected });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Normalization;

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

    #[test]
    fn norms_draw_nothing() {
        let plain = Network::new(2, &[3], 1);
        let normed = plain.clone().with_normalization(Normalization::LayerNorm);
        let parameters = Parameters::pytorch(&normed, 5);
        assert_eq!(parameters.layers, Parameters::pytorch(&plain, 5).layers);
        let norm = LayerParameters { weight: vec![1.0; 3], bias: vec![0.0; 3] };
        assert_eq!(parameters.norms, [norm]);
        assert!(parameters.check(&normed).is_ok() && parameters.check(&plain).is_err());
        let bare = Parameters { norms: Vec::new(), ..parameters.clone() };
        assert!(bare.check(&normed).is_err());
        assert_eq!(
            Parameters::of_blocks(&normed, parameters.blocks().cloned().collect()),
            parameters
        );
    }
}
