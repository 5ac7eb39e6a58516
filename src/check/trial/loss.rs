//! Trials of the losses.

use super::rowwise::{class_logits, probabilities};
use super::{Bound, Expect, Random, Tensors, Trialled, absolute, tensor};
use crate::kernels::{Control, Criterion, LossGradient, Weighting, Words, loss_gradient, sigmoid};
use crate::spec::{Loss, Output};

impl Trialled for LossGradient {
    /// Random z, far past what saturates, and targets.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let LossGradient { rows, outputs, criterion, weighting } = *self;
        let (live, before) = (control.rows as usize, control.before as usize);
        let batch = control.batch_rows() as usize;
        let mut magnitudes = Magnitudes::default();
        let (z, targets) = match criterion.output {
            Output::Softmax => {
                let z = class_logits(live, outputs, random);
                let classes: Words = (0..live).map(|_| random.below(outputs) as u32).collect();
                for (z, &class) in z.chunks_exact(outputs).zip(&classes) {
                    of_classes(criterion, z, class as usize, batch, &mut magnitudes);
                }
                (z, classes)
            }
            Output::Sigmoid => {
                let z = random.logits(live * outputs);
                let targets = labels(live * outputs, random);
                magnitudes.elements(&z, &targets, outputs, |z, t| of_label(criterion, z, t));
                (z, bytemuck::cast_vec(targets))
            }
            Output::Identity => {
                let z = random.logits(live * outputs);
                let targets = random.floats(live * outputs, 10.0);
                magnitudes.elements(&z, &targets, outputs, |z, t| of_number(criterion.loss, z, t));
                (z, bytemuck::cast_vec(targets))
            }
        };
        let weights = matches!(weighting, Weighting::Rows { .. }).then(|| random.floats(live, 2.0));
        if let Some(weights) = &weights {
            let metrics = pairs_of(&mut magnitudes.row_metrics);
            weighting.weigh(&absolute(weights), &mut magnitudes.d_z, metrics);
        }
        // Those of rows before a micro-batch are nothing to it.
        let of_batch = |weights| [vec![f32::NAN; before], weights].concat();
        loss_gradient::Bindings {
            control: Bound::control(control),
            z: Bound::input(&z, rows * outputs),
            targets: Bound::input(&targets, rows * criterion.target_columns(outputs)),
            d_z: Bound::output(magnitudes.d_z, rows * outputs),
            row_metrics: Bound {
                words: tensor(&[], 2 * (before + rows)),
                expect: Expect::Near { first: 2 * before, magnitudes: magnitudes.row_metrics },
            },
            weights: weights.map(|weights| Bound::input(&of_batch(weights), before + rows)),
        }
    }
}

fn pairs_of(numbers: &mut [f32]) -> &mut [[f32; 2]] {
    bytemuck::cast_slice_mut(numbers)
}

/// The magnitudes of what a loss writes.
#[derive(Default)]
struct Magnitudes {
    d_z: Vec<f32>,
    row_metrics: Vec<f32>,
}

/// The magnitudes of one element's loss, slope and score.
struct Element {
    loss: f32,
    slope: f32,
    score: f32,
}

