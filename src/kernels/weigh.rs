//! How much each row of a batch counts: shares\[B\] = weights\[B\] over their mean, so that the mean
//! over the rows becomes PyTorch's weighted mean, Σ w l / Σ w over the batch.

use super::metrics::tree;
use super::shader::{CONTROL, SHARED_SUMS, piece};
use super::{Contract, Control, Cost, Module, Views, bindings};
use super::{immediates, metrics};

/// Brings the weights of `rows` rows at most to a mean of 1; where all are 0, they stay so.
#[derive(Clone, Debug, PartialEq)]
pub struct Weigh {
    /// B, at most.
    pub rows: usize,
}

immediates! { pub(crate) struct Immediates { most: u32 } }

bindings! {
    Weigh {
        read control: Control [1],
        read weights: f32 [B],
        write shares: f32 [B],
    }
}

impl Contract for Weigh {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "weigh"
    }

    fn modules(&self) -> Vec<Module> {
        vec![CONTROL, SHARED_SUMS, piece!("weigh")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        metrics::SHARED_BY_ALL.to_vec()
    }

    fn immediates(&self) -> Immediates {
        Immediates { most: self.rows as u32 }
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

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { control, weights, shares } = bound;
        let rows = control[0].rows as usize;
        let weights = &weights[..rows];
        let mean = tree(weights.iter().map(|weight| [*weight, 0.0]))[0] / rows as f32;
        for (share, weight) in shares.iter_mut().zip(weights) {
            *share = if mean > 0.0 { weight / mean } else { 0.0 };
        }
    }
}
