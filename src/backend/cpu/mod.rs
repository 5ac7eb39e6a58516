//! Runs a plan on the CPU.
//!
//! ```text
//! simd ◄─ lanes, passes, product ◄─ context (a thread's memory), shared (buffers) ◄─ operations
//!      ◄─ schedule (sections, in which threads are independent) ◄─ tasks (what threads take) ◄─ replay
//! ```
//!
//! `operations/` has a file for each operation that is faster than its twin; `resident/` trains small
//! networks, each on one thread with everything in its cache.

mod context;
mod dense;
mod lanes;
mod operations;
mod order;
mod packed;
mod part;
mod passes;
mod product;
mod queue;
mod replay;
mod resident;
mod schedule;
mod shared;
mod simd;
mod tasks;
mod team;
mod worth;

use std::ops::ControlFlow;
use std::time::Duration;

use replay::ReplayMemory;

use super::hosted::{self, Engine, Hosted};
use super::{Backend, Device, Memory, Sink};
use crate::Result;
use crate::kernels::{Operation, Resident, Update};
use crate::plan::{Dispatch, Limits, Phase, Plan};
use crate::platform::{BoxFuture, Instant, host_memory, threads};

/// The CPU.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu {
    /// Threads at most, where they are limited.
    threads: Option<usize>,
}

impl Cpu {
    /// With as many threads as [`threads::available`] tells.
    pub const fn new() -> Self {
        Self { threads: None }
    }

    /// With at most so many threads, at least one. What is computed does not depend on it.
    pub const fn with_threads(threads: usize) -> Self {
        Self { threads: Some(if threads > 1 { threads } else { 1 }) }
    }

    fn threads(self) -> usize {
        self.threads.unwrap_or_else(threads::available)
    }
}

impl Device for Cpu {
    fn name(&self) -> &str {
        "cpu"
    }

    fn limits(&self) -> Limits {
        Limits { memory_bytes: host_memory(), ..Limits::unlimited(self.name()) }
    }

    fn load(&self, plan: Plan) -> BoxFuture<'_, Result<Box<dyn Backend>>> {
        hosted::load(*self, plan)
    }
}

impl Engine for Cpu {
    type Kept = ReplayMemory;

    fn replay(&self, on: &mut Hosted<Self>, phase: Phase, times: u64) -> Result<()> {
        let Hosted { plan, memory, kept, .. } = on;
        if let Some(grid) = grid(plan, phase) {
            resident::replay((grid, self.threads()), memory, plan, phase, times);
            return Ok(());
        }
        let ignore = &mut |_: &[_]| ControlFlow::Continue(());
        replay::replay((phase, plan.phase(phase)), memory, kept, (times, self.threads()), ignore);
        Ok(())
    }

    fn steps(&self, on: &mut Hosted<Self>, steps: u64, sink: &mut Sink<'_>) -> Result<()> {
        let Hosted { plan, memory, kept, .. } = on;
        if let Some(grid) = grid(plan, Phase::Step) {
            return resident::steps((grid, self.threads()), memory, plan, steps, sink);
        }
        replay::replay(
            (Phase::Step, plan.phase(Phase::Step)),
            memory,
            kept,
            (steps, self.threads()),
            sink,
        );
        Ok(())
    }

    fn profile(&self, on: &mut Hosted<Self>, phase: Phase) -> Result<Vec<Duration>> {
        let Hosted { plan, memory, .. } = on;
        let profile = |dispatch| self.profile_one(plan, (phase, dispatch), memory);
        Ok(plan.phase(phase).iter().map(profile).collect())
    }
}

/// The networks of a phase of the resident strategy.
fn grid(plan: &Plan, phase: Phase) -> Option<&Resident> {
    match plan.phase(phase) {
        [Dispatch { operation: Operation::Resident(grid), .. }] => Some(grid),
        _ => None,
    }
}

impl Cpu {
    /// The time of a dispatch by itself, out of a run of many, so that the threads are awake.
    fn profile_one(
        &self,
        plan: &Plan,
        (phase, dispatch): (Phase, &Dispatch),
        memory: &mut Memory,
    ) -> Duration {
        /// A run is long enough that reading the clock does not matter.
        const LONG: Duration = Duration::from_millis(2);
        const ROUNDS: usize = 9;
        // What is kept of the phase is of all its dispatches.
        let kept = &mut ReplayMemory::default();
        let mut run = |times: u64| {
            let started = Instant::now();
            let ignore = &mut |_: &[_]| ControlFlow::Continue(());
            match &dispatch.operation {
                // Evaluations have no fast version: they run as their twin.
                Operation::Resident(grid) if grid.update != Update::Gradient => {
                    // It cannot fail: there is no device that could be lost.
                    let _ = resident::steps((grid, self.threads()), memory, plan, times, ignore);
                }
                _ => {
                    let times = (times, self.threads());
                    let dispatches = (phase, std::slice::from_ref(dispatch));
                    replay::replay(dispatches, memory, kept, times, ignore);
                }
            }
            started.elapsed()
        };
        let mut times = 1;
        while run(times) < LONG && times < 1 << 20 {
            times *= 2;
        }
        let mut rounds: Vec<Duration> = (0..ROUNDS).map(|_| run(times)).collect();
        rounds.sort_unstable();
        rounds[ROUNDS / 2] / times as u32
    }
}
