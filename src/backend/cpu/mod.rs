//! Runs a plan on the CPU: matrix products through the `gemm` crate with SIMD and threads,
//! everything else in passes of our own. Kernels without a fast version run as their twins.

mod dense;
mod lanes;
mod resident;

use std::ops::ControlFlow;

use super::{Backend, Device, Memory, Sink, StepMetrics};
use crate::Result;
use crate::kernels::{Operation, Words};
use crate::plan::{Limits, Phase, Plan, Region};

/// Steps between two looks at the sink: a terminal needs no more, and tiny steps no less.
const STEPS_AT_ONCE: usize = 256;

/// The CPU.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu;

impl Device for Cpu {
    fn name(&self) -> &str {
        "cpu"
    }

    fn limits(&self) -> Limits {
        Limits { memory_bytes: super::host_memory(), ..Limits::unlimited(self.name()) }
    }

    fn load(&self, plan: Plan) -> Result<Box<dyn Backend>> {
        let memory = Memory::new(&plan);
        let widest = plan.network().layers().iter().map(|layer| layer.parameters()).max();
        let gradient = vec![0.0; widest.unwrap_or(0)];
        Ok(Box::new(Loaded { plan, memory, gradient, finished: Vec::with_capacity(STEPS_AT_ONCE) }))
    }
}

struct Loaded {
    plan: Plan,
    memory: Memory,
    /// The gradient of one layer, on its way to the update.
    gradient: Vec<f32>,
    /// Metrics on their way to the sink.
    finished: Vec<StepMetrics>,
}

impl Loaded {
    fn run(&mut self, phase: Phase) {
        let gradient = &mut self.gradient;
        self.memory.run(&self.plan, phase, &mut |operation, bound| run(operation, bound, gradient));
    }
}

/// One dispatch, by its fast version where there is one.
fn run(operation: &Operation, bound: &mut [Words], gradient: &mut [f32]) {
    match operation {
        Operation::DenseForward(layer) => dense::forward(layer, bound),
        Operation::DenseBackwardInput(layer) => dense::backward_input(layer, bound),
        Operation::DenseBackwardWeight(layer) => dense::backward_weight(layer, bound, gradient),
        Operation::Gather(_)
        | Operation::Activate(_)
        | Operation::Softmax(_)
        | Operation::LossGradient(_)
        | Operation::Metrics(_)
        | Operation::Resident(_) => operation.kernel().twin(bound),
    }
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
        for _ in 0..times {
            self.run(phase);
        }
        Ok(())
    }

    fn steps(&mut self, steps: u64, sink: &mut Sink<'_>) -> Result<()> {
        if let [dispatch] = self.plan.phase(Phase::Step)
            && let Operation::Resident(grid) = &dispatch.operation
        {
            return resident::steps(grid, &mut self.memory, &self.plan, steps, sink);
        }
        let heavy = self.plan.cost(Phase::Step).flops > 1 << 24;
        let mut left = steps;
        while left > 0 {
            let portion = left.min(STEPS_AT_ONCE as u64);
            self.finished.clear();
            for _ in 0..portion {
                let slot = self.memory.slot(&self.plan);
                self.run(Phase::Step);
                self.finished.extend_from_slice(self.memory.metrics(&self.plan, slot));
                // A step of a large network takes long: hand over what there is.
                if heavy {
                    break;
                }
            }
            left -= self.finished.len() as u64;
            if let ControlFlow::Break(()) = sink(&self.finished) {
                break;
            }
        }
        Ok(())
    }
}
