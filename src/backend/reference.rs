//! Runs a plan on the naive twins: the oracle, slow and plain.

use super::hosted::{self, Engine};
use super::{Backend, Device, Memory, Sink};
use crate::Result;
use crate::plan::{Limits, Phase, Plan};

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
        Ok(hosted::load(*self, plan))
    }
}

impl Engine for Reference {
    fn replay(&self, plan: &Plan, memory: &mut Memory, phase: Phase, times: u64) -> Result<()> {
        for _ in 0..times {
            memory.run(plan, phase, &mut |operation, bound| operation.kernel().twin(bound));
        }
        Ok(())
    }

    fn steps(
        &self,
        plan: &Plan,
        memory: &mut Memory,
        steps: u64,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        for _ in 0..steps {
            let slot = memory.slot(plan);
            self.replay(plan, memory, Phase::Step, 1)?;
            if sink(memory.metrics(plan, slot)).is_break() {
                break;
            }
        }
        Ok(())
    }
}
