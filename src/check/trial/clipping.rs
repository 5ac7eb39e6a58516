//! Trials of clipping by the norm.

use super::update::{Gradient, magnitudes, state, terms, updated};
use super::{Bound, Expect, Random, Tensors, Trialled, tensor};
use crate::kernels::{
    ApplyGradient, ClipNorm, Control, LayerUpdate, SquareSum, apply_gradient, clip_norm, square_sum,
};

/// Numbers that a part sums.
const PART: usize = 4096;

impl Trialled for SquareSum {
    /// A random gradient and random parameters.
    fn trial(&self, _: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let SquareSum { inputs, outputs, first, hyper } = *self;
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
                words: tensor(&[], first + self.parts()),
                expect: Expect::Near { first, magnitudes },
            },
        }
    }
}

impl Trialled for ClipNorm {
    /// Random sums of squares.
    fn trial(&self, _: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let sums = random.positive(self.parts);
        let norm = sums.iter().sum::<f32>().sqrt();
        let scale = (self.most / norm).min(1.0);
        clip_norm::Bindings {
            partials: Bound::input(&sums, self.parts),
            clip: Bound::output(vec![scale, norm], ClipNorm::WORDS),
        }
    }
}

impl Trialled for ApplyGradient {
    /// A random gradient that shrinks; parameters and state in mid-run, or before the first step.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let LayerUpdate { update, lr, hyper, .. } = self.layer;
        let (weights, size) = (self.layer.weights(), self.layer.count());
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
}
