//! Replays a phase: threads go through its sections together, step after step, without ending in
//! between.

use std::ops::ControlFlow;

use super::product::Workspace;
use super::room::Room;
use super::tasks::{Section, Work, sections};
use super::team::{Barrier, Bound, Go, Guard, Part, Shared};
use super::weights::Panels;
use super::{clipping, fused, norms, rows, units};
use crate::backend::aligned::Aligned;
use crate::backend::{Memory, Sink, StepMetrics};
use crate::kernels::{Control, Kernel as _, Operation, pairs};
use crate::plan::Dispatch;

/// Floating-point operations that are worth a thread: below, it would wait more than work.
const WORTH_A_THREAD: u64 = 100_000;

/// Floating-point operations between two looks at the sink: about ten milliseconds.
const BETWEEN_LOOKS: u64 = 1 << 29;

/// Steps between two looks at the sink, at most: a terminal needs no more.
const STEPS_AT_ONCE: u64 = 4096;

/// Runs the dispatches of a phase `times` times, and hands each step's metrics over where the phase
/// has a history.
pub(super) fn replay(
    dispatches: &[Dispatch],
    memory: &mut Memory,
    Kept { panels, rooms }: &mut Kept,
    times: u64,
    sink: &mut Sink<'_>,
) {
    let flops = dispatches.iter().map(|dispatch| dispatch.operation.kernel().cost().flops).sum();
    let flops: u64 = flops;
    let worth = usize::try_from(flops / WORTH_A_THREAD).unwrap_or(usize::MAX);
    let threads = rayon::current_num_threads().min(worth).max(1);
    let tensors: Vec<Shared<'_, u32>> =
        memory.buffers_mut().iter_mut().map(|words| Shared::new(words)).collect();
    let (panelled, sections) = sections(dispatches, threads);
    panels.hold(panelled.words());
    rooms.resize_with(threads.max(rooms.len()), Room::default);
    let (own, others) = rooms.split_at_mut(1);
    let crew = Crew {
        dispatches,
        before: Section::of(dispatches, &[], (&panelled, 0..panelled.count()), threads),
        sections,
        tensors: &tensors,
        panels: Panels { of: &panelled, words: &Shared::new(panels) },
        barrier: Barrier::new(threads),
        threads,
    };
    let portion = (BETWEEN_LOOKS / flops.max(1)).clamp(1, STEPS_AT_ONCE);
    let mut finished = Vec::with_capacity(portion.min(times) as usize);
    let mut left = times;
    let tell = |metrics: Option<StepMetrics>| {
        finished.extend(metrics);
        left -= 1;
        if finished.is_empty() || (left > 0 && (finished.len() as u64) < portion) {
            return ControlFlow::Continue(());
        }
        let go_on = sink(&finished);
        finished.clear();
        go_on
    };
    std::thread::scope(|scope| {
        let crew = &crew;
        let _guard = Guard(&crew.barrier);
        for (thread, room) in (1..threads).zip(others) {
            scope.spawn(move || {
                let _guard = Guard(&crew.barrier);
                crew.work(thread, room, times, |_| ControlFlow::Continue(()));
            });
        }
        crew.work(0, &mut own[0], times, tell);
    });
}

/// Memory that is kept from one replay to the next.
#[derive(Default)]
pub(crate) struct Kept {
    /// Of weights.
    panels: Aligned<f32>,
    /// A thread each.
    rooms: Vec<Room>,
}

/// What the threads of a replay share.
struct Crew<'a> {
    dispatches: &'a [Dispatch],
    /// Before the first step.
    before: Section,
    sections: Vec<Section>,
    tensors: &'a [Shared<'a, u32>],
    panels: Panels<'a>,
    barrier: Barrier,
    threads: usize,
}

/// What a thread works with.
pub(super) struct Hands<'a> {
    pub(super) thread: usize,
    pub(super) threads: usize,
    pub(super) panels: Panels<'a>,
    /// For a block of a layer's gradient, or some units' way forward.
    pub(super) scratch: &'a mut [f32],
    pub(super) workspace: &'a mut Workspace,
}

