//! A plan's buffers in the host's memory, and a dispatch's share of them.

use super::StepMetrics;
use super::aligned::Aligned;
use crate::kernels::{Control, Operation, Words, pairs};
use crate::plan::{BufferId, Phase, Plan, Region};

/// The buffers of a plan.
#[derive(Debug)]
pub struct Memory {
    buffers: Vec<Aligned<u32>>,
}

impl Memory {
    /// All buffers of a plan, zero.
    pub fn new(plan: &Plan) -> Self {
        let buffers = plan.buffers.iter().map(|buffer| Aligned::zeros(buffer.words())).collect();
        Self { buffers }
    }

    /// A buffer's words.
    pub fn words(&self, buffer: BufferId) -> &[u32] {
        &self.buffers[buffer.0]
    }

    /// A buffer's words, to be written.
    pub fn words_mut(&mut self, buffer: BufferId) -> &mut [u32] {
        &mut self.buffers[buffer.0]
    }

    /// All buffers, in the order of their numbers.
    pub(crate) fn buffers_mut(&mut self) -> &mut [Aligned<u32>] {
        &mut self.buffers
    }

    /// Runs the dispatches of a phase, in order.
    pub fn run(
        &mut self,
        plan: &Plan,
        phase: Phase,
        run: &mut impl FnMut(&Operation, &mut [&mut [u32]]),
    ) {
        for dispatch in plan.phase(phase) {
            // Taken out, so that each can be borrowed alone.
            let take = |id: &BufferId| std::mem::take(&mut self.buffers[id.0]);
            let mut bound: Vec<_> = dispatch.bindings.iter().map(take).collect();
            let mut slices: Vec<&mut [u32]> = bound.iter_mut().map(|words| &mut **words).collect();
            run(&dispatch.operation, &mut slices);
            for (id, words) in dispatch.bindings.iter().zip(bound) {
                self.buffers[id.0] = words;
            }
        }
    }

    /// Writes words of a region's buffer, from its offset on.
    pub fn write(&mut self, region: Region, words: &[u32]) {
        self.buffers[region.buffer.0][region.offset..][..words.len()].copy_from_slice(words);
    }

    /// Reads words of a region's buffer, from its offset on.
    pub fn read(&self, region: Region, words: usize) -> Words {
        self.buffers[region.buffer.0][region.offset..][..words].to_vec()
    }

    /// Where in the ring the coming step's metrics go.
    pub fn slot(&self, plan: &Plan) -> usize {
        let words = |id| &self.words(id)[..Control::WORDS];
        plan.handles.control.map_or(0, |id| Control::from_words(words(id)).slot as usize)
    }

    /// The metrics of a step in the ring, one pair for each network.
    pub fn metrics(&self, plan: &Plan, slot: usize) -> &[StepMetrics] {
        let Some(history) = plan.handles.history else { return &[] };
        let count = plan.networks.len();
        &pairs(self.words(history))[slot * count..(slot + 1) * count]
    }
}
