//! The dense layer's trials. The sums of the terms' magnitudes are the twin's own sums, of the
//! inputs' absolute values.

use super::clipping;
use super::rowwise::{kept, slack};
use super::update::{Gradient, magnitudes};
use super::{Bound, Random, Trial, absolute, twin};
use crate::kernels::{
    Control, DenseBackwardInput, DenseBackwardWeight, DenseForward, DenseJoinWeight,
    DenseSplitWeight, Function, Hyper, LayerUpdate, Update,
};

/// Random x, W and b; z stays small enough that no activation saturates.
pub(super) fn forward(layer: &DenseForward, control: Control, random: &mut Random) -> Trial {
    let DenseForward { rows, inputs, outputs, function, .. } = *layer;
    let live = control.rows as usize;
    let x = random.floats(live * inputs, 1.0);
    let parameters = random.floats(outputs * (inputs + 1), weight_size(inputs));
    let sum = DenseForward { function: Function::Identity, ..layer.clone() };
    let written = live * outputs;
    let z = twin(&sum, control, &[&x, &parameters], written);
    let terms = twin(&sum, control, &[&absolute(&x), &absolute(&parameters)], written);
    // No activation is steeper than 1.13, so z's error stays what it is.
    let magnitudes = z
        .iter()
        .zip(&terms)
        .map(|(z, terms)| terms + function.value(*z).abs() + slack(function, *z))
        .collect();
    vec![
        Bound::control(control),
        Bound::input(&x, rows * inputs),
        Bound::input(&parameters, parameters.len()),
        Bound::output(magnitudes, rows * outputs),
    ]
}

/// Random d_z, W and what the forward pass would have kept.
pub(super) fn backward_input(
    layer: &DenseBackwardInput,
    control: Control,
    random: &mut Random,
) -> Trial {
    let DenseBackwardInput { rows, inputs, outputs, function, .. } = *layer;
    let live = control.rows as usize;
    let d_z = random.floats(live * outputs, 1.0);
    let parameters = random.floats(outputs * (inputs + 1), weight_size(outputs));
    let kept = kept(function, &random.logits(live * inputs));
    let sum = DenseBackwardInput { function: Function::Identity, ..layer.clone() };
    let absolutes = [absolute(&d_z), absolute(&parameters)];
    let terms = twin(&sum, control, &[&absolutes[0], &absolutes[1], &kept], live * inputs);
    // 1 − y², z s (1 − s) and their like end in a difference of numbers near 1: f′ itself is
    // only good to a few steps of 1.
    let magnitudes = kept
        .iter()
        .zip(&terms)
        .map(|(kept, terms)| terms * (1.0 + function.derivative(*kept).abs()))
        .collect();
    vec![
        Bound::control(control),
        Bound::input(&d_z, rows * outputs),
        Bound::input(&parameters, parameters.len()),
        Bound::input(&kept, rows * inputs),
        Bound::output(magnitudes, rows * inputs),
    ]
}

/// Random d_z and x; parameters and state as the update has them.
pub(super) fn backward_weight(
    product: &DenseBackwardWeight,
    control: Control,
    random: &mut Random,
) -> Trial {
    let DenseBackwardWeight { rows, ref layer, .. } = *product;
    let LayerUpdate { inputs, outputs, update, lr, hyper } = *layer;
    let live = control.rows as usize;
    let size = layer.count();
    let d_z = random.floats(live * outputs, 1.0);
    let x = random.floats(live * inputs, 1.0);
    let mut state = state(update, control, size, random);
    let kept = DenseBackwardWeight { layer: layer.kept(), ..product.clone() };
    let own = Control { before: 0, ..control };
    let gradient = twin(&kept, own, &[&d_z, &x], size);
    let mut terms = twin(&kept, own, &[&absolute(&d_z), &absolute(&x)], size);
    go_on(control, &mut state, &mut terms, random);
    let gradient = regularized((update, &hyper), layer.weights(), &gradient, &terms, &state);
    let magnitudes = magnitudes((update, lr, &hyper), control.step, &gradient, &state);
    let mut trial = vec![
        Bound::control(control),
        Bound::input(&d_z, rows * outputs),
        Bound::input(&x, rows * inputs),
    ];
    let written = state.iter().zip(magnitudes);
    trial.extend(written.map(|(live, magnitudes)| Bound::updated(live, magnitudes, size)));
    trial
}

