//! The losses, each with its value and its gradient d_z, for one row: the twins of
//! `shaders/loss_*.wgsl`, which share the function `loss_row`.

use super::math::sigmoid;
use super::shader::piece;
use super::softmax::softmax;
use super::{Module, floats};
use crate::spec::{Loss, Output};

/// What the last layer's z costs against the targets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Criterion {
    /// Which loss.
    pub loss: Loss,
    /// The function after the last layer, which the gradient goes through.
    pub output: Output,
    /// The share of the truth that is spread over all answers.
    pub label_smoothing: f64,
}

impl Criterion {
    /// A loss with hard labels.
    pub const fn new(loss: Loss, output: Output) -> Self {
        Self { loss, output, label_smoothing: 0.0 }
    }

    /// The piece of WGSL with the function `loss_row`.
    pub(super) const fn piece(&self) -> Module {
        match self.loss {
            Loss::Bce => piece!("loss/bce"),
            Loss::CrossEntropy => piece!("loss/cross_entropy"),
            Loss::Mse => piece!("loss/mse"),
            Loss::Mae => piece!("loss/mae"),
            Loss::Huber { .. } | Loss::SmoothL1 { .. } => piece!("loss/huber"),
            Loss::Focal { .. } => match self.output {
                Output::Softmax => piece!("loss/focal_classes"),
                Output::Identity | Output::Sigmoid => piece!("loss/focal"),
            },
        }
    }

    /// The overrides of that piece.
    pub(super) fn overrides(&self) -> Vec<(&'static str, f64)> {
        match self.loss {
            Loss::Bce | Loss::CrossEntropy => vec![("LABEL_SMOOTHING", self.label_smoothing)],
            Loss::Mse => {
                let sigmoid = self.output == Output::Sigmoid;
                vec![("SIGMOID_OUTPUT", f64::from(u8::from(sigmoid)))]
            }
            Loss::Mae => Vec::new(),
            Loss::Huber { delta } => vec![("DELTA", delta), ("LOSS_SCALE", 1.0)],
            Loss::SmoothL1 { beta } => vec![("DELTA", beta), ("LOSS_SCALE", 1.0 / beta)],
            Loss::Focal { gamma, alpha } => match self.output {
                Output::Softmax => vec![("GAMMA", gamma)],
                Output::Identity | Output::Sigmoid => {
                    let [no, yes] = balance(alpha);
                    vec![("GAMMA", gamma), ("WEIGHT_NO", no), ("WEIGHT_YES", yes)]
                }
            },
        }
    }

    /// Words in a row of targets.
    pub(crate) const fn target_columns(&self, outputs: usize) -> usize {
        self.output.target_columns(outputs)
    }

    /// Loss and score of one row of `rows`, and its d_z: `targets` are the row's words.
    pub(crate) fn row(&self, z: &[f32], targets: &[u32], d_z: &mut [f32], rows: usize) -> [f32; 2] {
        let scale = 1.0 / (rows as f32 * z.len() as f32);
        match self.loss {
            Loss::Bce => {
                let labels = floats(targets).iter().map(|t| self.smoothed(*t));
                bce(z, labels, d_z, scale)
            }
            Loss::CrossEntropy => {
                cross_entropy(z, targets[0], d_z, rows, self.label_smoothing as f32)
            }
            Loss::Mse if self.output == Output::Sigmoid => {
                mse_of_sigmoid(z, floats(targets), d_z, scale)
            }
            Loss::Mse => regression(z, floats(targets), d_z, |e| (e * e, e * (2.0 * scale))),
            // PyTorch's slope of |e| at 0 is 0.
            Loss::Mae => regression(z, floats(targets), d_z, |e| {
                (e.abs(), if e == 0.0 { 0.0 } else { e.signum() * scale })
            }),
            Loss::Huber { delta } => huber(z, floats(targets), d_z, delta as f32, 1.0, scale),
            Loss::SmoothL1 { beta } => {
                huber(z, floats(targets), d_z, beta as f32, (1.0 / beta) as f32, scale)
            }
            Loss::Focal { gamma, .. } if self.output == Output::Softmax => {
                focal_classes(z, targets[0], d_z, rows, gamma as f32)
            }
            Loss::Focal { gamma, alpha } => {
                let weights = balance(alpha).map(|weight| weight as f32);
                focal(z, floats(targets), d_z, scale, gamma as f32, weights)
            }
        }
    }

