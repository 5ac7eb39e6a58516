//! Runs a plan on the naive twins: the oracle, slow and plain.

use super::hosted::{self, Engine, Hosted};
use super::{Backend, Device, Sink};
use crate::Result;
use crate::plan::{Limits, Phase, Plan};
use crate::platform::BoxFuture;

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

    fn load(&self, plan: Plan) -> BoxFuture<'_, Result<Box<dyn Backend>>> {
        hosted::load(*self, plan)
    }
}

impl Engine for Reference {
    type Kept = ();

    fn replay(&self, on: &mut Hosted<Self>, phase: Phase, times: u64) -> Result<()> {
        for _ in 0..times {
            on.memory.run(&on.plan, phase, &mut |operation, bound| operation.twin(bound));
        }
        Ok(())
    }

    fn steps(&self, on: &mut Hosted<Self>, steps: u64, sink: &mut Sink<'_>) -> Result<()> {
        for _ in 0..steps {
            let slot = on.memory.slot(&on.plan);
            self.replay(on, Phase::Step, 1)?;
            if sink(on.memory.metrics(&on.plan, slot)).is_break() {
                break;
            }
        }
        Ok(())
    }
}