/// Random d_z and x.
pub(super) fn split_weight(
    layer: &DenseSplitWeight,
    control: Control,
    random: &mut Random,
) -> Trial {
    let DenseSplitWeight { rows, inputs, outputs, .. } = *layer;
    let live = control.rows as usize;
    let size = layer.splits() * outputs * (inputs + 1);
    let d_z = random.floats(live * outputs, 1.0);
    let x = random.floats(live * inputs, 1.0);
    let terms = twin(layer, control, &[&absolute(&d_z), &absolute(&x)], size);
    vec![
        Bound::control(control),
        Bound::input(&d_z, rows * outputs),
        Bound::input(&x, rows * inputs),
        Bound::output(terms, size),
    ]
}

/// Random partial sums; parameters and state as the update has them.
pub(super) fn join_weight(join: &DenseJoinWeight, control: Control, random: &mut Random) -> Trial {
    let DenseJoinWeight { splits, ref layer } = *join;
    let LayerUpdate { update, lr, hyper, .. } = *layer;
    let size = layer.count();
    let partials = random.floats(splits * size, 1.0);
    let mut state = state(update, control, size, random);
    let kept = DenseJoinWeight { layer: layer.kept(), ..join.clone() };
    let own = Control { before: 0, ..control };
    let gradient = twin(&kept, own, &[&partials], size);
    let mut terms = twin(&kept, own, &[&absolute(&partials)], size);
    go_on(control, &mut state, &mut terms, random);
    let gradient = regularized((update, &hyper), layer.weights(), &gradient, &terms, &state);
    let magnitudes = magnitudes((update, lr, &hyper), control.step, &gradient, &state);
    let mut trial = vec![Bound::control(control), Bound::input(&partials, splits * size)];
    let written = state.iter().zip(magnitudes);
    trial.extend(written.map(|(live, magnitudes)| Bound::updated(live, magnitudes, size)));
    trial
}

/// Of a micro-batch, what those before have left, and its magnitude with the terms.
pub(super) fn go_on(
    control: Control,
    state: &mut Vec<Vec<f32>>,
    terms: &mut [f32],
    random: &mut Random,
) {
    if control.before > 0 {
        *state = vec![random.floats(terms.len(), 1.0)];
        terms.iter_mut().zip(&state[0]).for_each(|(terms, sum)| *terms += sum.abs());
    }
}

/// A gradient as the update takes it, with the magnitudes of its terms; the first so many are of
/// weights.
pub(super) fn regularized(
    (update, hyper): (Update, &Hyper),
    weights: usize,
    gradient: &[f32],
    terms: &[f32],
    state: &[Vec<f32>],
) -> Vec<Gradient> {
    let one = |(at, (g, terms)): (usize, (&f32, &f32))| match update {
        Update::Gradient => Gradient { g: *g, terms: *terms },
        _ => Gradient {
            g: hyper.regularized(*g, state[0][at], at < weights),
            terms: clipping::terms(hyper, *terms, state[0][at]),
        },
    };
    gradient.iter().zip(terms).enumerate().map(one).collect()
}

/// Weights of a size that keeps sums over `terms` inputs near 1.
pub(super) fn weight_size(terms: usize) -> f32 {
    1.0 / (terms as f32).sqrt()
}

/// What each written tensor holds before: nothing for a gradient, and no state before the first
/// step.
pub(super) fn state(
    update: Update,
    control: Control,
    size: usize,
    random: &mut Random,
) -> Vec<Vec<f32>> {
    let fresh = control.step == 0;
    let tensor = |name: &&str| match *name {
        "gradient" => Vec::new(),
        "parameters" => random.floats(size, 1.0),
        _ if fresh => vec![0.0; size],
        // The mean of squares.
        "v" => random.floats(size, 1.0).iter().map(|v| v * v).collect(),
        _ => random.floats(size, 1.0),
    };
    update.tensors().iter().map(tensor).collect()
}
