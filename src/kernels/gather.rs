//! A batch's rows out of the resident data set, in the epoch's order.

use super::order::{RowOrder, seed_of};
use super::shader::{CONTROL, FOLD, ORDER, piece};
use super::{Contract, Control, Cost, Module, Views, WORKGROUP, bindings, groups_for, immediates};
use crate::spec::Shuffle;

/// Copies the batch's rows that lie in one chunk of the data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Gather {
    /// B, at most.
    pub rows: usize,
    /// Rows in the data set.
    pub count: usize,
    /// Words in a row.
    pub columns: usize,
    /// The chunk's first row in the data set.
    pub chunk_first: usize,
    /// Rows in the chunk.
    pub chunk_rows: usize,
    /// The order.
    pub shuffle: Shuffle,
    /// The order's seed.
    pub seed: u64,
}

immediates! {
    pub(crate) struct Immediates {
        count: u32, columns: u32, chunk_first: u32, chunk_rows: u32, shuffle: u32, seed: u32,
    }
}

impl Gather {
    /// Words that a thread copies.
    fn words_at_once(&self) -> usize {
        if self.columns.is_multiple_of(4) { 4 } else { 1 }
    }

    /// The order of the rows.
    pub(crate) fn order(&self) -> RowOrder {
        RowOrder::new(0..self.count, self.shuffle, self.seed)
    }

    fn words(&self) -> Immediates {
        Immediates {
            count: self.count as u32,
            columns: self.columns as u32,
            chunk_first: self.chunk_first as u32,
            chunk_rows: self.chunk_rows as u32,
            shuffle: u32::from(self.shuffle == Shuffle::EveryEpoch),
            seed: seed_of(self.seed),
        }
    }
}

bindings! {
    Gather {
        read control: Control [1],
        read data: u32 [chunk_rows, columns],
        write batch: u32 [B, columns],
    }
}

impl Contract for Gather {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "gather"
    }

    fn modules(&self) -> Vec<Module> {
        let part = if self.words_at_once() == 4 {
            piece!("batch/gather_quads")
        } else {
            piece!("batch/gather_words")
        };
        vec![CONTROL, FOLD, ORDER, part, piece!("gather")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        vec![("WORKGROUP", f64::from(WORKGROUP))]
    }

    fn immediates(&self) -> Immediates {
        self.words()
    }

    fn workgroups(&self) -> u64 {
        groups_for(self.rows * self.columns / self.words_at_once())
    }

    fn describe(&self) -> String {
        let Self { rows, chunk_first, chunk_rows, columns, .. } = self;
        let order = match self.shuffle {
            Shuffle::EveryEpoch => ", shuffled",
            Shuffle::Never => "",
        };
        let last = chunk_first + chunk_rows;
        format!("[{chunk_first}..{last},{columns}] → [{rows},{columns}]{order}")
    }

    fn cost(&self) -> Cost {
        Cost { flops: 0, bytes: 8 * (self.rows * self.columns) as u64 }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { control, data, batch } = bound;
        let columns = self.columns;
        let rows = 0..control[0].rows as usize;
        for (row, source) in self.order().rows(control[0], rows).enumerate() {
            let chunk_row = source.wrapping_sub(self.chunk_first);
            if chunk_row < self.chunk_rows {
                batch[row * columns..(row + 1) * columns]
                    .copy_from_slice(&data[chunk_row * columns..(chunk_row + 1) * columns]);
            }
        }
    }
}
