//! Probabilities from the last layer: p\[B,O\] = softmax(z\[B,O\]).

use super::shader::{CONTROL, FOLD, piece};
use super::{Contract, Control, Cost, Module, Views, WORKGROUP, bindings, groups_for, immediates};

/// Softmax over `rows` rows at most.
#[derive(Clone, Debug, PartialEq)]
pub struct Softmax {
    /// B, at most.
    pub rows: usize,
    /// O
    pub outputs: usize,
}

immediates! { pub(crate) struct Immediates { outputs: u32 } }

bindings! {
    Softmax {
        read control: Control [1],
        read z: f32 [B, O],
        write probability: f32 [B, O],
    }
}

impl Contract for Softmax {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "softmax"
    }

    fn modules(&self) -> Vec<Module> {
        vec![CONTROL, FOLD, piece!("softmax")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        vec![("WORKGROUP", f64::from(WORKGROUP))]
    }

    fn immediates(&self) -> Immediates {
        Immediates { outputs: self.outputs as u32 }
    }

    fn workgroups(&self) -> u64 {
        groups_for(self.rows)
    }

    fn describe(&self) -> String {
        let Self { rows, outputs } = self;
        format!("softmax([{rows},{outputs}])")
    }

    fn cost(&self) -> Cost {
        let elements = (self.rows * self.outputs) as u64;
        Cost { flops: 5 * elements, bytes: 8 * elements }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { control, z, probability } = bound;
        let z = z.chunks_exact(self.outputs);
        let probability = probability.chunks_exact_mut(self.outputs);
        for (z, probability) in z.zip(probability).take(control[0].rows as usize) {
            softmax(z, probability);
        }
    }
}

/// One row; returns the largest z and the sum of e^(z − largest).
pub(crate) fn softmax(z: &[f32], probability: &mut [f32]) -> (f32, f32) {
    let largest = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = z.iter().map(|z| (z - largest).exp()).sum();
    for (p, z) in probability.iter_mut().zip(z) {
        *p = (z - largest).exp() / sum;
    }
    (largest, sum)
}
