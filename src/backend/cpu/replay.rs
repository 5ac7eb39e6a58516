//! Replays a phase: threads go through its sections together, step after step, and end only when all
//! steps are done.

use std::ops::ControlFlow;

use super::barrier::{Barrier, StopOnPanic};
use super::context::{Scratch, ThreadContext};
use super::operations::{self, CpuOperation};
use super::packed::{PackedWeights, Panels};
use super::part::Part;
use super::shared::{BoundBuffers, SharedSlice};
use super::tasks::{Section, Work, sections};
use crate::backend::aligned::Aligned;
use crate::backend::{Memory, Sink, StepMetrics};
use crate::plan::Dispatch;

/// Floating-point operations of a phase for each thread: with fewer, it would wait more than work.
const FLOPS_PER_THREAD: u64 = 100_000;

/// Floating-point operations between two calls of the sink: about ten milliseconds.
const FLOPS_PER_CALL: u64 = 1 << 29;

/// Steps between two calls of the sink, at most: a terminal needs no more.
const STEPS_PER_CALL: u64 = 4096;

/// Memory that is kept from one replay to the next.
#[derive(Default)]
pub(crate) struct ReplayMemory {
    panels: Aligned<f32>,
    /// One for each thread.
    scratch: Vec<Scratch>,
}

/// Runs the dispatches of a phase `times` times, and hands each step's metrics over where the phase
/// has a history.
pub(super) fn replay(
    dispatches: &[Dispatch],
    memory: &mut Memory,
    ReplayMemory { panels, scratch }: &mut ReplayMemory,
    times: u64,
    sink: &mut Sink<'_>,
) {
    let flops = dispatches.iter().map(|dispatch| dispatch.operation.kernel().cost().flops).sum();
    let flops: u64 = flops;
    let worth = usize::try_from(flops / FLOPS_PER_THREAD).unwrap_or(usize::MAX);
    let threads = rayon::current_num_threads().min(worth).max(1);
    let buffers: Vec<SharedSlice<'_, u32>> =
        memory.buffers_mut().iter_mut().map(|words| SharedSlice::new(words)).collect();
    let (packed, sections) = sections(dispatches, threads);
    panels.grow_to(packed.words());
    scratch.resize_with(threads.max(scratch.len()), Scratch::default);
    let (own, others) = scratch.split_at_mut(1);
    let replay = Replay {
        dispatches,
        before: Section::new(dispatches, &[], (&packed, 0..packed.count()), threads),
        sections,
        buffers: &buffers,
        packed: &packed,
        panels: &SharedSlice::new(panels),
        barrier: Barrier::new(threads),
        threads,
    };
    let portion = (FLOPS_PER_CALL / flops.max(1)).clamp(1, STEPS_PER_CALL);
    let mut finished = Vec::with_capacity(portion.min(times) as usize);
    let mut left = times;
    let tell = |metrics: Option<StepMetrics>| {
        finished.extend(metrics);
        left -= 1;
        if finished.is_empty() || (left > 0 && (finished.len() as u64) < portion) {
            return ControlFlow::Continue(());
        }
        let flow = sink(&finished);
        finished.clear();
        flow
    };
    std::thread::scope(|scope| {
        let replay = &replay;
        let _guard = StopOnPanic(&replay.barrier);
        for (thread, scratch) in (1..threads).zip(others) {
            scope.spawn(move || {
                let _guard = StopOnPanic(&replay.barrier);
                // It breaks off where the first thread does.
                let _ = replay.run(thread, scratch, times, |_| ControlFlow::Continue(()));
            });
        }
        let _ = replay.run(0, &mut own[0], times, tell);
    });
}

/// What the threads of a replay share.
struct Replay<'a> {
    dispatches: &'a [Dispatch],
    /// What is done before the first step: packing the weights.
    before: Section,
    /// What a step does.
    sections: Vec<Section>,
    /// All buffers of the plan.
    buffers: &'a [SharedSlice<'a, u32>],
    packed: &'a PackedWeights,
    panels: &'a SharedSlice<'a, f32>,
    barrier: Barrier,
    threads: usize,
}

impl Replay<'_> {
    /// All steps of one thread; `tell` gets each step's metrics from the thread that has them. Breaks
    /// where `tell` did, in this thread or another.
    fn run(
        &self,
        thread: usize,
        scratch: &mut Scratch,
        times: u64,
        mut tell: impl FnMut(Option<StepMetrics>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for dispatch in self.dispatches {
            operations::of(&dispatch.operation).reserve(scratch);
        }
        let panels = Panels { packed: self.packed, words: self.panels };
        let threads = self.threads;
        let mut context = ThreadContext { thread, threads, panels, scratch, step_metrics: None };
        if !self.before.is_empty() {
            for (work, part) in self.before.taken(thread, 0) {
                // SAFETY: each task is one thread's, and nobody reads the panels before all have
                // waited.
                unsafe { self.task(work, part, &mut context) };
            }
            self.barrier.wait()?;
        }
        for step in 0..times {
            for section in &self.sections {
                // SAFETY: each operation keeps to what its contract names and to its part, by the
                // promise of `CpuOperation`. A section holds no two dispatches of which one writes
                // what the other uses, but for rows that are the same task's in both. The panels that
                // it packs are of weights that the section before has changed and this one does not,
                // and nobody reads them here. Each task is one thread's; what is not split runs on
                // the first thread. Between sections all wait for each other.
                unsafe {
                    for &number in section.whole.iter().filter(|_| thread == 0) {
                        let (operation, bound) = self.dispatch(number);
                        operation.run(&bound, Part::WHOLE, &mut context);
                    }
                    for (work, part) in section.taken(thread, step as usize) {
                        // After the last step nobody would read the panels: a replay begins by
                        // packing all.
                        if step + 1 < times || !matches!(work, Work::Packing(_)) {
                            self.task(work, part, &mut context);
                        }
                    }
                }
                self.barrier.wait()?;
            }
            if tell(context.step_metrics.take()).is_break() {
                self.barrier.stop();
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    fn dispatch(&self, number: usize) -> (&dyn CpuOperation, BoundBuffers<'_>) {
        let Dispatch { operation, bindings, .. } = &self.dispatches[number];
        (operations::of(operation), BoundBuffers { buffers: self.buffers, ids: bindings })
    }

    /// Runs a task.
    ///
    /// # Safety
    /// As [`CpuOperation::run`], for the task's part of all its dispatches, or of the panels.
    unsafe fn task(&self, work: &Work, part: Part, context: &mut ThreadContext<'_>) {
        // SAFETY: the caller's promise, in all calls.
        unsafe {
            match work {
                Work::Rows(numbers) => {
                    for (operation, bound) in numbers.iter().map(|&number| self.dispatch(number)) {
                        operation.run(&bound, part, context);
                    }
                }
                Work::Parts(number) => {
                    let (operation, bound) = self.dispatch(*number);
                    operation.run(&bound, part, context);
                }
                Work::Packing(layer) => {
                    self.packed.pack(*layer, self.buffers, self.panels, part);
                }
            }
        }
    }
}
