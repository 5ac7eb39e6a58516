//! How much each row of a batch counts: shares\[B\] = weights\[B\] over their mean, so that the mean
//! over the rows becomes PyTorch's weighted mean, Σ w l / Σ w over the batch.

use super::metrics::tree;
use super::shader::{CONTROL, SHARED_SUMS, WEIGH};
use super::{Control, Cost, Kernel, Module, Slot, floats, floats_mut, reads, slots, writes};
use super::{immediates, metrics};

/// Brings the weights of `rows` rows at most to a mean of 1; where all are 0, they stay so.
#[derive(Clone, Debug, PartialEq)]
pub struct Weigh {
    /// B, at most.
    pub rows: usize,
}

immediates! { struct Immediates { most: u32 } }

impl Kernel for Weigh {
    fn stem(&self) -> &'static str {
        "weigh"
    }

    fn modules(&self) -> Vec<Module> {
        vec![CONTROL, SHARED_SUMS, WEIGH]
    }

    fn slots(&self) -> Vec<Slot> {
        vec![reads("control"), reads("weights"), writes("shares")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        metrics::SHARED_BY_ALL.to_vec()
    }

    fn immediate_fields(&self) -> Vec<String> {
        super::flattened(Immediates::FIELDS)
    }

    fn immediates(&self) -> Vec<u8> {
        bytemuck::bytes_of(&Immediates { most: self.rows as u32 }).to_vec()
    }

    fn workgroups(&self) -> u64 {
        1
    }

    fn describe(&self) -> String {
        format!("[{0}] over their mean → [{0}]", self.rows)
    }

    fn cost(&self) -> Cost {
        Cost { flops: 2 * self.rows as u64, bytes: 12 * self.rows as u64 }
    }

    fn twin(&self, bound: &mut [&mut [u32]]) {
        let [control, weights, shares] = slots(bound);
        let rows = Control::from_words(control).rows as usize;
        let weights = &floats(weights)[..rows];
        let mean = tree(weights.iter().map(|weight| [*weight, 0.0]))[0] / rows as f32;
        for (share, weight) in floats_mut(shares).iter_mut().zip(weights) {
            *share = if mean > 0.0 { weight / mean } else { 0.0 };
        }
    }
}
