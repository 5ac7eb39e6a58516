//! Plans whose buffers are in the host's memory: what the CPU path and the reference device share.

use std::time::Duration;

use super::{Backend, Device, Memory, Sink, unmeasured};
use crate::Result;
use crate::kernels::Words;
use crate::plan::{Phase, Plan, Region};
use crate::platform::{BoxFuture, MaybeSend};

/// How a device runs the plans that are in the host's memory.
pub(super) trait Engine: Device + Copy + 'static {
    /// What it keeps from one replay to the next beside the plan's buffers.
    type Kept: Default + MaybeSend;

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
pub(super) fn load(
    engine: impl Engine,
    plan: Plan,
) -> BoxFuture<'static, Result<Box<dyn Backend>>> {
    Box::pin(async move {
        let memory = Memory::new(&plan);
        let backend = Hosted { engine, plan, memory, kept: Default::default() };
        Ok(Box::new(backend) as Box<dyn Backend>)
    })
}

impl<E: Engine> Backend for Hosted<E> {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn load(&self, plan: Plan) -> BoxFuture<'_, Result<Box<dyn Backend>>> {
        self.engine.load(plan)
    }

    fn replan(&mut self, plan: Plan) -> Result<()> {
        debug_assert!(plan.buffers == self.plan.buffers);
        self.plan = plan;
        Ok(())
    }

    fn write_region<'a>(
        &'a mut self,
        region: Region,
        words: &'a [u32],
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.memory.write(region, words);
            Ok(())
        })
    }

    fn read_region(&mut self, region: Region, words: usize) -> BoxFuture<'_, Result<Words>> {
        Box::pin(async move { Ok(self.memory.read(region, words)) })
    }

    fn replay(&mut self, phase: Phase, times: u64) -> BoxFuture<'_, Result<()>> {
        let engine = self.engine;
        Box::pin(async move { engine.replay(self, phase, times) })
    }

    fn profile(&mut self, phase: Phase) -> BoxFuture<'_, Result<Vec<Duration>>> {
        let engine = self.engine;
        Box::pin(async move { engine.profile(self, phase) })
    }

    fn steps<'a>(&'a mut self, steps: u64, sink: &'a mut Sink<'_>) -> BoxFuture<'a, Result<()>> {
        let engine = self.engine;
        Box::pin(async move { engine.steps(self, steps, sink) })
    }
}