    /// A label that is not quite certain.
    pub(crate) fn smoothed(&self, t: f32) -> f32 {
        let smoothing = self.label_smoothing as f32;
        t * (1.0 - smoothing) + 0.5 * smoothing
    }
}

/// The weights of "no" and of "yes".
fn balance(alpha: Option<f64>) -> [f64; 2] {
    alpha.map_or([1.0, 1.0], |alpha| [1.0 - alpha, alpha])
}

/// At least −100, and NaN where it is NaN: `max` would hide that training has diverged.
fn clamped(logarithm: f32) -> f32 {
    if logarithm < -100.0 { -100.0 } else { logarithm }
}

/// ln p and ln(1−p), from z so that neither loses its digits.
fn logarithms(z: f32) -> [f32; 2] {
    let tail = (-z.abs()).exp().ln_1p();
    [if z < 0.0 { z - tail } else { -tail }, if z > 0.0 { -z - tail } else { -tail }]
}

/// −[t ln p + (1−t) ln(1−p)], averaged over the outputs; d_z = (p − t) / (B O).
fn bce(z: &[f32], targets: impl Iterator<Item = f32>, d_z: &mut [f32], scale: f32) -> [f32; 2] {
    let (mut loss, mut score) = (0.0, 0.0);
    let count = z.len() as f32;
    for ((z, t), d_z) in z.iter().zip(targets).zip(d_z) {
        let [ln_p, ln_not_p] = logarithms(*z).map(clamped);
        loss -= t * ln_p + (1.0 - t) * ln_not_p;
        score += f32::from((sigmoid(*z) > 0.5) == (t > 0.5));
        // p − t, with 1 − p as sigmoid(−z): the difference would cancel where the network is right.
        *d_z = ((1.0 - t) * sigmoid(*z) - t * sigmoid(-z)) * scale;
    }
    [loss / count, score / count]
}

/// (p − t)², averaged over the outputs; d_z = 2 (p − t) p (1−p) / (B O).
fn mse_of_sigmoid(z: &[f32], targets: &[f32], d_z: &mut [f32], scale: f32) -> [f32; 2] {
    let (mut squares, mut right) = (0.0, 0.0);
    let count = z.len() as f32;
    for ((z, t), d_z) in z.iter().zip(targets).zip(d_z) {
        let y = sigmoid(*z);
        squares += (y - t) * (y - t);
        right += f32::from((y > 0.5) == (*t > 0.5));
        *d_z = (y - t) * (y * (1.0 - y)) * (2.0 * scale);
    }
    [squares / count, right / count]
}

/// The losses of numbers: `of` gives an error's loss and d_z. The score is the row's sum of squared
/// errors, for R².
fn regression(
    z: &[f32],
    targets: &[f32],
    d_z: &mut [f32],
    of: impl Fn(f32) -> (f32, f32),
) -> [f32; 2] {
    let (mut loss, mut squares) = (0.0, 0.0);
    for ((z, t), d_z) in z.iter().zip(targets).zip(d_z) {
        let e = z - t;
        let (own, slope) = of(e);
        loss += own;
        squares += e * e;
        *d_z = slope;
    }
    [loss / z.len() as f32, squares]
}

/// A parabola out to δ and straight lines from there on.
fn huber(
    z: &[f32],
    targets: &[f32],
    d_z: &mut [f32],
    delta: f32,
    loss_scale: f32,
    scale: f32,
) -> [f32; 2] {
    regression(z, targets, d_z, |e| {
        let size = e.abs();
        match size <= delta {
            true => (0.5 * e * e * loss_scale, e * (scale * loss_scale)),
            false => {
                let line = delta * (size - 0.5 * delta);
                (line * loss_scale, delta * e.signum() * (scale * loss_scale))
            }
        }
    })
}

