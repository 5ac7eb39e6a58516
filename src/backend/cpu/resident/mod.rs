//! Whole steps of whole networks on the CPU, while everything is in the first cache; networks
//! spread over the threads. Sums run in a fixed order, so each network ends where it ends alone.
//!
//! Lanes of SIMD are filled in two ways: narrow networks put the samples of a batch side by side,
//! wider ones the units of a layer. XOR's own network never leaves the registers.

mod batch;
mod registers;
mod samples;
mod units;

use std::ops::ControlFlow;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use batch::Batch;
use samples::Samples;
use units::Units;

use crate::Result;
use crate::backend::cpu::lanes::{Arithmetic, Fused, Plain};
use crate::backend::cpu::simd::{dispatch, dispatch_256};
use crate::backend::{Memory, Sink, StepMetrics};
use crate::kernels::{Control, Member, Resident, Update, floats, floats_mut, pairs_mut};
use crate::plan::{Phase, Plan};

/// Multiply-adds between two looks at the sink: some tens of milliseconds.
const WORK: usize = 1 << 25;

/// Up to so many units a layer, samples fill the lanes better than units.
const NARROW: usize = 4;

/// Trains `steps` steps and hands the metrics over as they come.
pub(super) fn steps(
    grid: &Resident,
    memory: &mut Memory,
    plan: &Plan,
    steps: u64,
    sink: &mut Sink<'_>,
) -> Result<()> {
    let mut workers = workers(grid);
    let work: usize = grid.members.iter().map(|m| m.batch * (m.parameters() + 16)).sum();
    let portion = (WORK / work.max(1)).clamp(1, 4096) as u64;
    let mut left = steps;
    let mut together = Vec::new();
    while left > 0 {
        let now = portion.min(left) as usize;
        memory.run(plan, Phase::Step, &mut |_, bound| advance(&mut workers, bound, now));
        left -= now as u64;
        let finished = match &workers[..] {
            [alone] => &alone.finished,
            all => {
                together.clear();
                for step in 0..now {
                    together.extend(all.iter().map(|worker| worker.finished[step]));
                }
                &together
            }
        };
        if let ControlFlow::Break(()) = sink(finished) {
            break;
        }
    }
    Ok(())
}

/// Replays a phase and leaves its metrics in its history.
pub(super) fn replay(grid: &Resident, memory: &mut Memory, plan: &Plan, phase: Phase, times: u64) {
    let count = grid.members.len();
    let mut workers = workers(grid);
    memory.run(plan, phase, &mut |_, bound| {
        let before: Vec<Control> =
            bound[0].chunks_exact(Control::WORDS).map(Control::from_words).collect();
        advance(&mut workers, bound, times as usize);
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

/// So many steps of every network, each with its share of the buffers.
fn advance(workers: &mut [Worker<'_>], bound: &mut [&mut [u32]], steps: usize) {
    let [controls, _, x, t, parameters, memory, _, _] = bound else {
        unreachable!("a grid has eight buffers")
    };
    let data = (floats(x), &t[..]);
    let (mut parameters, mut memory) = (floats_mut(parameters), floats_mut(memory));
    let mut shares = Vec::with_capacity(workers.len());
    for (worker, control) in workers.iter_mut().zip(controls.chunks_exact_mut(Control::WORDS)) {
        let count = worker.batch.member.parameters();
        let memories = worker.batch.grid.update.state().len() * count;
        let (own, other) = std::mem::take(&mut parameters).split_at_mut(count);
        let (own_memory, other_memory) = std::mem::take(&mut memory).split_at_mut(memories);
        (parameters, memory) = (other, other_memory);
        shares.push((worker, Share { control, data, parameters: own, memory: own_memory, steps }));
    }
    match shares.len() {
        1 => shares.into_iter().for_each(|(worker, share)| worker.run(share)),
        _ => shares.into_par_iter().for_each(|(worker, share)| worker.run(share)),
    }
}

/// A network's share of the buffers, and what is to be done.
struct Share<'a> {
    control: &'a mut [u32],
    data: (&'a [f32], &'a [u32]),
    parameters: &'a mut [f32],
    /// What the optimizer remembers, one tensor after another.
    memory: &'a mut [f32],
    steps: usize,
}

/// The scratch memory of one network.
struct Worker<'g> {
    batch: Batch<'g>,
    lanes: Lanes,
    finished: Vec<StepMetrics>,
}

/// What lies side by side, and where.
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
        // Eight lanes would be for batches and layers of up to eight, but sixteen were faster there
        // too, on AVX2 and on AVX-512: a step waits for its sums, whatever their lanes hold. For four
        // rows sixteen lanes take 13 % longer than four.
        match (most, member.batch) {
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
        match lanes {
            Lanes::Registers => registers::run(batch, finished, share),
            // For AVX-512 samples took 27 % longer (64 rows) or 2 % less (16); units gain 4 %.
            Lanes::Samples4(way) => dispatch_256(Run { way, batch, finished, share }),
            Lanes::Samples16(way) => dispatch_256(Run { way, batch, finished, share }),
            Lanes::Units(way) => dispatch(Run { way, batch, finished, share }),
        }
    }
}

/// How steps are done. Every function is inlined into [`Run`], which has the SIMD instructions.
trait Way {
    /// Takes the parameters, and what the optimizer remembers of them, into its own layout.
    fn enter(&mut self, batch: &Batch<'_>, parameters: &[f32], memory: &[f32]);
    /// Takes the batch's features.
    fn load(&mut self, batch: &Batch<'_>, x: &[f32]);
    /// The batch through all layers and back; sums of its losses and scores.
    fn gradient<A: Arithmetic>(&mut self, batch: &mut Batch<'_>) -> StepMetrics;
    /// The update.
    fn update(&mut self, batch: &Batch<'_>, control: Control);
    /// Puts everything back.
    fn leave(&self, batch: &Batch<'_>, parameters: &mut [f32], memory: &mut [f32]);
}

/// A run of steps. Not a closure: one of this size is not inlined into the function that has the
/// SIMD instructions, and would be compiled without them.
struct Run<'a, 'g, W> {
    way: &'a mut W,
    batch: &'a mut Batch<'g>,
    finished: &'a mut Vec<StepMetrics>,
    share: Share<'a>,
}

impl<W: Way> WithSimd for Run<'_, '_, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        if S::IS_SCALAR { self.steps::<Plain>() } else { self.steps::<Fused>() }
    }
}

impl<W: Way> Run<'_, '_, W> {
    #[inline(always)]
    fn steps<A: Arithmetic>(self) {
        let Run { way, batch, finished, share } = self;
        let Share { control: words, data: (x, t), parameters, memory, steps } = share;
        let (grid, member) = (batch.grid, batch.member);
        let mut control = Control::from_words(words);
        way.enter(batch, parameters, memory);
        for step in 0..steps {
            if step == 0 || !batch.stays() {
                batch.find(control, t);
                way.load(batch, x);
            }
            let sums = way.gradient::<A>(batch);
            if grid.update != Update::Gradient {
                way.update(batch, control);
            }
            finished.push(sums.map(|sum| sum / control.rows as f32));
            control.advance(member.rows, member.batch, grid.capacity);
        }
        way.leave(batch, parameters, memory);
        words.copy_from_slice(&control.to_words());
    }
}