impl Crew<'_> {
    /// All steps of one thread; `tell` hears each step's metrics.
    fn work(
        &self,
        thread: usize,
        room: &mut Room,
        times: u64,
        mut tell: impl FnMut(Option<StepMetrics>) -> ControlFlow<()>,
    ) {
        room.hold(self.dispatches);
        let Room { scratch, workspace } = room;
        let mut hands =
            Hands { thread, threads: self.threads, panels: self.panels, scratch, workspace };
        if !self.before.is_empty() {
            for (work, part) in self.before.taken(thread, 0) {
                // SAFETY: each task is one thread's, and nobody reads the panels before all have
                // waited.
                unsafe { self.task(work, part, &mut hands) };
            }
            if self.barrier.wait() == Go::Home {
                return;
            }
        }
        for step in 0..times {
            let mut metrics = None;
            for section in &self.sections {
                // SAFETY: a section holds no two dispatches of which one writes what the other
                // uses, but for rows that are the same task's in both; panels are of weights that
                // the section before has changed and this one does not, and nobody reads them here;
                // each task is one thread's, what is not cut into tasks the first one's; and
                // between sections all wait for each other.
                unsafe {
                    for &number in section.whole.iter().filter(|_| thread == 0) {
                        let (operation, bound) = self.dispatch(number);
                        metrics = metrics.or(self::whole(operation, &bound));
                    }
                    for (work, part) in section.taken(thread, step as usize) {
                        // After the last step nobody would read them: a replay begins with all.
                        if step + 1 < times || !matches!(work, Work::Panels(_)) {
                            self.task(work, part, &mut hands);
                        }
                    }
                }
                if self.barrier.wait() == Go::Home {
                    return;
                }
            }
            if tell(metrics).is_break() {
                self.barrier.stop();
                return;
            }
        }
    }

    fn dispatch(&self, number: usize) -> (&Operation, Bound<'_>) {
        let Dispatch { operation, bindings, .. } = &self.dispatches[number];
        (operation, Bound { tensors: self.tensors, ids: bindings })
    }

    /// A task.
    ///
    /// # Safety
    /// While it runs, no other thread may use the task's part of what it writes, nor write to what
    /// it reads.
    unsafe fn task(&self, work: &Work, part: Part, hands: &mut Hands<'_>) {
        // SAFETY: the caller's promise, in all calls.
        unsafe {
            match work {
                Work::Rows(numbers) => {
                    for (operation, bound) in numbers.iter().map(|&number| self.dispatch(number)) {
                        let rows = part.share(bound.control().rows as usize, rows::GRAIN);
                        rows::run(operation, &bound, rows, hands);
                    }
                }
                Work::Parts(number) => {
                    let (operation, bound) = self.dispatch(*number);
                    self::part(operation, &bound, part, hands);
                }
                Work::Panels(layer) => {
                    self.panels.of.renew(*layer, self.tensors, self.panels.words, part);
                }
            }
        }
    }
}

/// A part of a dispatch.
///
/// # Safety
/// While it runs, no other thread may use the part of what it writes, nor write to what it reads.
unsafe fn part(operation: &Operation, bound: &Bound<'_>, part: Part, hands: &mut Hands<'_>) {
    // SAFETY: the caller's promise, in all calls.
    unsafe {
        match operation {
            Operation::DenseForward(layer) => units::forward(layer, bound, part, hands),
            Operation::DenseBackwardWeight(layer) => units::backward(layer, bound, part, hands),
            Operation::LayerNormBackwardWeight(norm) => {
                norms::backward_weight(norm, bound, part, hands);
            }
            // Each strand is a part.
            Operation::FusedGradient(fused) => fused::gradient(fused, bound, part.number, hands),
            Operation::FusedUpdate(update) => fused::update(update, bound, part),
            Operation::SquareSum(sum) => clipping::square_sum(sum, bound, part),
            Operation::ApplyGradient(layer) => clipping::apply(layer, bound, part),
            _ => unreachable!("{} has no parts", operation.kernel().stem()),
        }
    }
}

/// An operation's twin.
///
/// # Safety
/// No other thread may use any of its buffers while it runs.
unsafe fn whole(operation: &Operation, bound: &Bound<'_>) -> Option<StepMetrics> {
    if let Operation::Metrics(end) = operation {
        // SAFETY: the caller's promise. In every step, so without a list on the heap.
        let mut all = unsafe { [0, 1, 2].map(|slot| bound.all(slot)) };
        let slot = Control::from_words(all[0]).slot as usize;
        end.twin(&mut all);
        return Some(pairs(all[2])[slot]);
    }
    /// Buffers that a dispatch binds, at most.
    const SLOTS: usize = 16;
    let count = bound.ids.len();
    // Not a list on the heap: this too may be in every step.
    let mut all: [&mut [u32]; SLOTS] = std::array::from_fn(|slot| match slot < count {
        // SAFETY: the caller's promise.
        true => unsafe { bound.all(slot) },
        false => &mut [],
    });
    operation.kernel().twin(&mut all[..count]);
    None
}
