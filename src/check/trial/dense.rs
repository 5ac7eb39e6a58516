//! The dense layer's trials. The sums of the terms' magnitudes are the twin's own sums, of the
//! inputs' absolute values.

use super::rowwise::{kept, slack};
use super::update::{go_on, magnitudes, regularized, state, updated};
use super::{Bound, Random, Tensors, Trialled, absolute};
use crate::kernels::{
    Contract as _, Control, DenseBackwardInput, DenseBackwardWeight, DenseForward, DenseJoinWeight,
    DenseSplitWeight, Function, LayerUpdate, Updated, dense_backward_input, dense_backward_weight,
    dense_forward, dense_join_weight, dense_split_weight,
};

impl Trialled for DenseForward {
    /// Random x, W and b; z stays small enough that no activation saturates.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let DenseForward { rows, inputs, outputs, function, .. } = *self;
        let live = control.rows as usize;
        let x = random.floats(live * inputs, 1.0);
        let parameters = random.floats(outputs * (inputs + 1), weight_size(inputs));
        let sum = DenseForward { function: Function::Identity, ..self.clone() };
        let sums = |x: &[f32], parameters: &[f32]| {
            let mut y = vec![0.0; live * outputs];
            sum.twin(dense_forward::Bindings { control: &[control], x, parameters, y: &mut y });
            y
        };
        let z = sums(&x, &parameters);
        let terms = sums(&absolute(&x), &absolute(&parameters));
        // No activation is steeper than 1.13, so z's error stays what it is.
        let magnitudes = z
            .iter()
            .zip(&terms)
            .map(|(z, terms)| terms + function.value(*z).abs() + slack(function, *z))
            .collect();
        dense_forward::Bindings {
            control: Bound::control(control),
            x: Bound::input(&x, rows * inputs),
            parameters: Bound::input(&parameters, parameters.len()),
            y: Bound::output(magnitudes, rows * outputs),
        }
    }
}

impl Trialled for DenseBackwardInput {
    /// Random d_z, W and what the forward pass would have kept.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let DenseBackwardInput { rows, inputs, outputs, function, .. } = *self;
        let live = control.rows as usize;
        let d_z = random.floats(live * outputs, 1.0);
        let parameters = random.floats(outputs * (inputs + 1), weight_size(outputs));
        let kept = kept(function, &random.logits(live * inputs));
        let sum = DenseBackwardInput { function: Function::Identity, ..self.clone() };
        let mut terms = vec![0.0; live * inputs];
        sum.twin(dense_backward_input::Bindings {
            control: &[control],
            d_z: &absolute(&d_z),
            parameters: &absolute(&parameters),
            kept: &kept,
            d_z_below: &mut terms,
        });
        // 1 − y², z s (1 − s) and their like end in a difference of numbers near 1: f′ itself is
        // only good to a few steps of 1.
        let magnitudes = kept
            .iter()
            .zip(&terms)
            .map(|(kept, terms)| terms * (1.0 + function.derivative(*kept).abs()))
            .collect();
        dense_backward_input::Bindings {
            control: Bound::control(control),
            d_z: Bound::input(&d_z, rows * outputs),
            parameters: Bound::input(&parameters, parameters.len()),
            kept: Bound::input(&kept, rows * inputs),
            d_z_below: Bound::output(magnitudes, rows * inputs),
        }
    }
}

impl Trialled for DenseBackwardWeight {
    /// Random d_z and x; parameters and state as the update has them.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let DenseBackwardWeight { rows, ref layer, .. } = *self;
        let LayerUpdate { inputs, outputs, update, lr, hyper } = *layer;
        let live = control.rows as usize;
        let size = layer.count();
        let d_z = random.floats(live * outputs, 1.0);
        let x = random.floats(live * inputs, 1.0);
        let mut state = state(update, control, size, random);
        let kept = DenseBackwardWeight { layer: layer.kept(), ..self.clone() };
        let own = Control { before: 0, ..control };
        let sums = |d_z: &[f32], x: &[f32]| {
            let mut gradient = vec![0.0; size];
            let updated = Updated::Gradient { gradient: &mut gradient[..] };
            kept.twin(dense_backward_weight::Bindings { control: &[own], d_z, x, updated });
            gradient
        };
        let gradient = sums(&d_z, &x);
        let mut terms = sums(&absolute(&d_z), &absolute(&x));
        go_on(control, &mut state, &mut terms, random);
        let gradient = regularized((update, &hyper), layer.weights(), &gradient, &terms, &state);
        let magnitudes = magnitudes((update, lr, &hyper), control.step, &gradient, &state);
        dense_backward_weight::Bindings {
            control: Bound::control(control),
            d_z: Bound::input(&d_z, rows * outputs),
            x: Bound::input(&x, rows * inputs),
            updated: updated(update, &state, magnitudes, size),
        }
    }
}

impl Trialled for DenseSplitWeight {
    /// Random d_z and x.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let DenseSplitWeight { rows, inputs, outputs, .. } = *self;
        let live = control.rows as usize;
        let size = self.splits() * outputs * (inputs + 1);
        let d_z = random.floats(live * outputs, 1.0);
        let x = random.floats(live * inputs, 1.0);
        let mut terms = vec![0.0; size];
        self.twin(dense_split_weight::Bindings {
            control: &[control],
            d_z: &absolute(&d_z),
            x: &absolute(&x),
            partials: &mut terms,
        });
        dense_split_weight::Bindings {
            control: Bound::control(control),
            d_z: Bound::input(&d_z, rows * outputs),
            x: Bound::input(&x, rows * inputs),
            partials: Bound::output(terms, size),
        }
    }
}

impl Trialled for DenseJoinWeight {
    /// Random partial sums; parameters and state as the update has them.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let DenseJoinWeight { splits, ref layer } = *self;
        let LayerUpdate { update, lr, hyper, .. } = *layer;
        let size = layer.count();
        let partials = random.floats(splits * size, 1.0);
        let mut state = state(update, control, size, random);
        let kept = DenseJoinWeight { layer: layer.kept(), ..self.clone() };
        let own = Control { before: 0, ..control };
        let sums = |partials: &[f32]| {
            let mut gradient = vec![0.0; size];
            let updated = Updated::Gradient { gradient: &mut gradient[..] };
            kept.twin(dense_join_weight::Bindings { control: &[own], partials, updated });
            gradient
        };
        let gradient = sums(&partials);
        let mut terms = sums(&absolute(&partials));
        go_on(control, &mut state, &mut terms, random);
        let gradient = regularized((update, &hyper), layer.weights(), &gradient, &terms, &state);
        let magnitudes = magnitudes((update, lr, &hyper), control.step, &gradient, &state);
        dense_join_weight::Bindings {
            control: Bound::control(control),
            partials: Bound::input(&partials, splits * size),
            updated: updated(update, &state, magnitudes, size),
        }
    }
}

/// Weights of a size that keeps sums over `terms` inputs near 1.
pub(super) fn weight_size(terms: usize) -> f32 {
    1.0 / (terms as f32).sqrt()
}
