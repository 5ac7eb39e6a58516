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

use super::{Backend, Device, Memory, Sink};
use crate::Result;
use crate::kernels::{Operation, Words};
use crate::plan::{Limits, Phase, Plan, Region};

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

    fn write_region(&mut self, region: Region, words: &[u32]) -> Result<()> {
        self.memory.write(region, words);
        Ok(())
    }

    fn read_region(&mut self, region: Region, words: usize) -> Result<Words> {
        Ok(self.memory.read(region, words))
    }

    fn replay(&mut self, phase: Phase, times: u64) -> Result<()> {
        let nobody = &mut |_: &[_]| ControlFlow::Continue(());
        replay::replay(&self.plan, phase, &mut self.memory, times, nobody);
        Ok(())
    }

    fn steps(&mut self, steps: u64, sink: &mut Sink<'_>) -> Result<()> {
        if let [dispatch] = self.plan.phase(Phase::Step)
            && let Operation::Resident(grid) = &dispatch.operation
        {
            return resident::steps(grid, &mut self.memory, &self.plan, steps, sink);
        }
        replay::replay(&self.plan, Phase::Step, &mut self.memory, steps, sink);
        Ok(())
    }
}
