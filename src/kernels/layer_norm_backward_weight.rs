//! The gradient of a layer norm's scale and shift, d_γ = Σ d_n ∘ (z − mean) / σ and d_β = Σ d_n over
//! the batch, and the optimizer's update as its epilogue.

use super::layer_norm::normalized;
use super::layer_update::Immediates;
use super::shader::{CONTROL, FOLD, MATH, OPTIMIZER, piece};
use super::{Contract, Control, Cost, LayerUpdate, Module, Views, bindings, metrics};

/// The gradient of a norm's γ and β and their update, over `rows` rows at most.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNormBackwardWeight {
    /// B, at most.
    pub rows: usize,
    /// γ and β, which L1, L2 and the update take as the biases of 2 O units.
    pub layer: LayerUpdate,
}

/// Threads of a workgroup.
const WORKGROUP: u32 = metrics::WORKGROUP;

/// Units of a workgroup: a cache line of each row.
const UNITS: usize = 16;

/// Rows whose terms a workgroup has at once: 8 KiB of them.
const ROWS: usize = 64;

bindings! {
    LayerNormBackwardWeight as this {
        read control: Control [1],
        read d_n: f32 [B, O],
        read z: f32 [B, O],
        read moments: [f32; 2] [B];
        updated(this.layer.update)
    }
}

impl Contract for LayerNormBackwardWeight {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "layer_norm_backward_weight"
    }

    fn modules(&self) -> Vec<Module> {
        let mut modules = vec![CONTROL, FOLD, MATH, OPTIMIZER];
        modules.extend(self.layer.update.pieces());
        modules.push(piece!("layer_norm_backward_weight"));
        modules
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        let mut overrides = vec![
            ("WORKGROUP", f64::from(WORKGROUP)),
            ("UNITS", UNITS as f64),
            ("TERMS", (2 * UNITS * ROWS) as f64),
        ];
        overrides.extend(self.layer.overrides());
        overrides
    }

    fn immediates(&self) -> Immediates {
        let outputs = self.columns() as u32;
        Immediates { outputs, ..self.layer.immediates() }
    }

    fn workgroups(&self) -> u64 {
        self.columns().div_ceil(UNITS) as u64
    }

    fn describe(&self) -> String {
        let (rows, columns) = (self.rows, self.columns());
        format!("Σ [{rows},{columns}] → [2,{columns}]{}", self.layer.then())
    }

    fn cost(&self) -> Cost {
        let (b, o) = (self.rows as u64, self.columns() as u64);
        Cost {
            flops: 5 * b * o + self.layer.flops(),
            bytes: 4 * (2 * b * o + 2 * b) + self.layer.bytes(),
        }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { control, d_n, z, moments, updated } = bound;
        let control = control[0];
        let columns = self.columns();
        let mut sums = self.layer.so_far(control, &updated);
        let (of_gamma, of_beta) = sums.split_at_mut(columns);
        let rows = d_n.chunks_exact(columns).zip(z.chunks_exact(columns));
        for ((d_n, z), &moment) in rows.zip(&moments[..control.rows as usize]) {
            for o in 0..columns {
                of_gamma[o] += d_n[o] * normalized(z[o], moment);
                of_beta[o] += d_n[o];
            }
        }
        self.layer.apply(control, &mut sums, updated);
    }
}

impl LayerNormBackwardWeight {
    /// O
    pub(crate) fn columns(&self) -> usize {
        self.layer.outputs / 2
    }
}
