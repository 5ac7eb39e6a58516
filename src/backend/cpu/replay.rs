//! Replays a phase: threads go through its sections together, step after step.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::context::{Scratch, ThreadContext};
use super::operations::{self, CpuOperation};
use super::packed::{PackedWeights, Panels};
use super::part::Part;
use super::shared::{BoundBuffers, SharedSlice};
use super::tasks::{Section, Work, sections, time};
use super::team::{self, Job, Leader};
use super::worth::Worth;
use crate::backend::aligned::Aligned;
use crate::backend::{Memory, Sink, StepMetrics};
use crate::plan::{Dispatch, Phase};
use crate::platform::Instant;

/// Floating-point operations between two calls of the sink: about ten milliseconds.
const FLOPS_PER_CALL: u64 = 1 << 29;

/// Steps between two calls of the sink, at most: a terminal needs no more.
const STEPS_PER_CALL: u64 = 4096;

/// What is kept from one replay to the next.
#[derive(Default)]
pub(crate) struct ReplayMemory {
    panels: Aligned<f32>,
    /// One for each thread, which alone locks it.
    scratch: Vec<Mutex<Scratch>>,
    phases: HashMap<Phase, Prepared>,
}

/// Dispatches made ready to be replayed, which goes by what they do and bind, not by their settings.
struct Prepared {
    /// How many there are, and their floating-point operations.
    dispatches: (usize, u64),
    packed: PackedWeights,
    /// Whether help pays, where it may.
    worth: Option<Worth>,
    alone: Sections,
    /// Made when threads first help.
    helped: OnceLock<Sections>,
}

impl Prepared {
    fn new(dispatches: &[Dispatch], flops: u64) -> Self {
        let (packed, alone) = Sections::new(dispatches, 1);
        let (dispatches, worth) = ((dispatches.len(), flops), Worth::of(time(dispatches)));
        Self { dispatches, packed, worth, alone, helped: OnceLock::new() }
    }
}

/// The sections of a phase, cut for so many threads.
struct Sections {
    /// What is done before the first step: packing the weights.
    before: Section,
    /// What a step does.
    step: Vec<Section>,
}

impl Sections {
    fn new(dispatches: &[Dispatch], threads: usize) -> (PackedWeights, Self) {
        let (packed, step) = sections(dispatches, threads);
        let before = Section::new(dispatches, &[], (&packed, 0..packed.count()), threads);
        (packed, Self { before, step })
    }
}

/// Runs the dispatches of a phase `times` times on up to `threads` threads, and hands each step's
/// metrics over where the phase has a history.
pub(super) fn replay(
    (phase, dispatches): (Phase, &[Dispatch]),
    memory: &mut Memory,
    ReplayMemory { panels, scratch, phases }: &mut ReplayMemory,
    (times, threads): (u64, usize),
    sink: &mut Sink<'_>,
) {
    let flops = dispatches.iter().map(|dispatch| dispatch.operation.kernel().cost().flops).sum();
    let prepared = phases.entry(phase).or_insert_with(|| Prepared::new(dispatches, flops));
    if prepared.dispatches != (dispatches.len(), flops) {
        *prepared = Prepared::new(dispatches, flops);
    }
    let Prepared { packed, worth, alone, helped, .. } = prepared;
    let mut worth = worth.as_mut().filter(|_| threads > 1);
    let threads = if worth.is_some() { threads } else { 1 };
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
        alone,
        helped,
        buffers: &buffers,
        packed,
        panels: &SharedSlice::new(panels),
        scratch,
        threads,
        last: AtomicBool::new(false),
        metrics: Mutex::new(None),
    };
    let portion = (FLOPS_PER_CALL / flops.max(1)).clamp(1, STEPS_PER_CALL);
    let mut finished = Vec::with_capacity(portion.min(times) as usize);
    team::lead(&replay, threads, |leader| {
        let (mut began, mut since, mut rounds) = (worth.is_some().then(Instant::now), 0, 0);
        for step in 0..times {
            let last = step + 1 == times;
            match worth.as_ref().is_some_and(|worth| worth.helped()) {
                true => replay.step_with_help(leader, &mut rounds, (step, times)),
                false => replay.step_alone((step, times)),
            }
            since += 1;
            if let (Some(worth), Some(began)) = (&mut worth, &mut began)
                && (since >= worth.steps() || last)
            {
                let now = Instant::now();
                worth.took(std::mem::take(&mut since), now - std::mem::replace(began, now));
            }
            finished.extend(replay.take_metrics());
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
    alone: &'a Sections,
    helped: &'a OnceLock<Sections>,
    /// All buffers of the plan.
    buffers: &'a [SharedSlice<'a, u32>],
    packed: &'a PackedWeights,
    panels: &'a SharedSlice<'a, f32>,
    scratch: &'a [Mutex<Scratch>],
    threads: usize,
    /// Whether the last step has begun.
    last: AtomicBool,
    /// The metrics of the step, once they are made.
    metrics: Mutex<Option<StepMetrics>>,
}

impl Job for Replay<'_> {
    /// Round 0 is what is done before the first step; the sections of one step after the other follow.
    fn take_part(&self, round: u64, thread: usize) {
        let Some(Sections { before, step }) = self.helped.get() else { return };
        match round.checked_sub(1) {
            None => self.take_tasks(before, thread),
            Some(round) => self.take_tasks(&step[(round % step.len() as u64) as usize], thread),
        }
    }
}

