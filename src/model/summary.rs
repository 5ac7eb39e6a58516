//! What a model is made of, and what it costs.

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
    /// Floating-point operations of one row's way forward.
    pub flops_forward: u64,
    /// The rows that its training had on the device.
    pub train_rows: Option<usize>,
    /// Bytes that such a training takes there; none where nothing is said of it, or where the
    /// device cannot hold it.
    pub train: Option<u64>,
    /// The rows that are predicted at a time.
    pub predict_rows: usize,
    /// Bytes that this takes; none where the device cannot hold it.
    pub predict: Option<u64>,
}

/// One dense layer and the function after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerSummary {
    /// I
    pub inputs: usize,
    /// O
    pub outputs: usize,
    /// The activation with what comes before it, or the output's function.
    pub function: String,
    /// Weights and biases, and those of the norm.
    pub parameters: usize,
    /// Floating-point operations of one row's way forward.
    pub flops_forward: u64,
}

impl Model {
    /// What the model is made of, and what it costs on a device of such limits.
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

    /// Bytes of a training like the one that made it.
    fn training_bytes(&self, limits: &Limits) -> Option<u64> {
        let own = self.provenance.as_ref()?;
        let request = Training {
            network: &self.network,
            loss: own.loss,
            optimizer: &own.optimizer,
            regularization: &own.regularization,
            schedule: &own.schedule,
            // The size does not depend on the length.
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