/// −(1−ε) ln p\[t\] − ε mean ln p with p = softmax(z); d_z = (p − (1−ε) onehot(t) − ε/C) / B.
fn cross_entropy(z: &[f32], target: u32, d_z: &mut [f32], rows: usize, smoothing: f32) -> [f32; 2] {
    let target = (target as usize).min(z.len() - 1);
    let classes = z.len() as f32;
    let (largest, sum) = softmax(z, d_z);
    for (o, d_z) in d_z.iter_mut().enumerate() {
        let truth = if o == target { 1.0 - smoothing } else { 0.0 } + smoothing / classes;
        *d_z = (*d_z - truth) / rows as f32;
    }
    let first_largest = z.iter().position(|z| *z == largest);
    let mut truth = z[target] - largest;
    if smoothing > 0.0 {
        let all: f32 = z.iter().map(|z| z - largest).sum();
        truth = (1.0 - smoothing) * truth + smoothing * (all / classes);
    }
    [sum.ln() - truth, f32::from(first_largest == Some(target))]
}

/// −α (1−q)^γ ln q for each label, q the probability of the truth; its slope along z is
/// α (1−q)^γ [γ q ln q − (1−q)], with the sign turned for "no".
fn focal(
    z: &[f32],
    targets: &[f32],
    d_z: &mut [f32],
    scale: f32,
    gamma: f32,
    [weight_no, weight_yes]: [f32; 2],
) -> [f32; 2] {
    let (mut loss, mut score) = (0.0, 0.0);
    let count = z.len() as f32;
    for ((z, t), d_z) in z.iter().zip(targets).zip(d_z) {
        let [ln_p, ln_not_p] = logarithms(*z);
        let (p, not_p) = (sigmoid(*z), sigmoid(-z));
        let yes = t * weight_yes * (gamma * ln_not_p).exp();
        let no = (1.0 - t) * weight_no * (gamma * ln_p).exp();
        loss -= yes * ln_p + no * ln_not_p;
        score += f32::from((p > 0.5) == (*t > 0.5));
        let slope = no * (p - gamma * not_p * ln_not_p) - yes * (not_p - gamma * p * ln_p);
        *d_z = slope * scale;
    }
    [loss / count, score / count]
}

/// −(1−q)^γ ln q, q the true class's share; d_z = (1−q)^γ [1 − γ q ln q / (1−q)] (p − onehot) / B.
fn focal_classes(z: &[f32], target: u32, d_z: &mut [f32], rows: usize, gamma: f32) -> [f32; 2] {
    let target = (target as usize).min(z.len() - 1);
    let (largest, sum) = softmax(z, d_z);
    let own = (z[target] - largest).exp();
    let others: f32 = z
        .iter()
        .enumerate()
        .map(|(o, z)| if o == target { 0.0 } else { (z - largest).exp() })
        .sum();
    // 1 − q as the others' share: the difference would cancel where the network is right.
    let (q, not_q) = (own / sum, others / sum);
    let ln_q = if others < own { -(others / own).ln_1p() } else { z[target] - largest - sum.ln() };
    let ratio = if not_q > 0.0 { ln_q / not_q } else { -1.0 };
    let power = match not_q > 0.0 {
        true => (gamma * not_q.ln()).exp(),
        false => f32::from(gamma == 0.0),
    };
    let slope = power * (1.0 - gamma * q * ratio) / rows as f32;
    for (o, d_z) in d_z.iter_mut().enumerate() {
        *d_z = if o == target { -not_q * slope } else { *d_z * slope };
    }
    let first_largest = z.iter().position(|z| *z == largest);
    [-power * ln_q, f32::from(first_largest == Some(target))]
}
