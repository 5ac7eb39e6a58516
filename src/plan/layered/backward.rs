//! All layers backward, with the update or with the gradients as they are.

use super::{LayeredBuilder, Use};
use crate::kernels::{
    DenseBackwardInput, DenseBackwardWeight, DenseJoinWeight, DenseSplitWeight, Each, State,
    Update, Updated, dense_backward_input, dense_backward_weight, dense_join_weight,
    dense_split_weight,
};
use crate::plan::{BufferId, Dispatch, Training};
use crate::spec::Layer;

impl LayeredBuilder<'_> {
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
                let product = DenseBackwardInput {
                    rows,
                    inputs,
                    outputs,
                    function: self.function(),
                    tiling: self.limits.tiling([rows, inputs, outputs]),
                };
                let bindings = dense_backward_input::Bindings {
                    control,
                    d_z: self.d_z[index],
                    parameters: self.parameters_of(index),
                    kept: self.kept[index - 1],
                    d_z_below: dropped.map_or(below, |dropped| dropped.d_y),
                };
                list.push(Dispatch::new(&label, product, bindings));
                list.extend(dropped.map(|dropped| dropped.dispatch(control, dropped.d_y, below)));
                if let Some(normed) = self.norm_of(index - 1) {
                    let below = (index - 1, normed);
                    self.norm_backward(list, request, below, (control, rows), update);
                }
            }
            let x = self.input_of(index, Use::Training, input);
            let (d_z, updated) = (self.d_z[index], self.updated(update, index));
            let layer = request.update_of(self.layers[index], update);
            // One range, kept as it is, is what the whole sum would be.
            let range = self
                .range(&self.layers[index])
                .filter(|range| self.batch > *range || update != Update::Gradient);
            if let (Some(partials), Some(range)) = (self.partials, range) {
                let splits = rows.div_ceil(range);
                let tiling = self.limits.tiling_of(splits, [outputs, inputs, range.min(rows)]);
                let split = DenseSplitWeight { rows, inputs, outputs, range, tiling };
                let bindings = dense_split_weight::Bindings { control, d_z, x, partials };
                list.push(Dispatch::new(&label, split, bindings));
                let join = DenseJoinWeight { splits, layer };
                let bindings = dense_join_weight::Bindings { control, partials, updated };
                list.push(Dispatch::new(label, join, bindings));
                continue;
            }
            let tiling = self.limits.tiling([outputs, inputs, rows]);
            let product = DenseBackwardWeight { rows, layer, tiling };
            let bindings = dense_backward_weight::Bindings { control, d_z, x, updated };
            list.push(Dispatch::new(label, product, bindings));
        }
    }

    /// The buffers that an update writes for a block of parameters.
    pub(super) fn updated(&self, update: Update, block: usize) -> Updated<Each<BufferId>> {
        let tensor = |number: usize| self.builder.handles.state[0][number][block].buffer;
        let state = match update {
            Update::Gradient => return Updated::Gradient { gradient: self.gradients[block] },
            Update::Sgd => State::None,
            Update::Momentum => State::Momentum { momentum_buffer: tensor(0) },
            Update::Adam => State::Adam { exp_avg: tensor(0), exp_avg_sq: tensor(1) },
        };
        Updated::Parameters { parameters: self.parameters_of(block), state }
    }
}
