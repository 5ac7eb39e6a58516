//! The losses, each with its value and its gradient d_z\[B,O\]: `shaders/loss_gradient.wgsl` with
//! the piece of each loss.

use super::shader::{CONTROL, FOLD, MATH, piece};
use super::{
    Contract, Control, Cost, Criterion, Module, Views, WORKGROUP, bindings, groups_for, immediates,
};

/// A loss over `rows` rows at most: what the last layer's z costs against the targets.
#[derive(Clone, Debug, PartialEq)]
pub struct LossGradient {
    /// B, at most.
    pub rows: usize,
    /// O
    pub outputs: usize,
    /// The loss.
    pub criterion: Criterion,
    /// Whether some rows count more than others.
    pub weighting: Weighting,
}

/// How much a row counts in the loss. Its score always counts the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weighting {
    /// Each as much as any other.
    Even,
    /// As much as its weight says.
    Rows {
        /// What each weight is multiplied by, so that they are 1 in the mean.
        scale: f32,
    },
}

immediates! { pub(crate) struct Immediates { outputs: u32, weight_scale: f32 } }

bindings! {
    LossGradient as this {
        read control: Control [1],
        read z: f32 [B, O],
        read targets: u32 [B, T],
        write d_z: f32 [B, O],
        write row_metrics: [f32; 2] [B];
        when(this.weighting != Weighting::Even) read weights: f32 [B]
    }
}

impl Contract for LossGradient {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "loss_gradient"
    }

    fn modules(&self) -> Vec<Module> {
        let weights = match self.weighting {
            Weighting::Even => piece!("loss/weights_none"),
            Weighting::Rows { .. } => piece!("loss/weights_rows"),
        };
        vec![CONTROL, FOLD, MATH, self.criterion.piece(), weights, piece!("loss_gradient")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        let mut overrides = self.criterion.overrides();
        overrides.push(("WORKGROUP", f64::from(WORKGROUP)));
        overrides
    }

    fn immediates(&self) -> Immediates {
        Immediates { outputs: self.outputs as u32, weight_scale: self.weighting.scale() }
    }

    fn workgroups(&self) -> u64 {
        groups_for(self.rows)
    }

    fn describe(&self) -> String {
        let Self { rows, outputs, criterion, weighting } = self;
        let weights = match weighting {
            Weighting::Even => "",
            Weighting::Rows { .. } => ", weighted",
        };
        format!("{} of [{rows},{outputs}] with its gradient{weights}", criterion.loss)
    }

    fn cost(&self) -> Cost {
        let elements = (self.rows * self.outputs) as u64;
        Cost { flops: 12 * elements, bytes: 12 * elements + 8 * self.rows as u64 }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { control, z, targets, d_z, row_metrics, weights } = bound;
        let control = control[0];
        let (rows, before) = (control.rows as usize, control.before as usize);
        let batch = control.batch_rows() as usize;
        let o = self.outputs;
        let columns = self.criterion.target_columns(o);
        let row_metrics = &mut row_metrics[before..before + rows];
        for b in 0..rows {
            let row = b * o..(b + 1) * o;
            let targets = &targets[b * columns..(b + 1) * columns];
            row_metrics[b] = self.criterion.row(&z[row.clone()], targets, &mut d_z[row], batch);
        }
        if let Some(weights) = weights {
            let weights = &weights[before..before + rows];
            self.weighting.weigh(weights, &mut d_z[..rows * o], row_metrics);
        }
    }
}

impl Weighting {
    /// By weights with such a mean; where all are 0, they stay so.
    pub fn of(weights: &[f32]) -> Self {
        let sum: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
        Self::Rows { scale: if sum > 0.0 { (weights.len() as f64 / sum) as f32 } else { 0.0 } }
    }

    /// What each weight is multiplied by.
    pub(crate) const fn scale(self) -> f32 {
        match self {
            Self::Even => 1.0,
            Self::Rows { scale } => scale,
        }
    }

    /// Lets each row count as its weight says: its loss and its d_z, not its score.
    pub(crate) fn weigh(self, weights: &[f32], d_z: &mut [f32], metrics: &mut [[f32; 2]]) {
        // A thread of many may have no row.
        if weights.is_empty() {
            return;
        }
        let rows = d_z.chunks_exact_mut(d_z.len() / weights.len()).zip(metrics);
        for (weight, (d_z, metrics)) in weights.iter().zip(rows) {
            let weight = weight * self.scale();
            metrics[0] *= weight;
            d_z.iter_mut().for_each(|d_z| *d_z *= weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rows_weigh_nothing() {
        Weighting::of(&[1.0, 3.0]).weigh(&[], &mut [], &mut []);
        assert_eq!(Weighting::of(&[0.0, 0.0]), Weighting::Rows { scale: 0.0 });
        let (mut d_z, mut metrics) = ([1.0; 4], [[1.0; 2]; 2]);
        Weighting::of(&[1.0, 3.0]).weigh(&[1.0, 3.0], &mut d_z, &mut metrics);
        assert_eq!((d_z, metrics), ([0.5, 0.5, 1.5, 1.5], [[0.5, 1.0], [1.5, 1.0]]));
    }
}
