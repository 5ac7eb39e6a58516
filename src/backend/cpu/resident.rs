//! Whole steps of whole networks on the CPU.

use crate::Result;
use crate::backend::{Memory, Sink};
use crate::kernels::{Kernel as _, Resident};
use crate::plan::{BufferId, Phase, Plan};

#[derive(Debug, Default)]
pub(super) struct Grid;

impl Grid {
    pub(super) fn steps(
        &mut self,
        grid: &Resident,
        _bindings: &[BufferId],
        memory: &mut Memory,
        plan: &Plan,
        steps: u64,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        let _ = grid.stem();
        for _ in 0..steps {
            let slot = memory.slot(plan);
            memory.run(plan, Phase::Step, &mut |operation, bound| operation.kernel().twin(bound));
            if sink(memory.metrics(plan, slot)).is_break() {
                break;
            }
        }
        Ok(())
    }
}
