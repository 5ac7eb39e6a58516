//! The resident strategy: whole steps of whole networks, with everything in the L1 cache, each network
//! on one thread. Sums run in a fixed order, so a network of a grid ends as it does alone.
//!
//! Lanes of SIMD are filled in two ways: narrow networks put the samples of a batch side by side, wider
//! ones the units of a layer. The smallest, such as XOR's, stay in registers.

mod batch;
mod registers;
mod run;
mod samples;
mod units;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use batch::Batch;
use run::{Run, Share};
use samples::Samples;
use units::Units;

use crate::Result;
use crate::backend::cpu::simd::{dispatch, dispatch_256};
use crate::backend::cpu::team::{self, Job};
use crate::backend::{Memory, Sink, StepMetrics};
use crate::kernels::{Control, Member, Resident, floats, floats_mut, pairs_mut};
use crate::plan::{Phase, Plan};

/// Multiply-adds between two calls of the sink: some tens of milliseconds.
const WORK_PER_CALL: usize = 1 << 25;

/// Those of each of many networks: it is loaded anew for every call, which takes as long as several of its
/// steps: `docs/benchmarks.md` has the time of 10,000.
const WORK_PER_NETWORK: usize = 1 << 15;

/// And yet no more than this in all: about a tenth of a second.
const MOST_PER_CALL: usize = 1 << 28;

/// Units of the widest layer up to which samples fill the lanes better than units.
const NARROW: usize = 4;

/// Trains `steps` steps; the sink gets their metrics, those of each network in turn.
pub(super) fn steps(
    (grid, threads): (&Resident, usize),
    memory: &mut Memory,
    plan: &Plan,
    steps: u64,
    sink: &mut Sink<'_>,
) -> Result<()> {
    let mut workers = workers(grid);
    let work: usize = grid.members.iter().map(|m| m.batch * (m.parameters() + 16)).sum();
    let per_call = (WORK_PER_NETWORK * workers.len()).clamp(WORK_PER_CALL, MOST_PER_CALL);
    let portion = (per_call / work.max(1)).clamp(1, 4096) as u64;
    let mut left = steps;
    let mut together = Vec::new();
    while left > 0 {
        let now = portion.min(left) as usize;
        memory.run(plan, Phase::Step, &mut |_, bound| {
            advance(&mut workers, bound, (now, threads));
        });
        left -= now as u64;
        let finished = match &workers[..] {
            [alone] => &alone.finished,
            all => {
                gather(all, now, &mut together);
                &together
            }
        };
        if let ControlFlow::Break(()) = sink(finished) {
            break;
        }
    }
    Ok(())
}

/// The metrics of so many steps, those of each network in turn. A few networks at a time, whose metrics
/// fill whole cache lines here: one alone would load a line for each number.
fn gather(workers: &[Worker<'_>], steps: usize, together: &mut Vec<StepMetrics>) {
    const NETWORKS: usize = 64 / size_of::<StepMetrics>();
    together.resize(steps * workers.len(), [0.0; 2]);
    for (block, own) in workers.chunks(NETWORKS).enumerate() {
        for (step, of_step) in together.chunks_exact_mut(workers.len()).enumerate() {
            let of_step = &mut of_step[block * NETWORKS..][..own.len()];
            for (to, worker) in of_step.iter_mut().zip(own) {
                *to = worker.finished[step];
            }
        }
    }
}

/// Replays a phase and writes its metrics to its history.
pub(super) fn replay(
    (grid, threads): (&Resident, usize),
    memory: &mut Memory,
    plan: &Plan,
    phase: Phase,
    times: u64,
) {
    let count = grid.members.len();
    let mut workers = workers(grid);
    memory.run(plan, phase, &mut |_, bound| {
        let before: Vec<Control> =
            bound[0].chunks_exact(Control::WORDS).map(Control::from_words).collect();
        advance(&mut workers, bound, (times as usize, threads));
        let history = pairs_mut(bound[6]);
        for (index, (worker, control)) in workers.iter().zip(before).enumerate() {
            for (number, metrics) in worker.finished.iter().enumerate() {
                let slot = (control.slot as usize + number) % grid.capacity;
                history[slot * count + index] = *metrics;
            }
        }
    });
}

fn workers(grid: &Resident) -> Vec<Worker<'_>> {
    grid.members.iter().map(|member| Worker::new(grid, member)).collect()
}

