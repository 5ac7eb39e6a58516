//! The losses, each with its value and its gradient d_z\[B,O\]: `shaders/loss_gradient.wgsl` with
//! the piece of each loss.

use super::shader::{CONTROL, FOLD, LOSS_GRADIENT, MATH};
use super::{
    Control, Cost, Criterion, Kernel, Module, Slot, WORKGROUP, floats, floats_mut, groups_for,
    immediates, pairs_mut, reads, slots, writes,
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
}

immediates! { struct Immediates { outputs: u32 } }

impl Kernel for LossGradient {
    fn stem(&self) -> &'static str {
        "loss_gradient"
    }

    fn modules(&self) -> Vec<Module> {
        vec![CONTROL, FOLD, MATH, self.criterion.piece(), LOSS_GRADIENT]
    }

    fn slots(&self) -> Vec<Slot> {
        vec![reads("control"), reads("z"), reads("targets"), writes("d_z"), writes("row_metrics")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        let mut overrides = self.criterion.overrides();
        overrides.push(("WORKGROUP", f64::from(WORKGROUP)));
        overrides
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
        let Self { rows, outputs, criterion } = self;
        format!("{} of [{rows},{outputs}] with its gradient", criterion.loss)
    }

    fn cost(&self) -> Cost {
        let elements = (self.rows * self.outputs) as u64;
        Cost { flops: 12 * elements, bytes: 12 * elements + 8 * self.rows as u64 }
    }

    fn twin(&self, bound: &mut [&mut [u32]]) {
        let [control, z, targets, d_z, row_metrics] = slots(bound);
        let rows = Control::from_words(control).rows as usize;
        let (o, z, d_z) = (self.outputs, floats(z), floats_mut(d_z));
        let columns = self.criterion.target_columns(o);
        let row_metrics = pairs_mut(row_metrics);
        for b in 0..rows {
            let row = b * o..(b + 1) * o;
            let targets = &targets[b * columns..(b + 1) * columns];
            row_metrics[b] = self.criterion.row(&z[row.clone()], targets, &mut d_z[row], rows);
        }
    }
}
