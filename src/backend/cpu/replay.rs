//! Replays a phase: threads go through its sections together, step after step, without ending in
//! between.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicUsize;

use super::product::Workspace;
use super::schedule::{Split, sections};
use super::team::{Barrier, Bound, Deal, Go, Guard, Member, Shared};
use super::weights::{Panelled, Panels};
use super::{clipping, fused, norms, rows, units};
use crate::backend::{Memory, Sink, StepMetrics};
use crate::kernels::{Control, Kernel as _, Operation, pairs};
use crate::plan::Dispatch;

/// Floating-point operations that are worth a thread: below, it would wait more than work.
const WORTH_A_THREAD: u64 = 100_000;

/// Floating-point operations between two looks at the sink: about ten milliseconds.
const BETWEEN_LOOKS: u64 = 1 << 29;

/// Steps between two looks at the sink, at most: a terminal needs no more.
const STEPS_AT_ONCE: u64 = 4096;

/// Rows at which the batch is cut: a row of a narrow tensor is less than a cache line.
const GRAIN: usize = 8;

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
    let mut sections = sections(dispatches);
    let panelled = Panelled::of(dispatches, &sections);
    sections.resize(sections.len().max(panelled.sections()), Vec::new());
    panels.resize(panelled.words().max(panels.len()), 0.0);
    rooms.resize_with(threads.max(rooms.len()), Room::default);
    let (own, others) = rooms.split_at_mut(1);
    let crew = Crew {
        dispatches,
        sections,
        tensors: &tensors,
        panelled,
        panels: Shared::new(panels),
        taken: dispatches.iter().map(|_| AtomicUsize::new(0)).collect(),
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
    panels: Vec<f32>,
    /// A thread each.
    rooms: Vec<Room>,
}

/// A thread's own memory.
#[derive(Default)]
struct Room {
    scratch: Vec<f32>,
    workspace: Workspace,
}

/// What the threads of a replay share.
struct Crew<'a> {
    dispatches: &'a [Dispatch],
    sections: Vec<Vec<usize>>,
    tensors: &'a [Shared<'a, u32>],
    panelled: Panelled,
    panels: Shared<'a, f32>,
    /// How often threads have asked for a part of a dispatch, for each.
    taken: Vec<AtomicUsize>,
    barrier: Barrier,
    threads: usize,
}

/// What a thread works with.
pub(super) struct Hands<'a> {
    pub(super) panels: Panels<'a>,
    /// For a block of a layer's gradient.
    pub(super) scratch: &'a mut [f32],
    pub(super) workspace: &'a mut Workspace,
}

impl Crew<'_> {
    /// All steps of one thread; `tell` hears each step's metrics.
    fn work(
        &self,
        thread: usize,
        Room { scratch, workspace }: &mut Room,
        times: u64,
        mut tell: impl FnMut(Option<StepMetrics>) -> ControlFlow<()>,
    ) {
        let member = Member { thread, threads: self.threads };
        let words = self.dispatches.iter().map(|dispatch| match &dispatch.operation {
            Operation::DenseBackwardWeight(layer) => units::scratch_words(layer),
            Operation::LayerNormBackwardWeight(norm) => norms::scratch_words(norm),
            _ => 0,
        });
        scratch.resize(words.max().unwrap_or(0).max(scratch.len()), 0.0);
        let panels = Panels { of: &self.panelled, words: &self.panels };
        let mut hands = Hands { panels, scratch, workspace };
        if !self.panelled.is_empty() {
            self.renew(None, member);
            if self.barrier.wait() == Go::Home {
                return;
            }
        }
        for step in 0..times {
            let mut metrics = None;
            for (index, section) in self.sections.iter().enumerate() {
                // After the last step nobody would read them: a replay begins with all of them.
                if step + 1 < times {
                    self.renew(Some(index), member);
                }
                for &number in section {
                    let dispatch = &self.dispatches[number];
                    let bound = Bound { tensors: self.tensors, ids: &dispatch.bindings };
                    let deal = Deal { taken: &self.taken[number], step: step as usize };
                    // SAFETY: a section holds no two dispatches of which one writes what the other
                    // uses, but for rows that are the same thread's in both; each dispatch is
                    // shared out by rows, units, strands or parameters, a part to one thread, or
                    // done whole by the first; and between sections all wait for each other.
                    let told = unsafe { run(dispatch, &bound, member, deal, &mut hands) };
                    metrics = metrics.or(told);
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

    /// A member's share of the weights into panels, at the beginning or of a section.
    fn renew(&self, section: Option<usize>, member: Member) {
        // SAFETY: the weights have been changed in the section before, and are not in this one;
        // the panels are read in sections before that, and again in the next step: and between
        // sections all wait for each other.
        unsafe { self.panelled.renew(section, self.tensors, &self.panels, member) };
    }
}

/// A member's share of a dispatch; returns the step's metrics where it writes them.
///
/// # Safety
/// No other thread may use the member's share of the buffers, nor write to what is read of the
/// others, while it runs.
unsafe fn run(
    dispatch: &Dispatch,
    bound: &Bound<'_>,
    member: Member,
    deal: Deal<'_>,
    hands: &mut Hands<'_>,
) -> Option<StepMetrics> {
    // SAFETY: the caller's promise, in all calls.
    unsafe {
        match (&dispatch.operation, Split::of(dispatch)) {
            (operation, Split::Rows(_)) => {
                let count = bound.control().rows as usize;
                rows::run(operation, bound, member.share(count, GRAIN), hands);
            }
            (Operation::DenseBackwardWeight(layer), _) => units::run(layer, bound, member, hands),
            (Operation::LayerNormBackwardWeight(norm), _) => {
                norms::backward_weight(norm, bound, member, hands);
            }
            (Operation::FusedGradient(fused), _) => {
                fused::gradient(fused, bound, member, deal, hands);
            }
            (Operation::FusedUpdate(update), _) => fused::update(update, bound, member),
            (Operation::SquareSum(sum), _) => clipping::square_sum(sum, bound, member),
            (Operation::ApplyGradient(layer), _) => clipping::apply(layer, bound, member),
            (operation, _) if member.thread == 0 => return whole(operation, bound),
            _ => {}
        }
    }
    None
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
