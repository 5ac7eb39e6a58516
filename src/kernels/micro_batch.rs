//! Where a micro-batch of a step's batch is: what takes a batch through the layers that does not fit
//! as a whole.

use super::shader::{CONTROL, MICRO_BATCH};
use super::{Control, Cost, Kernel, Module, Slot, immediates, reads, slots, writes};

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

immediates! { struct Immediates { before: u32, rows: u32 } }

impl Kernel for MicroBatch {
    fn stem(&self) -> &'static str {
        "micro_batch"
    }

    fn modules(&self) -> Vec<Module> {
        vec![CONTROL, MICRO_BATCH]
    }

    fn slots(&self) -> Vec<Slot> {
        vec![reads("control"), writes("micro")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }

    fn immediate_fields(&self) -> Vec<String> {
        super::flattened(Immediates::FIELDS)
    }

    fn immediates(&self) -> Vec<u8> {
        let words = Immediates { before: self.before as u32, rows: self.rows as u32 };
        bytemuck::bytes_of(&words).to_vec()
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

    fn twin(&self, bound: &mut [&mut [u32]]) {
        let [control, micro] = slots(bound);
        let control = Control::from_words(control);
        let before = control.rows.min(self.before as u32);
        let rows = (control.rows - before).min(self.rows as u32);
        let (first, after) = (control.first + before, control.rows - before - rows);
        let own = Control { first, rows, before, after, ..control };
        micro[..Control::WORDS].copy_from_slice(&own.to_words());
    }
}
