//! All layers forward, and what is made of them: predictions.

use super::LayeredBuilder;
use crate::Result;
use crate::kernels::{
    Activate, DenseForward, Element, Function, Softmax, activate, dense_forward, softmax,
};
use crate::plan::{BufferId, Dispatch, Phase, Role};
use crate::spec::{Layer, Output};

/// What a forward pass is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// To learn from: with dropout.
    Training,
    /// To look at the network as it is.
    Application,
}

impl LayeredBuilder<'_> {
    /// All layers forward, up to the last one's z.
    pub(super) fn forward(
        &self,
        list: &mut Vec<Dispatch>,
        purpose: Use,
        control: BufferId,
        input: BufferId,
        rows: usize,
    ) {
        self.hidden(list, purpose, control, input, rows);
        let from = self.input_of(self.last(), purpose, input);
        let into = self.y[self.last()];
        self.dense(list, self.last(), control, (from, into), rows, Function::Identity);
    }

    /// The hidden layers forward.
    pub(super) fn hidden(
        &self,
        list: &mut Vec<Dispatch>,
        purpose: Use,
        control: BufferId,
        input: BufferId,
        rows: usize,
    ) {
        for index in 0..self.last() {
            let from = self.input_of(index, purpose, input);
            let (y, kept) = (self.y[index], self.kept[index]);
            let function = if y == kept { self.function() } else { Function::Identity };
            if let Some(normed) = self.norm_of(index) {
                self.dense(list, index, control, (from, normed.z), rows, Function::Identity);
                list.push(self.norm_forward((index, normed), control, kept, rows, function));
            } else {
                self.dense(list, index, control, (from, kept), rows, function);
            }
            if y != kept {
                let columns = self.layers[index].outputs;
                let activate = Activate { rows, columns, function: self.function() };
                let bindings = activate::Bindings { control, z: kept, y };
                list.push(Dispatch::new(format!("layers.{index}"), activate, bindings));
            }
            if let (Use::Training, Some(dropped)) = (purpose, self.dropped(index)) {
                list.push(dropped.dispatch(control, y, dropped.y));
            }
        }
    }

    /// What a layer reads.
    pub(super) fn input_of(&self, index: usize, purpose: Use, input: BufferId) -> BufferId {
        match index.checked_sub(1) {
            None => input,
            Some(below) => match (purpose, self.dropped(below)) {
                (Use::Training, Some(dropped)) => dropped.y,
                _ => self.y[below],
            },
        }
    }

    pub(super) fn dense(
        &self,
        list: &mut Vec<Dispatch>,
        index: usize,
        control: BufferId,
        (x, y): (BufferId, BufferId),
        rows: usize,
        function: Function,
    ) {
        let Layer { inputs, outputs } = self.layers[index];
        let tiling = self.limits.tiling([rows, outputs, inputs]);
        let layer = DenseForward { rows, inputs, outputs, function, tiling };
        let parameters = self.parameters_of(index);
        let bindings = dense_forward::Bindings { control, x, parameters, y };
        list.push(Dispatch::new(format!("layers.{index}"), layer, bindings));
    }

    /// Predictions for the rows in a buffer of their own.
    pub(super) fn predict(&mut self, rows: usize) -> Result<()> {
        let network = self.network;
        let control = self.builder.control("control", 1)?;
        let input =
            self.builder.buffer("input", Element::F32, vec![rows, network.inputs], Role::Batch)?;
        let output = self.builder.buffer(
            "output",
            Element::F32,
            vec![rows, network.outputs],
            Role::Activations,
        )?;
        let mut list = Vec::new();
        match network.output {
            Output::Softmax => {
                self.forward(&mut list, Use::Application, control, input, rows);
                let softmax = Softmax { rows, outputs: network.outputs };
                let z = self.y[self.last()];
                let bindings = softmax::Bindings { control, z, probability: output };
                list.push(Dispatch::new("output", softmax, bindings));
            }
            Output::Identity | Output::Sigmoid => {
                self.hidden(&mut list, Use::Application, control, input, rows);
                let from = self.input_of(self.last(), Use::Application, input);
                let function = match network.output {
                    Output::Sigmoid => Function::Of(crate::spec::Activation::Sigmoid),
                    Output::Identity | Output::Softmax => Function::Identity,
                };
                self.dense(&mut list, self.last(), control, (from, output), rows, function);
            }
        }
        self.builder.phase(Phase::Predict, list);
        self.builder.handles.predict_control = Some(control);
        self.builder.handles.input = Some(input);
        self.builder.handles.output = Some(output);
        Ok(())
    }
}
