//! The gradient of what a layer norm takes, with n = (z − mean) / σ and g = d_n ∘ γ:
//! d_z\[B,O\] = (g − mean(g) − n mean(g ∘ n)) / σ, means over the units of each row.

use super::layer_norm::{Immediates, normalized};
use super::shader::{CONTROL, FOLD, SHARED_SUMS, piece};
use super::{Contract, Control, Cost, Module, Views, WORKGROUP, bindings, groups_for};

/// The gradient of what a layer norm takes, over `rows` rows at most.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNormBackwardInput {
    /// B, at most.
    pub rows: usize,
    /// O
    pub columns: usize,
    /// Threads that share a row: a power of two up to [`super::LayerNorm::MOST_LANES`].
    pub lanes: usize,
}

bindings! {
    LayerNormBackwardInput {
        read control: Control [1],
        read d_n: f32 [B, O],
        read z: f32 [B, O],
        read moments: [f32; 2] [B],
        read parameters: f32 [2, O],
        write d_z: f32 [B, O],
    }
}

impl Contract for LayerNormBackwardInput {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "layer_norm_backward_input"
    }

    fn modules(&self) -> Vec<Module> {
        vec![CONTROL, FOLD, SHARED_SUMS, piece!("layer_norm_backward_input")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        vec![("WORKGROUP", f64::from(WORKGROUP)), ("LANES", self.lanes as f64)]
    }

    fn immediates(&self) -> Immediates {
        Immediates { columns: self.columns as u32 }
    }

    fn workgroups(&self) -> u64 {
        groups_for(self.rows * self.lanes)
    }

    fn describe(&self) -> String {
        let Self { rows, columns, .. } = self;
        format!("[{rows},{columns}] back through the norm")
    }

    fn cost(&self) -> Cost {
        let (b, o) = (self.rows as u64, self.columns as u64);
        Cost { flops: 12 * b * o, bytes: 4 * (3 * b * o + 2 * b + o) }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { control, d_n, z, moments, parameters, d_z } = bound;
        let (rows, columns) = (control[0].rows as usize, self.columns);
        let gamma = &parameters[..columns];
        let read = d_n.chunks_exact(columns).zip(z.chunks_exact(columns));
        let written = d_z.chunks_exact_mut(columns);
        for (((d_n, z), d_z), &moment) in read.zip(written).zip(&moments[..rows]) {
            let g = |o: usize| d_n[o] * gamma[o];
            let n = |o: usize| normalized(z[o], moment);
            let of_g = (0..columns).map(g).sum::<f32>() / columns as f32;
            let of_gn = (0..columns).map(|o| g(o) * n(o)).sum::<f32>() / columns as f32;
            for (o, d_z) in d_z.iter_mut().enumerate() {
                *d_z = (g(o) - of_g - n(o) * of_gn) * moment[1];
            }
        }
    }
}
