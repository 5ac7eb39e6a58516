//! The losses, each with its value and its gradient d_z\[B,O\]: `shaders/loss_*.wgsl`.

use super::math::sigmoid;
use super::shader::{CONTROL, FOLD, LOSS_BCE, LOSS_CROSS_ENTROPY, LOSS_MSE, MATH};
use super::softmax::softmax;
use super::{
    Control, Cost, Kernel, Module, Slot, WORKGROUP, Words, floats, floats_mut, groups_for,
    immediates, pairs_mut, reads, slots, writes,
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

immediates! { Immediates { outputs: u32 } }
immediates! { ImmediatesMse { outputs: u32, sigmoid: u32 } }

impl Kernel for LossGradient {
    fn stem(&self) -> &'static str {
        match self.loss {
            Loss::Bce => "loss_bce",
            Loss::CrossEntropy => "loss_cross_entropy",
            Loss::Mse => "loss_mse",
        }
    }

    fn modules(&self) -> Vec<Module> {
        match self.loss {
            Loss::Bce => vec![CONTROL, FOLD, MATH, LOSS_BCE],
            Loss::CrossEntropy => vec![CONTROL, FOLD, LOSS_CROSS_ENTROPY],
            Loss::Mse => vec![CONTROL, FOLD, MATH, LOSS_MSE],
        }
    }

    fn slots(&self) -> Vec<Slot> {
        vec![reads("control"), reads("z"), reads("targets"), writes("d_z"), writes("row_metrics")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        vec![("WORKGROUP", f64::from(WORKGROUP))]
    }

    fn immediate_fields(&self) -> &'static [&'static str] {
        match self.loss {
            Loss::Mse => ImmediatesMse::FIELDS,
            Loss::Bce | Loss::CrossEntropy => Immediates::FIELDS,
        }
    }

    fn immediates(&self) -> Vec<u8> {
        let outputs = self.outputs as u32;
        match self.loss {
            Loss::Mse => {
                let sigmoid = u32::from(self.output == Output::Sigmoid);
                bytemuck::bytes_of(&ImmediatesMse { outputs, sigmoid }).to_vec()
            }
            Loss::Bce | Loss::CrossEntropy => bytemuck::bytes_of(&Immediates { outputs }).to_vec(),
        }
    }

    fn workgroups(&self) -> u64 {
        groups_for(self.rows)
    }

    fn describe(&self) -> String {
        let Self { rows, outputs, .. } = self;
        format!("loss and gradient of [{rows},{outputs}]")
    }

    fn cost(&self) -> Cost {
        let elements = (self.rows * self.outputs) as u64;
        Cost { flops: 12 * elements, bytes: 12 * elements + 8 * self.rows as u64 }
    }

    fn twin(&self, bound: &mut [Words]) {
        let [control, z, targets, d_z, row_metrics] = slots(bound);
        let rows = Control::from_words(control).rows as usize;
        let (o, z, d_z) = (self.outputs, floats(z), floats_mut(d_z));
        let row_metrics = pairs_mut(row_metrics);
        for b in 0..rows {
            let row = b * o..(b + 1) * o;
            let (z, d_z) = (&z[row.clone()], &mut d_z[row.clone()]);
            row_metrics[b] = match self.loss {
                Loss::Bce => bce(z, &floats(targets)[row], d_z, rows),
                Loss::Mse => mse(z, &floats(targets)[row], d_z, rows, self.output),
                Loss::CrossEntropy => cross_entropy(z, targets[b], d_z, rows),
            };
        }
    }
}

/// −[t ln p + (1−t) ln(1−p)], averaged over the outputs; d_z = (p − t) / (B O).
fn bce(z: &[f32], targets: &[f32], d_z: &mut [f32], rows: usize) -> [f32; 2] {
    let (mut loss, mut score) = (0.0, 0.0);
    let count = z.len() as f32;
    for ((z, t), d_z) in z.iter().zip(targets).zip(d_z) {
        let tail = (-z.abs()).exp().ln_1p();
        let ln_p = (z.min(0.0) - tail).max(-100.0);
        let ln_not_p = ((-z).min(0.0) - tail).max(-100.0);
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
