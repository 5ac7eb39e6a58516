//! A loss with its gradient: loss and score of each row, and d_z\[B,O\].

use super::{CpuOperation, Split, elements, rows_of};
use crate::backend::cpu::context::ThreadContext;
use crate::backend::cpu::lanes::Plain;
use crate::backend::cpu::part::Part;
use crate::backend::cpu::passes;
use crate::backend::cpu::shared::BoundBuffers;
use crate::kernels::LossGradient;

// SAFETY: a part writes its rows of d_z and of the metrics. Those stand in the whole batch's, where
// rows of two micro-batches are not the same.
unsafe impl CpuOperation for LossGradient {
    fn split(&self) -> Split {
        Split::Rows
    }

    unsafe fn run(&self, bound: &BoundBuffers<'_>, part: Part, _: &mut ThreadContext<'_>) {
        let buffers = bound.of(self);
        let (o, columns) = (self.outputs, self.criterion.target_columns(self.outputs));
        // SAFETY: control, z and targets are only read; these rows of d_z are the part's.
        let (control, rows, z, targets, d_z) = unsafe {
            let rows = rows_of(part, &buffers.control);
            (
                buffers.control.get(),
                rows.clone(),
                buffers.z.read(elements(&rows, o)),
                buffers.targets.read(elements(&rows, columns)),
                buffers.d_z.write(elements(&rows, o)),
            )
        };
        // Metrics and weights are those of the whole batch.
        let before = control.before as usize;
        let of_batch = before + rows.start..before + rows.end;
        // SAFETY: the metrics of these rows are the part's.
        let metrics = unsafe { buffers.row_metrics.write(of_batch.clone()) };
        passes::loss::<Plain>(
            self.criterion,
            o,
            z,
            targets,
            d_z,
            metrics,
            control.batch_rows() as usize,
        );
        if let Some(weights) = buffers.weights {
            // SAFETY: the weights are only read.
            let weights = unsafe { weights.read(of_batch) };
            self.weighting.weigh(weights, d_z, metrics);
        }
    }
}
