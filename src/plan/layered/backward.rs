//! All layers backward, with the update or with the gradients as they are.

use super::{Lowering, Use};
use crate::kernels::{
    DenseBackwardInput, DenseBackwardWeight, DenseJoinWeight, DenseSplitWeight, Operation, Update,
};
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
                let (below, dropped) = (self.before_activation(index - 1), self.dropped(index - 1));
                list.push(Dispatch {
                    label: label.clone(),
                    operation: Operation::DenseBackwardInput(DenseBackwardInput {
                        rows,
                        inputs,
                        outputs,
                        function: self.function(),
                        tiling: self.limits.tiling([rows, inputs, outputs]),
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
                if let Some(normed) = self.norm_of(index - 1) {
                    let below = (index - 1, normed);
                    self.norm_backward(list, request, below, (control, rows), update);
                }
            }
            let from = self.input_of(index, Use::Training, input);
            let written = self.written(update, index);
            let layer = request.update_of(self.layers[index], update);
            // One range, kept as it is, is what the whole sum would be.
            let range = self
                .range(&self.layers[index])
                .filter(|range| self.batch > *range || update != Update::Gradient);
            if let (Some(partials), Some(range)) = (self.partials, range) {
                let splits = rows.div_ceil(range);
                let tiling = self.limits.tiling_of(splits, [outputs, inputs, range.min(rows)]);
                let split = DenseSplitWeight { rows, inputs, outputs, range, tiling };
                list.push(Dispatch {
                    label: label.clone(),
                    operation: Operation::DenseSplitWeight(split),
                    bindings: vec![control, self.d_z[index], from, partials],
                });
                let join = DenseJoinWeight { splits, layer };
                list.push(Dispatch {
                    label,
                    operation: Operation::DenseJoinWeight(join),
                    bindings: [vec![control, partials], written].concat(),
                });
                continue;
            }
            let tiling = self.limits.tiling([outputs, inputs, rows]);
            let product = DenseBackwardWeight { rows, layer, tiling };
            list.push(Dispatch {
                label,
                operation: Operation::DenseBackwardWeight(product),
                bindings: [vec![control, self.d_z[index], from], written].concat(),
            });
        }
    }

    /// The buffers that an update writes for a block of parameters, as its slots name them.
    pub(super) fn written(&self, update: Update, block: usize) -> Vec<BufferId> {
        if update == Update::Gradient {
            return vec![self.gradients[block]];
        }
        let blocks = self.handles.parameters[0].len();
        let state = self.handles.state.chunks(blocks).map(|tensor| tensor[block]);
        std::iter::once(self.parameters_of(block)).chain(state).collect()
    }
}
