//! The losses, each with its value and its gradient d_z\[B,O\]: `shaders/loss_gradient.wgsl` with
//! the piece of each loss.

use super::math::sigmoid;
use super::shader::{CONTROL, FOLD, LOSS_BCE, LOSS_CROSS_ENTROPY, LOSS_GRADIENT, LOSS_MSE, MATH};
use super::softmax::softmax;
use super::{
    Control, Cost, Kernel, Module, Slot, WORKGROUP, floats, floats_mut, groups_for, immediates,
    pairs_mut, reads, slots, writes,
};
use crate::spec::{Loss, Output};

/// A loss over `rows` rows at most: what the last layer's z costs against the targets.
#[derive(Clone, Debug, PartialEq)]
pub struct LossGradient {
    /// B, at most.
    pub rows: usize,
    /// O
    pub outputs: usize,
    /// Which.
    pub loss: Loss,
    /// The function after the last layer, which the gradient goes through.
    pub output: Output,
}

immediates! { struct Immediates { outputs: u32 } }

/// The piece of WGSL with the function `loss_row` of a loss.
pub(super) const fn piece(loss: Loss) -> Module {
    match loss {
        Loss::Bce => LOSS_BCE,
        Loss::CrossEntropy => LOSS_CROSS_ENTROPY,
        Loss::Mse => LOSS_MSE,
    }
}

/// The overrides of that piece.
pub(super) fn piece_overrides(loss: Loss, output: Output) -> Vec<(&'static str, f64)> {
    match loss {
        Loss::Mse => vec![("SIGMOID_OUTPUT", f64::from(u8::from(output == Output::Sigmoid)))],
        Loss::Bce | Loss::CrossEntropy => Vec::new(),
    }
}

impl Kernel for LossGradient {
    fn stem(&self) -> &'static str {
        "loss_gradient"
    }

    fn modules(&self) -> Vec<Module> {
        vec![CONTROL, FOLD, MATH, piece(self.loss), LOSS_GRADIENT]
    }

    fn slots(&self) -> Vec<Slot> {
        vec![reads("control"), reads("z"), reads("targets"), writes("d_z"), writes("row_metrics")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        let mut overrides = piece_overrides(self.loss, self.output);
        overrides.push(("WORKGROUP", f64::from(WORKGROUP)));
        overrides
    }

    fn immediate_fields(&self) -> Vec<String> {
        super::flattened(Immediates::FIELDS)
    }

    fn immediates(&self) -> Vec<u8> {
        bytemuck::bytes_of(&Immediates { outputs: self.outputs as u32 }).to_vec()
    }

    fn workgroups(&self) -> u64 {
        groups_for(self.rows)
    }

    fn describe(&self) -> String {
        let Self { rows, outputs, .. } = self;
        format!("{} of [{rows},{outputs}] with its gradient", self.loss)
    }

    fn cost(&self) -> Cost {
        let elements = (self.rows * self.outputs) as u64;
        Cost { flops: 12 * elements, bytes: 12 * elements + 8 * self.rows as u64 }
    }

    fn twin(&self, bound: &mut [&mut [u32]]) {
        let [control, z, targets, d_z, row_metrics] = slots(bound);
        let rows = Control::from_words(control).rows as usize;
        let (o, z, d_z) = (self.outputs, floats(z), floats_mut(d_z));
        let row_metrics = pairs_mut(row_metrics);
        for b in 0..rows {
            let row = b * o..(b + 1) * o;
            let (z, d_z) = (&z[row.clone()], &mut d_z[row.clone()]);
            let targets = match self.loss {
                Loss::CrossEntropy => &targets[b..=b],
                Loss::Bce | Loss::Mse => &targets[row],
            };
            row_metrics[b] = loss_row(self.loss, self.output, z, targets, d_z, rows);
        }
    }
}

/// Loss and score of one row of `rows`, and its d_z: `targets` are the row's words.
pub(crate) fn loss_row(
    loss: Loss,
    output: Output,
    z: &[f32],
    targets: &[u32],
    d_z: &mut [f32],
    rows: usize,
) -> [f32; 2] {
    match loss {
        Loss::Bce => bce(z, floats(targets), d_z, rows),
        Loss::Mse => mse(z, floats(targets), d_z, rows, output),
        Loss::CrossEntropy => cross_entropy(z, targets[0], d_z, rows),
    }
}

/// At least −100, and NaN where it is NaN: `max` would hide that training has diverged.
fn clamped(logarithm: f32) -> f32 {
    if logarithm < -100.0 { -100.0 } else { logarithm }
}

/// −[t ln p + (1−t) ln(1−p)], averaged over the outputs; d_z = (p − t) / (B O).
fn bce(z: &[f32], targets: &[f32], d_z: &mut [f32], rows: usize) -> [f32; 2] {
    let (mut loss, mut score) = (0.0, 0.0);
    let count = z.len() as f32;
    for ((z, t), d_z) in z.iter().zip(targets).zip(d_z) {
        let tail = (-z.abs()).exp().ln_1p();
        let ln_p = clamped(if *z < 0.0 { z - tail } else { -tail });
        let ln_not_p = clamped(if *z > 0.0 { -z - tail } else { -tail });
        loss -= t * ln_p + (1.0 - t) * ln_not_p;
        score += f32::from((sigmoid(*z) > 0.5) == (*t > 0.5));
        // p − t, with 1 − p as sigmoid(−z): the difference would cancel where the network is right.
        *d_z = ((1.0 - t) * sigmoid(*z) - t * sigmoid(-z)) / (rows as f32 * count);
    }
    [loss / count, score / count]
}

/// (y − t)², averaged over the outputs; d_z = 2 (y − t) y′ / (B O).
fn mse(z: &[f32], targets: &[f32], d_z: &mut [f32], rows: usize, output: Output) -> [f32; 2] {
    let (mut squares, mut right) = (0.0, 0.0);
    let count = z.len() as f32;
    for ((z, t), d_z) in z.iter().zip(targets).zip(d_z) {
        let (y, slope) = match output {
            Output::Sigmoid => (sigmoid(*z), sigmoid(*z) * (1.0 - sigmoid(*z))),
            Output::Identity | Output::Softmax => (*z, 1.0),
        };
        squares += (y - t) * (y - t);
        right += f32::from((y > 0.5) == (*t > 0.5));
        *d_z = (y - t) * slope * (2.0 / (rows as f32 * count));
    }
    let score = if output == Output::Sigmoid { right / count } else { squares };
    [squares / count, score]
}

/// −ln softmax(z)\[t\]; d_z = (softmax(z) − onehot(t)) / B.
fn cross_entropy(z: &[f32], target: u32, d_z: &mut [f32], rows: usize) -> [f32; 2] {
    let target = (target as usize).min(z.len() - 1);
    let (largest, sum) = softmax(z, d_z);
    for (o, d_z) in d_z.iter_mut().enumerate() {
        *d_z = (*d_z - f32::from(o == target)) / rows as f32;
    }
    let first_largest = z.iter().position(|z| *z == largest);
    [sum.ln() - (z[target] - largest), f32::from(first_largest == Some(target))]
}
