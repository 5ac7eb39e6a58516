//! Probabilities from the last layer: p\[B,O\] = softmax(z\[B,O\]).

use super::shader::{CONTROL, FOLD, SOFTMAX};
use super::{
    Control, Cost, Kernel, Module, Slot, WORKGROUP, floats, floats_mut, groups_for, immediates,
    reads, slots, writes,
};

/// Softmax over `rows` rows at most.
#[derive(Clone, Debug, PartialEq)]
pub struct Softmax {
    /// B, at most.
    pub rows: usize,
    /// O
    pub outputs: usize,
}

immediates! { struct Immediates { outputs: u32 } }

impl Kernel for Softmax {
    fn stem(&self) -> &'static str {
        "softmax"
    }

    fn modules(&self) -> Vec<Module> {
        vec![CONTROL, FOLD, SOFTMAX]
    }

    fn slots(&self) -> Vec<Slot> {
        vec![reads("control"), reads("z"), writes("probability")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        vec![("WORKGROUP", f64::from(WORKGROUP))]
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
        let Self { rows, outputs } = self;
        format!("softmax([{rows},{outputs}])")
    }

    fn cost(&self) -> Cost {
        let elements = (self.rows * self.outputs) as u64;
        Cost { flops: 5 * elements, bytes: 8 * elements }
    }

    fn twin(&self, bound: &mut [&mut [u32]]) {
        let [control, z, probability] = slots(bound);
        let rows = Control::from_words(control).rows as usize;
        let z = floats(z).chunks_exact(self.outputs);
        let probability = floats_mut(probability).chunks_exact_mut(self.outputs);
        for (z, probability) in z.zip(probability).take(rows) {
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
