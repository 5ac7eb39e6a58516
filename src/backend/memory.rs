//! A plan's buffers in the host's memory, and a dispatch's share of them.

use super::StepMetrics;
use crate::kernels::{Operation, Words};
use crate::plan::{BufferId, Phase, Plan};

/// The buffers of a plan.
#[derive(Debug)]
pub struct Memory {
    buffers: Vec<Words>,
    /// The buffers of the running dispatch, moved here so that each can be borrowed alone.
    bound: Vec<Words>,
}

impl Memory {
    /// All buffers of a plan, zero.
    pub fn new(plan: &Plan) -> Self {
        let buffers = plan.buffers.iter().map(|buffer| vec![0; buffer.words()]).collect();
        Self { buffers, bound: Vec::with_capacity(8) }
    }

    /// A buffer's words.
    pub fn words(&self, buffer: BufferId) -> &[u32] {
        &self.buffers[buffer.0]
    }

    /// A buffer's words, to be written.
    pub fn words_mut(&mut self, buffer: BufferId) -> &mut [u32] {
        &mut self.buffers[buffer.0]
    }

    /// Runs the dispatches of a phase, in order.
    pub fn run(
        &mut self,
        plan: &Plan,
        phase: Phase,
        run: &mut impl FnMut(&Operation, &mut [Words]),
    ) {
        for dispatch in plan.phase(phase) {
            for id in &dispatch.bindings {
                self.bound.push(std::mem::take(&mut self.buffers[id.0]));
            }
            run(&dispatch.operation, &mut self.bound);
            for (id, words) in dispatch.bindings.iter().zip(self.bound.drain(..)) {
                self.buffers[id.0] = words;
            }
        }
    }

    /// The metrics of step `step` of a run, out of the ring.
    pub fn metrics(&self, plan: &Plan, step: u64) -> StepMetrics {
        let Some(history) = plan.handles.history else { return [f32::NAN; 2] };
        let slot = (step % plan.history_entries() as u64) as usize;
        let words = &self.words(history)[2 * slot..2 * slot + 2];
        [f32::from_bits(words[0]), f32::from_bits(words[1])]
    }
}

/// The host's memory in bytes, where the system tells.
pub(crate) fn host_memory() -> Option<u64> {
    let mut system = sysinfo::System::new().ok()?;
    system.refresh_memory_specifics(sysinfo::MemoryRefreshKind::nothing().with_ram());
    Some(system.total_memory()).filter(|bytes| *bytes > 0)
}
