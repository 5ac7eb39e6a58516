//! Where a micro-batch of a step's batch is: what takes a batch through the layers that does not fit
//! as a whole.

use super::shader::{CONTROL, piece};
use super::{Contract, Control, Cost, Module, Views, bindings, immediates};

/// Writes the control of a micro-batch from that of its batch.
#[derive(Clone, Debug, PartialEq)]
pub struct MicroBatch {
    /// Rows of the batch before it.
    pub before: usize,
    /// Its rows, in a full batch.
    pub rows: usize,
    /// B, at most.
    pub batch: usize,
}

immediates! { pub(crate) struct Immediates { before: u32, rows: u32 } }

bindings! {
    MicroBatch {
        read control: Control [1],
        write micro: Control [1],
    }
}

impl Contract for MicroBatch {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "micro_batch"
    }

    fn modules(&self) -> Vec<Module> {
        vec![CONTROL, piece!("micro_batch")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }

    fn immediates(&self) -> Immediates {
        Immediates { before: self.before as u32, rows: self.rows as u32 }
    }

    fn workgroups(&self) -> u64 {
        1
    }

    fn describe(&self) -> String {
        let Self { before, rows, batch } = self;
        format!("rows {before}..{} of {batch}", before + rows)
    }

    fn cost(&self) -> Cost {
        Cost { flops: 0, bytes: 8 * Control::WORDS as u64 }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { control, micro } = bound;
        let control = control[0];
        let before = control.rows.min(self.before as u32);
        let rows = (control.rows - before).min(self.rows as u32);
        let (first, after) = (control.first + before, control.rows - before - rows);
        micro[0] = Control { first, rows, before, after, ..control };
    }
}
