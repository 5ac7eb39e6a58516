//! What a norm adds to a hidden layer: z → n → y in the forward pass, d_n → d_z in the backward pass, and
//! the update of its γ and β.

use super::LayeredBuilder;
use crate::Result;
use crate::kernels::{
    Element, Function, LayerNorm, LayerNormBackwardInput, LayerNormBackwardWeight, Update,
    layer_norm, layer_norm_backward_input, layer_norm_backward_weight,
};
use crate::plan::{BufferId, Dispatch, Role, Training};
use crate::spec::Layer;

/// The tensors of a norm, beside those of its layer.
pub(super) struct Normed {
    /// z\[C,O\], which the layer leaves and the norm takes.
    pub(super) z: BufferId,
    /// \[C,2\]: each row's mean and 1/σ.
    moments: BufferId,
    /// The gradient of what the norm gives, \[B,O\], where there is a backward pass.
    d_n: Option<BufferId>,
    /// Threads that share a row.
    lanes: usize,
}

impl LayeredBuilder<'_> {
    /// The norm after a hidden layer, where there is one.
    pub(super) fn norm_of(&self, layer: usize) -> Option<&Normed> {
        self.norms.get(layer)
    }

    /// Buffers for a norm of so many units.
    pub(super) fn normed(&mut self, layer: usize, units: usize) -> Result<Normed> {
        let lanes = self.limits.lanes(units);
        let (portion, batch) = (self.at_once, self.batch.min(self.at_once));
        let name = |tensor: &str| format!("layers.{layer}.{tensor}");
        let z = self.builder.buffer(
            name("z"),
            Element::F32,
            vec![portion, units],
            Role::Activations,
        )?;
        let moments = self.builder.buffer(
            format!("norms.{layer}.moments"),
            Element::F32,
            vec![portion, 2],
            Role::Activations,
        )?;
        let d_n = match batch {
            0 => None,
            _ => Some(self.builder.buffer(
                name("d_n"),
                Element::F32,
                vec![batch, units],
                Role::Gradients,
            )?),
        };
        Ok(Normed { z, moments, d_n, lanes })
    }

    /// Parameters of a norm: they stand after those of all layers.
    fn norm_block(&self, layer: usize) -> usize {
        self.layers.len() + layer
    }

    /// A norm forward, into `into`.
    pub(super) fn norm_forward(
        &self,
        (layer, normed): (usize, &Normed),
        control: BufferId,
        into: BufferId,
        rows: usize,
        function: Function,
    ) -> Dispatch {
        let columns = self.layers[layer].outputs;
        let parameters = self.parameters_of(self.norm_block(layer));
        let Normed { z, moments, lanes, .. } = *normed;
        let norm = LayerNorm { rows, columns, function, lanes };
        let bindings = layer_norm::Bindings { control, z, parameters, moments, y: into };
        Dispatch::new(format!("norms.{layer}"), norm, bindings)
    }

    /// Where the gradient of what comes before a hidden layer's activation goes.
    pub(super) fn before_activation(&self, layer: usize) -> BufferId {
        self.norm_of(layer).and_then(|normed| normed.d_n).unwrap_or(self.d_z[layer])
    }

    /// A norm backward, and then its update: it is the last that needs γ as it was.
    pub(super) fn norm_backward(
        &self,
        list: &mut Vec<Dispatch>,
        request: &Training<'_>,
        (layer, normed): (usize, &Normed),
        (control, rows): (BufferId, usize),
        update: Update,
    ) {
        let columns = self.layers[layer].outputs;
        let Normed { z, moments, lanes, .. } = *normed;
        let (block, d_n) = (self.norm_block(layer), self.before_activation(layer));
        let label = format!("norms.{layer}");
        let (parameters, d_z) = (self.parameters_of(block), self.d_z[layer]);
        list.push(Dispatch::new(
            &label,
            LayerNormBackwardInput { rows, columns, lanes },
            layer_norm_backward_input::Bindings { control, d_n, z, moments, parameters, d_z },
        ));
        let layer = request.update_of(Layer { inputs: 0, outputs: 2 * columns }, update);
        let updated = self.updated(update, block);
        list.push(Dispatch::new(
            label,
            LayerNormBackwardWeight { rows, layer },
            layer_norm_backward_weight::Bindings { control, d_n, z, moments, updated },
        ));
    }

    /// All blocks of parameters as L1, L2 and updates take them: a norm's are 2 O biases.
    pub(super) fn update_blocks(&self) -> Vec<Layer> {
        let norm = |&units: &usize| Layer { inputs: 0, outputs: 2 * units };
        self.layers.iter().copied().chain(self.network.norms().iter().map(norm)).collect()
    }
}
