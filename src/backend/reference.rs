//! Runs a plan on the naive twins: the oracle, slow and plain.

use super::{Backend, Device, Memory, Sink};
use crate::Result;
use crate::kernels::Words;
use crate::plan::{BufferId, Limits, Phase, Plan};

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

    fn write(&mut self, buffer: BufferId, words: &[u32]) -> Result<()> {
        self.memory.words_mut(buffer)[..words.len()].copy_from_slice(words);
        Ok(())
    }

    fn read(&mut self, buffer: BufferId, words: usize) -> Result<Words> {
        Ok(self.memory.words(buffer)[..words].to_vec())
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
            let slot = self.plan.handles.control.map_or(0, |id| self.memory.words(id)[5]);
            self.replay(Phase::Step, 1)?;
            if sink(&[self.memory.metrics(&self.plan, u64::from(slot))]).is_break() {
                break;
            }
        }
        Ok(())
    }
}
