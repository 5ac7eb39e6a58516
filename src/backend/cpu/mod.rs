//! Runs a plan on the CPU. A phase is cut into sections that threads go through side by side; the
//! matrix products go through the `gemm` crate, everything else in SIMD passes of our own.
//! Operations without a fast version run as their twins.

mod fused;
mod lanes;
mod passes;
mod product;
mod replay;
mod resident;
mod rows;
mod schedule;
mod team;
mod units;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::{Backend, Device, Memory, Sink};
use crate::Result;
use crate::kernels::{Operation, Update, Words};
use crate::plan::{Dispatch, Limits, Phase, Plan, Region};

/// The CPU.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu;

impl Device for Cpu {
    fn name(&self) -> &str {
        "cpu"
    }

    fn limits(&self) -> Limits {
        Limits {
            memory_bytes: super::host_memory(),
            threads: rayon::current_num_threads(),
            ..Limits::unlimited(self.name())
        }
    }

    fn load(&self, plan: Plan) -> Result<Box<dyn Backend>> {
        let memory = Memory::new(&plan);
        Ok(Box::new(Loaded { plan, memory }))
    }
}

struct Loaded {
    plan: Plan,
    memory: Memory,
}

impl Backend for Loaded {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn load(&self, plan: Plan) -> Result<Box<dyn Backend>> {
        Cpu.load(plan)
    }

    fn replan(&mut self, plan: Plan) -> Result<()> {
        debug_assert!(plan.buffers == self.plan.buffers);
        self.plan = plan;
        Ok(())
    }

    fn write_region(&mut self, region: Region, words: &[u32]) -> Result<()> {
        self.memory.write(region, words);
        Ok(())
    }

    fn read_region(&mut self, region: Region, words: usize) -> Result<Words> {
        Ok(self.memory.read(region, words))
    }

    fn replay(&mut self, phase: Phase, times: u64) -> Result<()> {
        if let [dispatch] = self.plan.phase(phase)
            && let Operation::Resident(grid) = &dispatch.operation
        {
            resident::replay(grid, &mut self.memory, &self.plan, phase, times);
            return Ok(());
        }
        let nobody = &mut |_: &[_]| ControlFlow::Continue(());
        replay::replay(self.plan.phase(phase), &mut self.memory, times, nobody);
        Ok(())
    }

    fn profile(&mut self, phase: Phase) -> Result<Vec<Duration>> {
        let Self { plan, memory } = self;
        Ok(plan.phase(phase).iter().map(|dispatch| profile(plan, dispatch, memory)).collect())
    }

    fn steps(&mut self, steps: u64, sink: &mut Sink<'_>) -> Result<()> {
        if let [dispatch] = self.plan.phase(Phase::Step)
            && let Operation::Resident(grid) = &dispatch.operation
        {
            return resident::steps(grid, &mut self.memory, &self.plan, steps, sink);
        }
        replay::replay(self.plan.phase(Phase::Step), &mut self.memory, steps, sink);
        Ok(())
    }
}

/// The time that a dispatch takes alone, as part of a longer run of it: the threads are awake.
fn profile(plan: &Plan, dispatch: &Dispatch, memory: &mut Memory) -> Duration {
    /// A run is long enough that reading the clock does not matter.
    const LONG: Duration = Duration::from_millis(2);
    const ROUNDS: usize = 9;
    let mut run = |times: u64| {
        let started = Instant::now();
        let nobody = &mut |_: &[_]| ControlFlow::Continue(());
        match &dispatch.operation {
            // Evaluations have no fast version, and one network after another is what it does.
            Operation::Resident(grid) if grid.update != Update::Gradient => {
                // It cannot fail: there is no device to be lost.
                let _ = resident::steps(grid, memory, plan, times, nobody);
            }
            _ => replay::replay(std::slice::from_ref(dispatch), memory, times, nobody),
        }
        started.elapsed()
    };
    let mut times = 1;
    while run(times) < LONG && times < 1 << 20 {
        times *= 2;
    }
    let mut rounds: Vec<Duration> = (0..ROUNDS).map(|_| run(times)).collect();
    rounds.sort();
    rounds[ROUNDS / 2] / times as u32
}