/// So many steps of every network, each with its share of the buffers, on up to so many threads.
fn advance(workers: &mut [Worker<'_>], bound: &mut [&mut [u32]], (steps, threads): (usize, usize)) {
    let [controls, _, x, t, parameters, state, _, _] = bound else {
        unreachable!("a grid has eight buffers")
    };
    let data = (floats(x), &t[..]);
    let (mut parameters, mut state) = (floats_mut(parameters), floats_mut(state));
    let mut shares = Vec::with_capacity(workers.len());
    for (worker, control) in workers.iter_mut().zip(controls.chunks_exact_mut(Control::WORDS)) {
        let count = worker.batch.member.parameters();
        let states = worker.batch.grid.update.state().len() * count;
        let (own, other) = std::mem::take(&mut parameters).split_at_mut(count);
        let (own_state, other_state) = std::mem::take(&mut state).split_at_mut(states);
        (parameters, state) = (other, other_state);
        shares.push((worker, Share { control, data, parameters: own, state: own_state, steps }));
    }
    let networks = Networks {
        shares: shares.into_iter().map(|share| Mutex::new(Some(share))).collect(),
        next: AtomicUsize::new(0),
    };
    let threads = threads.min(networks.shares.len());
    // No network is late: how long one takes is not known.
    team::lead(&networks, threads, |leader| leader.round(0, true, Duration::MAX));
}

/// Networks that threads take one after the other.
struct Networks<'w, 'g, 's> {
    shares: Vec<Mutex<Option<(&'w mut Worker<'g>, Share<'s>)>>>,
    next: AtomicUsize,
}

impl Job for Networks<'_, '_, '_> {
    fn take_part(&self, _: u64, _: usize) {
        while let Some(share) = self.shares.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let taken = share.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some((worker, share)) = taken {
                worker.run(share);
            }
        }
    }
}

/// One network, with its scratch memory.
struct Worker<'g> {
    batch: Batch<'g>,
    lanes: Lanes,
    finished: Vec<StepMetrics>,
}

/// What fills the lanes, and its memory.
enum Lanes {
    Registers,
    Samples4(Samples<4>),
    Samples16(Samples<16>),
    Units(Units),
}

impl Lanes {
    fn of(grid: &Resident, member: &Member) -> Self {
        let most = member.widths[1..].iter().max().copied().unwrap_or(1);
        if registers::fits(grid, member) {
            return Self::Registers;
        }
        // Not eight lanes for batches of up to eight: sixteen are no slower there, on AVX2 and on
        // AVX-512, for a step waits for the latency of its sums, however many lanes they fill.
        match (most, member.batch) {
            _ if grid.drops_of(member) || grid.clips_of(member) => {
                Self::Units(Units::new(grid, member))
            }
            (..=NARROW, ..=4) => Self::Samples4(Samples::new(grid, member)),
            (..=NARROW, _) => Self::Samples16(Samples::new(grid, member)),
            _ => Self::Units(Units::new(grid, member)),
        }
    }
}

impl<'g> Worker<'g> {
    fn new(grid: &'g Resident, member: &'g Member) -> Self {
        let (batch, lanes) = (Batch::new(grid, member), Lanes::of(grid, member));
        Self { batch, lanes, finished: Vec::new() }
    }

    fn run(&mut self, share: Share<'_>) {
        let Self { batch, lanes, finished } = self;
        finished.clear();
        if Control::from_words(share.control).is_at_rest() {
            finished.resize(share.steps, [0.0; 2]);
            return;
        }
        match lanes {
            Lanes::Registers => registers::run(batch, finished, share),
            // AVX-512 makes units faster, but samples slower.
            Lanes::Samples4(strategy) => dispatch_256(Run { strategy, batch, finished, share }),
            Lanes::Samples16(strategy) => dispatch_256(Run { strategy, batch, finished, share }),
            Lanes::Units(strategy) => dispatch(Run { strategy, batch, finished, share }),
        }
    }
}
