//! The gradient of a layer norm's scale and shift, d_γ = Σ d_n ∘ (z − mean) / σ and d_β = Σ d_n over
//! the batch, and the optimizer's update as its epilogue.

use super::layer_norm::{moments_of, normalized};
use super::shader::{CONTROL, FOLD, LAYER_NORM_BACKWARD_WEIGHT, MATH, OPTIMIZER};
use super::{
    Control, Cost, DenseBackwardWeight, Hyper, Kernel, Module, Slot, Tiling, Update, floats,
    immediates, metrics, reads, slots, writes,
};

/// The gradient of a norm's γ and β and their update, over `rows` rows at most.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNormBackwardWeight {
    /// B, at most.
    pub rows: usize,
    /// O
    pub columns: usize,
    /// What becomes of the gradient.
    pub update: Update,
    /// The learning rate.
    pub lr: f32,
    /// The other settings.
    pub hyper: Hyper,
}

immediates! { struct Immediates { inputs: u32, outputs: u32, lr: f32, hyper: Hyper } }

/// Threads of a workgroup.
const WORKGROUP: u32 = metrics::WORKGROUP;

/// Units of a workgroup: a cache line of each row.
const UNITS: usize = 16;

/// Rows whose terms a workgroup has at once: 8 KiB of them.
const ROWS: usize = 64;

impl Kernel for LayerNormBackwardWeight {
    fn stem(&self) -> &'static str {
        "layer_norm_backward_weight"
    }

    fn modules(&self) -> Vec<Module> {
        let mut modules = vec![CONTROL, FOLD, MATH, OPTIMIZER];
        modules.extend(self.update.pieces());
        modules.push(LAYER_NORM_BACKWARD_WEIGHT);
        modules
    }

    fn slots(&self) -> Vec<Slot> {
        let written = self.update.tensors().iter().map(|name| writes(name));
        let read = ["control", "d_n", "z", "moments"].map(reads);
        read.into_iter().chain(written).collect()
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        let mut overrides = vec![
            ("WORKGROUP", f64::from(WORKGROUP)),
            ("UNITS", UNITS as f64),
            ("TERMS", (2 * UNITS * ROWS) as f64),
        ];
        overrides.extend(self.update.overrides(&self.hyper));
        overrides
    }

    fn immediate_fields(&self) -> Vec<String> {
        super::flattened(Immediates::FIELDS)
    }

    fn immediates(&self) -> Vec<u8> {
        let (outputs, lr, hyper) = (self.columns as u32, self.lr, self.hyper);
        bytemuck::bytes_of(&Immediates { inputs: 0, outputs, lr, hyper }).to_vec()
    }

    fn workgroups(&self) -> u64 {
        self.columns.div_ceil(UNITS) as u64
    }

    fn describe(&self) -> String {
        let Self { rows, columns, update, .. } = self;
        let then = match update {
            Update::Gradient => String::new(),
            update => format!(", {}", update.name(&self.hyper)),
        };
        format!("Σ [{rows},{columns}] → [2,{columns}]{then}")
    }

    fn cost(&self) -> Cost {
        let (b, o) = (self.rows as u64, self.columns as u64);
        let words = match self.update {
            Update::Gradient => 1,
            update => 2 * (1 + update.memories().len() as u64),
        };
        Cost {
            flops: 5 * b * o + 2 * o * self.update.flops(),
            bytes: 4 * (2 * b * o + 2 * b + words * 2 * o),
        }
    }

    fn twin(&self, bound: &mut [&mut [u32]]) {
        let (read, written) = bound.split_at_mut(4);
        let [control, d_n, z, moments] = slots(read);
        let control = Control::from_words(control);
        let columns = self.columns;
        let layer = self.as_biases();
        let mut sums = layer.so_far(control, written);
        let (of_gamma, of_beta) = sums.split_at_mut(columns);
        let rows = floats(d_n).chunks_exact(columns).zip(floats(z).chunks_exact(columns));
        for ((d_n, z), &moment) in rows.zip(moments_of(moments, control.rows as usize)) {
            for o in 0..columns {
                of_gamma[o] += d_n[o] * normalized(z[o], moment);
                of_beta[o] += d_n[o];
            }
        }
        layer.apply(control, &mut sums, written);
    }
}

impl LayerNormBackwardWeight {
    /// γ and β as what they are to L1, L2 and the update: the biases of 2 O units.
    pub(crate) fn as_biases(&self) -> DenseBackwardWeight {
        DenseBackwardWeight {
            rows: self.rows,
            inputs: 0,
            outputs: 2 * self.columns,
            update: self.update,
            lr: self.lr,
            hyper: self.hyper,
            tiling: Tiling::SMALL,
        }
    }
}
