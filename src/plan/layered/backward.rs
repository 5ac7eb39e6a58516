//! All layers backward, with the update or with the gradients as they are.

use super::{Lowering, Use};
use crate::kernels::{DenseBackwardInput, DenseBackwardWeight, Operation, Tiling, Update};
use crate::plan::{BufferId, Dispatch, Training};
use crate::spec::Layer;

impl Lowering<'_> {
    /// All layers backward, each layer's input before its weights are updated.
    pub(super) fn backward(
        &self,
        list: &mut Vec<Dispatch>,
        request: &Training<'_>,
        control: BufferId,
        (input, rows): (BufferId, usize),
        update: Update,
    ) {
        for index in (0..self.layers.len()).rev() {
            let Layer { inputs, outputs } = self.layers[index];
            let label = format!("layers.{index}");
            if index > 0 {
                let (below, dropped) = (self.d_z[index - 1], self.dropped(index - 1));
                list.push(Dispatch {
                    label: label.clone(),
                    operation: Operation::DenseBackwardInput(DenseBackwardInput {
                        rows,
                        inputs,
                        outputs,
                        function: self.function(),
                        tiling: Tiling::of(rows, inputs),
                    }),
                    bindings: vec![
                        control,
                        self.d_z[index],
                        self.parameters_of(index),
                        self.kept[index - 1],
                        dropped.map_or(below, |dropped| dropped.d_y),
                    ],
                });
                list.extend(dropped.map(|dropped| dropped.dispatch(control, dropped.d_y, below)));
            }
            let from = self.input_of(index, Use::Training, input);
            let mut bindings = vec![control, self.d_z[index], from];
            bindings.extend(self.written(update, index));
            list.push(Dispatch {
                label,
                operation: Operation::DenseBackwardWeight(DenseBackwardWeight {
                    rows,
                    inputs,
                    outputs,
                    update,
                    lr: request.optimizer.lr() as f32,
                    hyper: request.hyper(),
                    tiling: Tiling::of(outputs, inputs + 1),
                }),
                bindings,
            });
        }
    }

    /// The buffers that an update writes for a layer, as its slots name them.
    pub(super) fn written(&self, update: Update, index: usize) -> Vec<BufferId> {
        if update == Update::Gradient {
            return vec![self.gradients[index]];
        }
        let state = self.handles.state.chunks(self.layers.len()).map(|tensor| tensor[index]);
        std::iter::once(self.parameters_of(index)).chain(state).collect()
    }
}
