//! Replays a phase: threads go through its sections together, step after step.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::context::{Scratch, ThreadContext};
use super::operations::{self, CpuOperation};
use super::packed::{PackedWeights, Panels};
use super::part::Part;
use super::shared::{BoundBuffers, SharedSlice};
use super::tasks::{Section, Work, alone, sections};
use super::team::{self, Job};
use super::worth::Worth;
use crate::backend::aligned::Aligned;
use crate::backend::{Memory, Sink, StepMetrics};
use crate::plan::Dispatch;
use crate::platform::Instant;

/// Floating-point operations between two calls of the sink: about ten milliseconds.
const FLOPS_PER_CALL: u64 = 1 << 29;

/// Steps between two calls of the sink, at most: a terminal needs no more.
const STEPS_PER_CALL: u64 = 4096;

/// Memory that is kept from one replay to the next.
#[derive(Default)]
pub(crate) struct ReplayMemory {
    panels: Aligned<f32>,
    /// One for each thread, which alone locks it.
    scratch: Vec<Mutex<Scratch>>,
    /// Whether help pays, of phases with so many floating-point operations.
    worth: HashMap<u64, Option<Worth>>,
}

/// Runs the dispatches of a phase `times` times on up to `threads` threads, and hands each step's
/// metrics over where the phase has a history.
pub(super) fn replay(
    dispatches: &[Dispatch],
    memory: &mut Memory,
    ReplayMemory { panels, scratch, worth }: &mut ReplayMemory,
    (times, threads): (u64, usize),
    sink: &mut Sink<'_>,
) {
    let flops = dispatches.iter().map(|dispatch| dispatch.operation.kernel().cost().flops).sum();
    let flops: u64 = flops;
    let mut worth = match worth.entry(flops).or_insert_with(|| Worth::of(alone(dispatches))) {
        Some(worth) if threads > 1 => Some(worth),
        _ => None,
    };
    let (packed, sections) = sections(dispatches, if worth.is_some() { threads } else { 1 });
    // Of as many threads as some section has use for.
    let threads = sections.iter().map(Section::threads).max().unwrap_or(1);
    let buffers: Vec<SharedSlice<'_, u32>> =
        memory.buffers_mut().iter_mut().map(|words| SharedSlice::new(words)).collect();
    panels.grow_to(packed.words());
    scratch.resize_with(threads.max(scratch.len()), Mutex::default);
    for scratch in &mut scratch[..threads] {
        let scratch = scratch.get_mut().unwrap_or_else(PoisonError::into_inner);
        for dispatch in dispatches {
            operations::of(&dispatch.operation).reserve(scratch);
        }
    }
    let replay = Replay {
        dispatches,
        before: Section::new(dispatches, &[], (&packed, 0..packed.count()), threads),
        sections,
        buffers: &buffers,
        packed: &packed,
        panels: &SharedSlice::new(panels),
        scratch,
        threads,
        times,
        metrics: Mutex::new(None),
    };
    let portion = (FLOPS_PER_CALL / flops.max(1)).clamp(1, STEPS_PER_CALL);
    let mut finished = Vec::with_capacity(portion.min(times) as usize);
    team::lead(&replay, threads, |leader| {
        if !replay.before.is_empty() {
            replay.before.run(leader, 0, times);
        }
        let (mut began, mut since) = (worth.is_some().then(Instant::now), 0);
        for step in 0..times {
            let helped = worth.as_ref().is_some_and(|worth| worth.helped());
            for (number, section) in replay.sections.iter().enumerate() {
                let round = replay.round(step, number);
                if helped {
                    section.run(leader, round, times - step);
                } else {
                    leader.alone(round);
                }
            }
            since += 1;
            if let (Some(worth), Some(began)) = (&mut worth, &mut began)
                && (since >= worth.steps() || step + 1 == times)
            {
                worth.ran(std::mem::take(&mut since), std::mem::replace(began, Instant::now()));
            }
            finished.extend(replay.take_metrics());
            let last = step + 1 == times;
            if !finished.is_empty() && (last || finished.len() as u64 >= portion) {
                let flow = sink(&finished);
                finished.clear();
                if flow.is_break() {
                    break;
                }
            }
        }
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
    scratch: &'a [Mutex<Scratch>],
    threads: usize,
    times: u64,
    /// The metrics of the step, once they are made.
    metrics: Mutex<Option<StepMetrics>>,
}

impl Job for Replay<'_> {
    fn take_part(&self, round: u64, thread: usize) {
        // Round 0 is before the first step.
        let count = self.sections.len() as u64;
        let (section, step) = match round.checked_sub(1) {
            None => (&self.before, 0),
            Some(round) => (&self.sections[(round % count) as usize], round / count),
        };
        let mut scratch = self.scratch[thread].lock().unwrap_or_else(PoisonError::into_inner);
        let panels = Panels { packed: self.packed, words: self.panels };
        let mut context = ThreadContext {
            thread,
            threads: self.threads,
            panels,
            scratch: &mut scratch,
            step_metrics: None,
        };
        // SAFETY: each operation keeps to what its contract names and to its part, by the promise of
        // `CpuOperation`. A section holds no two dispatches of which one writes what the other uses,
        // but for rows that are the same task's in both. The panels that it packs are of weights that
        // the section before has changed and this one does not, and nobody reads them here. Each task
        // is one thread's; what is not split runs on the leader. A section is a round of the team: it
        // begins when all tasks of the one before are done.
        unsafe {
            for &number in section.whole.iter().filter(|_| thread == 0) {
                let (operation, bound) = self.dispatch(number);
                operation.run(&bound, Part::WHOLE, &mut context);
            }
            for (work, part) in section.taken(thread, step as usize) {
                // After the last step nobody would read the panels: a replay begins by packing all.
                if round == 0 || step + 1 < self.times || !matches!(work, Work::Packing(_)) {
                    self.task(work, part, &mut context);
                }
            }
        }
        if let Some(metrics) = context.step_metrics {
            *self.metrics.lock().unwrap_or_else(PoisonError::into_inner) = Some(metrics);
        }
    }
}

impl Replay<'_> {
    /// The team's round for a section of a step.
    fn round(&self, step: u64, section: usize) -> u64 {
        1 + step * self.sections.len() as u64 + section as u64
    }

    fn take_metrics(&self) -> Option<StepMetrics> {
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner).take()
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
