//! Plans whose buffers are in the host's memory: what the CPU path and the twins have in common.

use std::time::Duration;

use super::{Backend, Device, Memory, Sink, unmeasured};
use crate::Result;
use crate::kernels::Words;
use crate::plan::{Phase, Plan, Region};

/// How a device runs the plans that are in the host's memory.
pub(super) trait Engine: Device + Copy + 'static {
    /// What it keeps from one replay to the next beside the plan's buffers.
    type Kept: Default;

    /// As [`Backend::replay`].
    fn replay(&self, on: &mut Hosted<Self>, phase: Phase, times: u64) -> Result<()>;

    /// As [`Backend::steps`].
    fn steps(&self, on: &mut Hosted<Self>, steps: u64, sink: &mut Sink<'_>) -> Result<()>;

    /// As [`Backend::profile`].
    fn profile(&self, _: &mut Hosted<Self>, phase: Phase) -> Result<Vec<Duration>> {
        unmeasured(phase)
    }
}

/// A plan on such a device.
pub(super) struct Hosted<E: Engine> {
    engine: E,
    pub(super) plan: Plan,
    pub(super) memory: Memory,
    pub(super) kept: E::Kept,
}

/// Makes a plan's buffers, all zero.
pub(super) fn load(engine: impl Engine, plan: Plan) -> Box<dyn Backend> {
    let memory = Memory::new(&plan);
    Box::new(Hosted { engine, plan, memory, kept: Default::default() })
}

impl<E: Engine> Backend for Hosted<E> {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn load(&self, plan: Plan) -> Result<Box<dyn Backend>> {
        self.engine.load(plan)
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
        let engine = self.engine;
        engine.replay(self, phase, times)
    }

    fn profile(&mut self, phase: Phase) -> Result<Vec<Duration>> {
        let engine = self.engine;
        engine.profile(self, phase)
    }

    fn steps(&mut self, steps: u64, sink: &mut Sink<'_>) -> Result<()> {
        let engine = self.engine;
        engine.steps(self, steps, sink)
    }
}