impl Magnitudes {
    /// Row by row, where each output has a target of its own.
    fn elements(
        &mut self,
        z: &[f32],
        targets: &[f32],
        outputs: usize,
        of: impl Fn(f32, f32) -> Element,
    ) {
        let count = z.len() as f32;
        // All terms have one sign, so partial sums grow, and each addition is off by up to half a step of
        // them: by some √n steps of the sum altogether where roundings go either way. Up to 64 terms that
        // is little beside the rest.
        let sum = (outputs as f32).sqrt().max(8.0) / 8.0;
        for (z, targets) in z.chunks_exact(outputs).zip(targets.chunks_exact(outputs)) {
            let mut row = [0.0, 0.0];
            for (&z, &t) in z.iter().zip(targets) {
                let Element { loss, slope, score } = of(z, t);
                self.d_z.push(slope / count);
                row = [row[0] + loss / outputs as f32, row[1] + score];
            }
            self.row_metrics.extend(row.map(|magnitude| sum * magnitude));
        }
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

fn of_label(criterion: Criterion, z: f32, t: f32) -> Element {
    let tail = (-z.abs()).exp().ln_1p();
    // ln p or ln(1−p), both of them sums of nothing that cancels.
    let ln = |z: f32| z.min(0.0).abs() + tail * (1.0 + z.abs());
    let (p, not_p) = (sigmoid_magnitude(z), sigmoid_magnitude(-z));
    let (loss, slope) = match criterion.loss {
        Loss::Focal { gamma, alpha } => {
            let gamma = gamma as f32;
            let [no, yes] = alpha.map_or([1.0; 2], |alpha| [1.0 - alpha as f32, alpha as f32]);
            // e^(γ ln q) is off by 3 + 2 γ |ln q| steps, and by those of its exponent.
            let power = |z: f32| (-gamma * ln(z)).exp() * (1.0 + gamma * ln(z));
            let (yes, no) = (t * yes * power(-z), (1.0 - t) * no * power(z));
            let loss = yes * ln(z) + no * ln(-z);
            (loss, no * (p + gamma * not_p * ln(-z)) + yes * (not_p + gamma * p * ln(z)))
        }
        Loss::Mse => {
            let y = p + t;
            (y * y, 2.0 * y * p)
        }
        _ => {
            let t = criterion.smoothed(t);
            let clamped = |z: f32| z.min(0.0).abs().min(100.0) + tail * (1.0 + z.abs());
            (t * clamped(z) + (1.0 - t) * clamped(-z), (1.0 - t) * p + t * not_p)
        }
    };
    Element { loss, slope, score: 1.0 }
}

fn of_number(loss: Loss, z: f32, t: f32) -> Element {
    let (e, terms) = ((z - t).abs(), z.abs() + t.abs());
    // Past its threshold the slope is what it is; before it, it has the error's own error.
    let line = |delta: f32| if e < 2.0 * delta { terms + delta } else { delta };
    let (loss, slope) = match loss {
        Loss::Mae => (terms, 1.0),
        Loss::Huber { delta } => (delta as f32 * terms + delta as f32, line(delta as f32)),
        Loss::SmoothL1 { beta } => (terms + beta as f32, line(beta as f32) / beta as f32),
        _ => (terms * terms, 2.0 * terms),
    };
    Element { loss, slope, score: terms * terms }
}

fn of_classes(
    criterion: Criterion,
    z: &[f32],
    class: usize,
    rows: usize,
    magnitudes: &mut Magnitudes,
) {
    let largest = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = z.iter().map(|z| (z - largest).exp()).sum();
    let terms = probabilities(z);
    // The sum's own relative error is that of its largest term, 1; ln makes it absolute.
    let below = |z: f32| largest - z;
    let ln = terms.iter().sum::<f32>() + sum.ln() + below(z[class]);
    let (loss, power) = match criterion.loss {
        Loss::Focal { gamma, .. } => {
            let others: f32 =
                (0..z.len()).filter(|&o| o != class).map(|o| (z[o] - largest).exp()).sum();
            let (gamma, ln_not_q) = (gamma as f32, (others / sum).max(f32::MIN_POSITIVE).ln());
            // (1 − q)^γ has γ times the relative error of 1 − q, which is e to some −|ln(1 − q)|.
            let power = (gamma * ln_not_q).exp() * (1.0 + gamma * (1.0 - ln_not_q));
            (power * ln, power * (1.0 + gamma * (1.0 + ln)))
        }
        _ => {
            let all: f32 = z.iter().map(|z| below(*z)).sum();
            (ln + criterion.label_smoothing as f32 * all / z.len() as f32, 1.0)
        }
    };
    magnitudes.row_metrics.extend([loss, 1.0]);
    let spread = criterion.label_smoothing as f32 / z.len() as f32;
    let truth = |o: usize| if o == class { 1.0 } else { spread };
    let d_z = terms.iter().enumerate().map(|(o, p)| power * (p + truth(o)) / rows as f32);
    magnitudes.d_z.extend(d_z);
}
