//! A batch's rows out of a chunk of the data set.

use super::{CpuOperation, Split, elements, rows_of};
use crate::backend::cpu::context::ThreadContext;
use crate::backend::cpu::order;
use crate::backend::cpu::part::Part;
use crate::backend::cpu::shared::BoundBuffers;
use crate::kernels::Gather;

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
        let sources = order::rows(self.order(), control, rows);
        for (source, row) in sources.zip(batch.chunks_exact_mut(columns)) {
            let from = source.wrapping_sub(self.chunk_first);
            if from < self.chunk_rows {
                row.copy_from_slice(&data[from * columns..(from + 1) * columns]);
            }
        }
    }
}
