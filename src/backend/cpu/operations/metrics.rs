//! The end of a step: its twin, and the metrics for whoever waits for them.

use super::CpuOperation;
use crate::backend::cpu::context::ThreadContext;
use crate::backend::cpu::part::Part;
use crate::backend::cpu::shared::BoundBuffers;
use crate::kernels::{Control, Kernel as _, Metrics, pairs};

const CONTROL: usize = 0;
const ROW_METRICS: usize = 1;
const HISTORY: usize = 2;

// SAFETY: it runs in one part, which is all of it.
unsafe impl CpuOperation for Metrics {
    unsafe fn run(&self, bound: &BoundBuffers<'_>, _: Part, context: &mut ThreadContext<'_>) {
        // SAFETY: the part is all of it, so by the caller's promise no other thread uses its buffers.
        let mut all = unsafe { [CONTROL, ROW_METRICS, HISTORY].map(|slot| bound.all(slot)) };
        let entry = Control::from_words(all[CONTROL]).slot as usize;
        self.twin(&mut all);
        context.step_metrics = Some(pairs(all[HISTORY])[entry]);
    }
}
