//! Trials of activations and softmax.

use super::{Bound, Random, Tensors, Trialled};
use crate::kernels::{self, Activate, Control, Dropout, Function, Softmax, activate, dropout};
use crate::spec::Activation;

impl Trialled for Activate {
    /// Random z, far past what saturates.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let Activate { rows, columns, function } = *self;
        let z = random.logits(control.rows as usize * columns);
        let magnitudes = z
            .iter()
            .map(|&z| {
                let kept = kept(function, &[z])[0];
                // z is taken as it is, so an error of its last place is what y must answer for.
                function.value(z).abs() + (z * function.derivative(kept)).abs() + slack(function, z)
            })
            .collect();
        activate::Bindings {
            control: Bound::control(control),
            z: Bound::input(&z, rows * columns),
            y: Bound::output(magnitudes, rows * columns),
        }
    }
}

impl Trialled for Dropout {
    /// Random numbers, of which the same must be left out here and there.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let Dropout { rows, columns, share, .. } = *self;
        let x = random.floats(control.rows as usize * columns, 1.0);
        let magnitudes = x.iter().map(|x| x.abs() / (1.0 - share as f32)).collect();
        dropout::Bindings {
            control: Bound::control(control),
            x: Bound::input(&x, rows * columns),
            y: Bound::output(magnitudes, rows * columns),
        }
    }
}

/// What the forward pass keeps of z: y where the derivative can be had from it.
pub(super) fn kept(function: Function, z: &[f32]) -> Vec<f32> {
    match function.keeps_z() {
        true => z.to_vec(),
        false => z.iter().map(|z| function.value(*z)).collect(),
    }
}

/// The magnitude of the terms that a formula adds up between z and y, where y and z tell nothing of
/// it.
pub(super) fn slack(function: Function, z: f32) -> f32 {
    match function {
        // Drivers may make it of e^z and e^−z, each off by 3 + 2|z| steps; the shader's z ends at
        // ±10.
        Function::Of(Activation::Tanh) => 1.0 + z.abs().min(10.0),
        // 1 + erf(z / √2) cancels where z is negative.
        Function::Of(Activation::Gelu) => z.abs(),
        _ => 0.0,
    }
}

impl Trialled for Softmax {
    /// Random z and the probabilities that they make.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let Softmax { rows, outputs } = *self;
        let z = class_logits(control.rows as usize, outputs, random);
        let magnitudes = z.chunks_exact(outputs).flat_map(probabilities).collect();
        kernels::softmax::Bindings {
            control: Bound::control(control),
            z: Bound::input(&z, rows * outputs),
            probability: Bound::output(magnitudes, rows * outputs),
        }
    }
}

/// Random z, one row of every four all equal: no class is before the first.
pub(super) fn class_logits(rows: usize, outputs: usize, random: &mut Random) -> Vec<f32> {
    let mut z = random.logits(rows * outputs);
    for row in z.chunks_exact_mut(outputs).skip(1).step_by(4) {
        row.fill(row[0]);
    }
    z
}

/// The magnitudes of a row's probabilities: e^d is off by 3 + 2|d| steps.
pub(super) fn probabilities(z: &[f32]) -> Vec<f32> {
    let largest = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = z.iter().map(|z| (z - largest).exp()).sum();
    let term = |z: &f32| (z - largest).exp() / sum * (1.0 + largest - z);
    let of_sum: f32 = z.iter().map(term).sum();
    z.iter().map(|z| term(z) + (z - largest).exp() / sum * of_sum).collect()
}
