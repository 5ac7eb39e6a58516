//! All layers forward, and what is made of them: predictions.

use super::Lowering;
use crate::Result;
use crate::kernels::{Activate, DenseForward, Function, Operation, Softmax};
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

impl Lowering<'_> {
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
                list.push(Dispatch {
                    label: format!("layers.{index}"),
                    operation: Operation::Activate(Activate {
                        rows,
                        columns: self.layers[index].outputs,
                        function: self.function(),
                    }),
                    bindings: vec![control, kept, y],
                });
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
        (from, into): (BufferId, BufferId),
        rows: usize,
        function: Function,
    ) {
        let Layer { inputs, outputs } = self.layers[index];
        list.push(Dispatch {
            label: format!("layers.{index}"),
            operation: Operation::DenseForward(DenseForward {
                rows,
                inputs,
                outputs,
                function,
                tiling: self.limits.tiling([rows, outputs, inputs]),
            }),
            bindings: vec![control, from, self.parameters_of(index), into],
        });
    }

    /// Predictions for the rows in a buffer of their own.
    pub(super) fn predict(&mut self, rows: usize) -> Result<()> {
        let network = self.network;
        let control = self.control("control")?;
        let input = self.buffer("input", vec![rows, network.inputs], Role::Batch)?;
        let output = self.buffer("output", vec![rows, network.outputs], Role::Activations)?;
        let mut list = Vec::new();
        match network.output {
            Output::Softmax => {
                self.forward(&mut list, Use::Application, control, input, rows);
                list.push(Dispatch {
                    label: "output".into(),
                    operation: Operation::Softmax(Softmax { rows, outputs: network.outputs }),
                    bindings: vec![control, self.y[self.last()], output],
                });
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
        self.phases[Phase::Predict as usize] = list;
        self.handles.predict_control = Some(control);
        self.handles.input = Some(input);
        self.handles.output = Some(output);
        Ok(())
    }
}
