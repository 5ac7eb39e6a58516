//! The summary of a model: layers, parameters, FLOPs, memory.

use serde::Serialize;

use super::Model;
use crate::kernels::Weighting;
use crate::plan::{self, DataPlacement, Gradients, Limits, Training};
use crate::spec::{Shuffle, Strategy};

/// Layers, parameters, operations and memory.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NetworkSummary {
    /// The dense layers, first to last.
    pub layers: Vec<LayerSummary>,
    /// All parameters, P.
    pub parameters: u64,
    /// FLOPs of the forward pass of one row.
    pub flops_forward: u64,
    /// Training rows, all of them on the device.
    pub train_rows: Option<usize>,
    /// Bytes of device memory that such a training takes. `None` if the model has no provenance, or
    /// if the device cannot hold it.
    pub train: Option<u64>,
    /// Rows that a prediction takes at once.
    pub predict_rows: usize,
    /// Bytes of device memory that a prediction takes. `None` if the device cannot hold it.
    pub predict: Option<u64>,
}

/// One dense layer and the function after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerSummary {
    /// Inputs of each unit, I.
    pub inputs: usize,
    /// Units, O.
    pub outputs: usize,
    /// The activation, with the normalization before it; of the last layer the output's function.
    pub function: String,
    /// Weights and biases, with γ and β of the normalization.
    pub parameters: usize,
    /// FLOPs of the forward pass of one row.
    pub flops_forward: u64,
}

impl Model {
    /// Layers, parameters and FLOPs, and the memory that it takes on a device with these limits.
    pub fn summary(&self, limits: &Limits) -> NetworkSummary {
        let network = &self.network;
        let layers = network.layers();
        let last = layers.len() - 1;
        let flops = network.flops_by_layer();
        let layer = |(index, layer): (usize, &crate::spec::Layer)| LayerSummary {
            inputs: layer.inputs,
            outputs: layer.outputs,
            function: match index == last {
                true => network.output.name().into(),
                false => network.hidden_function(),
            },
            parameters: layer.parameters() + network.norms().get(index).map_or(0, |o| 2 * o),
            flops_forward: flops[index],
        };
        let predict = plan::inference(network, usize::MAX, limits).ok();
        NetworkSummary {
            layers: layers.iter().enumerate().map(layer).collect(),
            parameters: network.parameters(),
            flops_forward: network.flops_forward(),
            train_rows: self.provenance.as_ref().map(|own| own.rows),
            train: self.training_bytes(limits),
            predict_rows: predict.as_ref().map_or(0, |plan| plan.predict_rows),
            predict: predict.map(|plan| plan.bytes()),
        }
    }

    /// Bytes of device memory that a training with its provenance's settings takes.
    fn training_bytes(&self, limits: &Limits) -> Option<u64> {
        let own = self.provenance.as_ref()?;
        let request = Training {
            network: &self.network,
            loss: own.loss,
            optimizer: &own.optimizer,
            regularization: &own.regularization,
            schedule: &own.schedule,
            // The memory does not depend on the number of steps.
            steps: u64::MAX,
            weighting: Weighting::Even,
            rows: own.rows,
            validation: 0,
            placement: DataPlacement::Whole,
            batch: own.batch,
            shuffle: Shuffle::EveryEpoch,
            seed: own.seed,
            strategy: Strategy::Auto,
            gradients: Gradients::Fused,
        };
        plan::training(&request, limits).ok().map(|plan| plan.bytes())
    }
}
