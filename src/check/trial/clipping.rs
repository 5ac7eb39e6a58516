//! Trials of clipping by the norm.

use super::update::{Gradient, magnitudes, state, terms, updated};
use super::{Bound, Expect, Random, Tensors, tensor};
use crate::kernels::{
    ApplyGradient, ClipNorm, Control, LayerUpdate, SquareSum, apply_gradient, clip_norm, square_sum,
};

/// Numbers that a part sums.
const PART: usize = 4096;

/// A random gradient and random parameters.
pub(super) fn square_sum(sum: &SquareSum, random: &mut Random) -> square_sum::Bindings<Tensors> {
    let SquareSum { inputs, outputs, first, hyper } = *sum;
    let size = outputs * (inputs + 1);
    let gradient = random.floats(size, 1.0);
    let parameters = random.floats(size, 1.0);
    let square = |(g, w): (&f32, &f32)| terms(&hyper, *g, *w).powi(2);
    let squares: Vec<f32> = gradient.iter().zip(&parameters).map(square).collect();
    let magnitudes = squares.chunks(PART).map(|part| part.iter().sum()).collect();
    square_sum::Bindings {
        gradient: Bound::input(&gradient, size),
        parameters: Bound::input(&parameters, size),
        partials: Bound {
            words: tensor(&[], first + sum.parts()),
            expect: Expect::Near { first, magnitudes },
        },
    }
}

/// Random sums of squares.
pub(super) fn clip_norm(clip: &ClipNorm, random: &mut Random) -> clip_norm::Bindings<Tensors> {
    let sums = random.positive(clip.parts);
    let norm = sums.iter().sum::<f32>().sqrt();
    let scale = (clip.most / norm).min(1.0);
    clip_norm::Bindings {
        partials: Bound::input(&sums, clip.parts),
        clip: Bound::output(vec![scale, norm], ClipNorm::WORDS),
    }
}

/// A random gradient that shrinks; parameters and state in mid-run, or before the first step.
pub(super) fn apply_gradient(
    ApplyGradient { layer }: &ApplyGradient,
    control: Control,
    random: &mut Random,
) -> apply_gradient::Bindings<Tensors> {
    let LayerUpdate { update, lr, hyper, .. } = *layer;
    let (weights, size) = (layer.weights(), layer.count());
    let raw = random.floats(size, 1.0);
    let clip = [random.uniform(0.3, 0.9), 7.0];
    let state = state(update, control, size, random);
    let scaled = |(at, (g, w)): (usize, (&f32, &f32))| Gradient {
        g: hyper.regularized(*g, *w, at < weights) * clip[0],
        terms: terms(&hyper, *g, *w) * clip[0],
    };
    let gradient: Vec<Gradient> = raw.iter().zip(&state[0]).enumerate().map(scaled).collect();
    let magnitudes = magnitudes((update, lr, &hyper), control.step, &gradient, &state);
    apply_gradient::Bindings {
        control: Bound::control(control),
        gradient: Bound::input(&raw, size),
        clip: Bound::input(&clip, ClipNorm::WORDS),
        updated: updated(update, &state, magnitudes, size),
    }
}