impl Replay<'_> {
    /// A step out of so many, on this thread.
    fn step_alone(&self, (step, times): (u64, u64)) {
        let take = |section: &Section| {
            section.begin();
            self.take_tasks(section, 0);
        };
        if step == 0 {
            take(&self.alone.before);
        }
        self.last.store(step + 1 == times, Ordering::Relaxed);
        self.alone.step.iter().for_each(take);
    }

    /// A step out of so many, with the team's help; counts the rounds.
    fn step_with_help(
        &self,
        leader: &mut Leader<'_, '_>,
        rounds: &mut u64,
        (step, times): (u64, u64),
    ) {
        let sections = self.helped.get_or_init(|| Sections::new(self.dispatches, self.threads).1);
        if step == 0 && !sections.before.is_empty() {
            sections.before.run(leader, 0, times);
        }
        self.last.store(step + 1 == times, Ordering::Relaxed);
        for section in &sections.step {
            *rounds += 1;
            section.run(leader, *rounds, times - step);
        }
    }

    /// Takes tasks of a section until none is left.
    fn take_tasks(&self, section: &Section, thread: usize) {
        let mut scratch = self.scratch[thread].lock().unwrap_or_else(PoisonError::into_inner);
        let panels = Panels { packed: self.packed, words: self.panels };
        let mut context = ThreadContext {
            thread,
            threads: self.threads,
            panels,
            scratch: &mut scratch,
            step_metrics: None,
        };
        // After the last step nobody would read the panels: a replay begins by packing all.
        let packs = !self.last.load(Ordering::Relaxed);
        // SAFETY: each operation keeps to what its contract names and to its part, by the promise of
        // `CpuOperation`. A section holds no two dispatches of which one writes what the other uses,
        // but for rows that are the same task's in both. The panels that it packs are of weights that
        // the section before has changed and this one does not, and nobody reads them here. Each task
        // is one thread's; what is not split runs on the leader. A section is a round of the team, or
        // the leader's alone: it begins when all tasks of the one before are done.
        unsafe {
            for &number in section.whole.iter().filter(|_| thread == 0) {
                let (operation, bound) = self.dispatch(number);
                operation.run(&bound, Part::WHOLE, &mut context);
            }
            for (work, part) in section.taken(thread) {
                if packs || !matches!(work, Work::Packing(_)) {
                    self.task(work, part, &mut context);
                }
            }
        }
        if let Some(metrics) = context.step_metrics {
            *self.metrics.lock().unwrap_or_else(PoisonError::into_inner) = Some(metrics);
        }
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
