//! The end of a step: its twin, which leaves the step's metrics with the thread, too.

use super::CpuOperation;
use crate::backend::cpu::context::ThreadContext;
use crate::backend::cpu::part::Part;
use crate::backend::cpu::shared::BoundBuffers;
use crate::kernels::metrics::Bindings;
use crate::kernels::{Contract as _, Metrics};

// SAFETY: it runs in one part, which is all of it.
unsafe impl CpuOperation for Metrics {
    unsafe fn run(&self, bound: &BoundBuffers<'_>, _: Part, context: &mut ThreadContext<'_>) {
        let Bindings { control, row_metrics, history } = bound.of(self);
        // SAFETY: the part is all of it, so by the caller's promise no other thread uses its buffers.
        let (control, row_metrics, history) = unsafe {
            (
                control.write(0..control.len()),
                row_metrics.read(0..row_metrics.len()),
                history.write(0..history.len()),
            )
        };
        let entry = control[0].slot as usize;
        self.twin(Bindings { control, row_metrics, history: &mut *history });
        context.step_metrics = Some(history[entry]);
    }
}
