//! A layer norm with the activation after it (Ba et al. 2016), as `torch.nn.LayerNorm` has it:
//! y\[B,O\] = f(γ\[O\] (z\[B,O\] − mean\[B\]) / σ\[B\] + β\[O\]), over the units of each row.

use super::shader::{CONTROL, FOLD, MATH, SHARED_SUMS, piece};
use super::{
    Contract, Control, Cost, Function, Module, Views, WORKGROUP, bindings, groups_for, immediates,
};

/// A layer norm over `rows` rows at most.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNorm {
    /// B, at most.
    pub rows: usize,
    /// O
    pub columns: usize,
    /// f
    pub function: Function,
    /// Threads that share a row: a power of two up to [`LayerNorm::MOST_LANES`].
    pub lanes: usize,
}

immediates! { pub(crate) struct Immediates { pub(super) columns: u32 } }

impl LayerNorm {
    /// What is added to the variance: PyTorch's default.
    pub const EPS: f32 = 1e-5;

    /// Threads of a workgroup: no more of them share a row.
    pub const MOST_LANES: usize = WORKGROUP as usize;
}

bindings! {
    LayerNorm {
        read control: Control [1],
        read z: f32 [B, O],
        read parameters: f32 [2, O],
        write moments: [f32; 2] [B],
        write y: f32 [B, O],
    }
}

impl Contract for LayerNorm {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "layer_norm"
    }

    fn modules(&self) -> Vec<Module> {
        vec![CONTROL, FOLD, MATH, self.function.piece(), SHARED_SUMS, piece!("layer_norm")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("WORKGROUP", f64::from(WORKGROUP)),
            ("LANES", self.lanes as f64),
            ("EPS", f64::from(Self::EPS)),
        ]
    }

    fn immediates(&self) -> Immediates {
        Immediates { columns: self.columns as u32 }
    }

    fn workgroups(&self) -> u64 {
        groups_for(self.rows * self.lanes)
    }

    fn describe(&self) -> String {
        let Self { rows, columns, function, .. } = self;
        let f = if *function == Function::Identity { "" } else { "f of " };
        format!("{f}[{rows},{columns}] normalized")
    }

    fn cost(&self) -> Cost {
        let (b, o) = (self.rows as u64, self.columns as u64);
        let of_f = u64::from(self.function != Function::Identity);
        Cost { flops: (8 + of_f) * b * o, bytes: 4 * (2 * b * o + 2 * b + 2 * o) }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { control, z, parameters, moments, y } = bound;
        let (rows, columns) = (control[0].rows as usize, self.columns);
        let (gamma, beta) = parameters.split_at(columns);
        let z = z.chunks_exact(columns).zip(moments);
        for ((z, moment), y) in z.zip(y.chunks_exact_mut(columns)).take(rows) {
            let mean = z.iter().sum::<f32>() / columns as f32;
            let squares: f32 = z.iter().map(|z| (z - mean) * (z - mean)).sum();
            *moment = [mean, 1.0 / (squares / columns as f32 + Self::EPS).sqrt()];
            for o in 0..columns {
                let n = normalized(z[o], *moment);
                y[o] = self.function.value(gamma[o] * n + beta[o]);
            }
        }
    }
}

/// n = (z − mean) / σ
pub(crate) fn normalized(z: f32, [mean, scale]: [f32; 2]) -> f32 {
    (z - mean) * scale
}
