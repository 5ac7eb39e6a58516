//! Runs a plan on the naive twins: the oracle, slow and plain.

use super::{Backend, Device, Memory, Sink};
use crate::Result;
use crate::kernels::Words;
use crate::plan::{Limits, Phase, Plan, Region};

/// The reference device.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reference;

impl Device for Reference {
    fn name(&self) -> &str {
        "reference"
    }

    fn limits(&self) -> Limits {
        Limits::unlimited(self.name())
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
        Reference.load(plan)
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
        for _ in 0..times {
            self.memory.run(&self.plan, phase, &mut |operation, bound| {
                operation.kernel().twin(bound);
            });
        }
        Ok(())
    }

    fn steps(&mut self, steps: u64, sink: &mut Sink<'_>) -> Result<()> {
        for _ in 0..steps {
            let slot = self.memory.slot(&self.plan);
            self.replay(Phase::Step, 1)?;
            if sink(self.memory.metrics(&self.plan, slot)).is_break() {
                break;
            }
        }
        Ok(())
    }
}
