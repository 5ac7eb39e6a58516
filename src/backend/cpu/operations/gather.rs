//! A batch's rows out of a chunk of the data set.

use std::ops::Range;

use super::{CpuOperation, Split, elements, rows_of};
use crate::backend::cpu::context::ThreadContext;
use crate::backend::cpu::part::Part;
use crate::backend::cpu::shared::BoundBuffers;
use crate::kernels::{Control, Gather, permute, seed_of};
use crate::spec::Shuffle;

// SAFETY: a part writes its rows of the batch, those of them that the chunk has.
unsafe impl CpuOperation for Gather {
    fn split(&self) -> Split {
        Split::Rows
    }

    unsafe fn run(&self, bound: &BoundBuffers<'_>, part: Part, _: &mut ThreadContext<'_>) {
        let (buffers, columns) = (bound.of(self), self.columns);
        // SAFETY: control and data set are only read, and these rows of the batch are the part's.
        let (control, rows, data, batch) = unsafe {
            let rows = rows_of(part, &buffers.control);
            (
                buffers.control.get(),
                rows.clone(),
                buffers.data.read(0..self.chunk_rows * columns),
                buffers.batch.write(elements(&rows, columns)),
            )
        };
        let order = (self.count, self.shuffle, self.seed);
        for (source, row) in sources(control, order, rows).zip(batch.chunks_exact_mut(columns)) {
            let from = source.wrapping_sub(self.chunk_first);
            if from < self.chunk_rows {
                row.copy_from_slice(&data[from * columns..(from + 1) * columns]);
            }
        }
    }
}

/// The rows of a data set of `count` rows that rows of a batch come from.
pub(super) fn sources(
    control: Control,
    (count, shuffle, seed): (usize, Shuffle, u64),
    rows: Range<usize>,
) -> impl Iterator<Item = usize> {
    let seed = seed_of(seed);
    rows.map(move |row| {
        let position = control.first + row as u32;
        match shuffle {
            Shuffle::EveryEpoch => permute(position, count as u32, seed, control.epoch) as usize,
            Shuffle::Never => position as usize,
        }
    })
}
