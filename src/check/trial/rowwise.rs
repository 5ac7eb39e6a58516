//! Trials of the kernels that take a row or an element a thread: activations, softmax, losses.

use super::{Bound, Random, Trial};
use crate::kernels::{Activate, Control, Function, LossGradient, Softmax, Words, sigmoid};
use crate::spec::{Activation, Loss, Output};

/// Random z, far past what saturates.
pub(super) fn activate(activate: &Activate, control: Control, random: &mut Random) -> Trial {
    let Activate { rows, columns, function } = *activate;
    let z = random.logits(control.rows as usize * columns);
    let magnitudes = z
        .iter()
        .map(|&z| {
            let kept = kept(function, &[z])[0];
            // z is taken as it is, so an error of its last place is what y must answer for.
            function.value(z).abs() + (z * function.derivative(kept)).abs() + slack(function, z)
        })
        .collect();
    vec![
        Bound::control(control),
        Bound::input(&z, rows * columns),
        Bound::output(magnitudes, rows * columns),
    ]
}

/// What the forward pass keeps of z: y where the derivative can be had from it.
pub(super) fn kept(function: Function, z: &[f32]) -> Vec<f32> {
    match function {
        Function::Of(activation) if activation.derivative_from_value() => {
            z.iter().map(|z| function.value(*z)).collect()
        }
        Function::Identity | Function::Of(_) => z.to_vec(),
    }
}

/// The magnitude of what a formula adds up on its way from z to y, where y and z tell nothing of
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

/// Random z, one row of every four all equal: no class is before the first.
pub(super) fn softmax(softmax: &Softmax, control: Control, random: &mut Random) -> Trial {
    let Softmax { rows, outputs } = *softmax;
    let z = class_logits(control.rows as usize, outputs, random);
    let magnitudes = z.chunks_exact(outputs).flat_map(probabilities).collect();
    vec![
        Bound::control(control),
        Bound::input(&z, rows * outputs),
        Bound::output(magnitudes, rows * outputs),
    ]
}

fn class_logits(rows: usize, outputs: usize, random: &mut Random) -> Vec<f32> {
    let mut z = random.logits(rows * outputs);
    for row in z.chunks_exact_mut(outputs).skip(1).step_by(4) {
        row.fill(row[0]);
    }
    z
}

/// The magnitudes of a row's probabilities: e^d is off by 3 + 2|d| steps.
fn probabilities(z: &[f32]) -> Vec<f32> {
    let largest = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = z.iter().map(|z| (z - largest).exp()).sum();
    let term = |z: &f32| (z - largest).exp() / sum * (1.0 + largest - z);
    let of_sum: f32 = z.iter().map(term).sum();
    z.iter().map(|z| term(z) + (z - largest).exp() / sum * of_sum).collect()
}

/// Random z, far past what saturates, and targets.
pub(super) fn loss(loss: &LossGradient, control: Control, random: &mut Random) -> Trial {
    let LossGradient { rows, outputs, .. } = *loss;
    let live = control.rows as usize;
    let (z, targets, magnitudes) = match loss.loss {
        Loss::Bce => bce(live, outputs, random),
        Loss::Mse => mse(live, outputs, loss.output, random),
        Loss::CrossEntropy => cross_entropy(live, outputs, random),
    };
    let columns = loss.loss.target_columns(outputs);
    vec![
        Bound::control(control),
        Bound::input(&z, rows * outputs),
        Bound::input(&targets, rows * columns),
        Bound::output(magnitudes.d_z, rows * outputs),
        Bound::output(magnitudes.row_metrics, 2 * rows),
    ]
}

/// The magnitudes of what a loss writes.
#[derive(Default)]
struct Magnitudes {
    d_z: Vec<f32>,
    row_metrics: Vec<f32>,
}

impl Magnitudes {
    fn row(&mut self, loss: f32, score: f32) {
        self.row_metrics.extend([loss, score]);
    }
}

/// σ(z)'s magnitude: where z is negative it is e^z, off by 3 + 2|z| steps.
fn sigmoid_magnitude(z: f32) -> f32 {
    sigmoid(z) * (1.0 + (-z).max(0.0))
}

/// Mostly 0 and 1, some between.
fn labels(count: usize, random: &mut Random) -> Vec<f32> {
    let label = |_| match random.below(8) {
        0 => random.uniform(0.0, 1.0),
        other => (other % 2) as f32,
    };
    (0..count).map(label).collect()
}

fn bce(live: usize, outputs: usize, random: &mut Random) -> (Vec<f32>, Words, Magnitudes) {
    let z = random.logits(live * outputs);
    let targets = labels(live * outputs, random);
    let scale = 1.0 / (live * outputs) as f32;
    let mut magnitudes = Magnitudes::default();
    for (z, targets) in z.chunks_exact(outputs).zip(targets.chunks_exact(outputs)) {
        let mut loss = 0.0;
        for (&z, &t) in z.iter().zip(targets) {
            let tail = (-z.abs()).exp().ln_1p();
            let clamped = |ln: f32| (ln - tail).max(-100.0).abs();
            loss += t * clamped(z.min(0.0)) + (1.0 - t) * clamped((-z).min(0.0)) + tail * z.abs();
            let terms = (1.0 - t) * sigmoid_magnitude(z) + t * sigmoid_magnitude(-z);
            magnitudes.d_z.push(terms * scale);
        }
        magnitudes.row(loss / outputs as f32, 1.0);
    }
    (z, bytemuck::cast_vec(targets), magnitudes)
}

fn mse(
    live: usize,
    outputs: usize,
    output: Output,
    random: &mut Random,
) -> (Vec<f32>, Words, Magnitudes) {
    let z = random.logits(live * outputs);
    let targets = match output {
        Output::Sigmoid => labels(live * outputs, random),
        Output::Identity | Output::Softmax => random.floats(live * outputs, 10.0),
    };
    let scale = 2.0 / (live * outputs) as f32;
    let mut magnitudes = Magnitudes::default();
    for (z, targets) in z.chunks_exact(outputs).zip(targets.chunks_exact(outputs)) {
        let mut squares = 0.0;
        for (&z, &t) in z.iter().zip(targets) {
            let (y, slope) = match output {
                Output::Sigmoid => (sigmoid_magnitude(z), sigmoid_magnitude(z)),
                Output::Identity | Output::Softmax => (z.abs(), 1.0),
            };
            magnitudes.d_z.push((y + t.abs()) * slope * scale);
            squares += (y + t.abs()) * (y + t.abs());
        }
        let score = if output == Output::Sigmoid { 1.0 } else { squares };
        magnitudes.row(squares / outputs as f32, score);
    }
    (z, bytemuck::cast_vec(targets), magnitudes)
}

fn cross_entropy(
    live: usize,
    outputs: usize,
    random: &mut Random,
) -> (Vec<f32>, Words, Magnitudes) {
    let z = class_logits(live, outputs, random);
    let classes: Vec<u32> = (0..live).map(|_| random.below(outputs) as u32).collect();
    let mut magnitudes = Magnitudes::default();
    for (z, &class) in z.chunks_exact(outputs).zip(&classes) {
        let largest = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f32 = z.iter().map(|z| (z - largest).exp()).sum();
        let terms = probabilities(z);
        // The sum's own relative error is that of its largest term, 1; ln makes it absolute.
        let loss = terms.iter().sum::<f32>() + sum.ln() + largest - z[class as usize];
        magnitudes.row(loss, 1.0);
        let one_hot = |o: usize| if o == class as usize { 1.0 } else { 0.0 };
        let d_z = terms.iter().enumerate().map(|(o, p)| (p + one_hot(o)) / live as f32);
        magnitudes.d_z.extend(d_z);
    }
    (z, classes, magnitudes)
}
