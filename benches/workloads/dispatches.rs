//! Times every matrix product of the workloads' layered steps, and square ones, each alone;
//! `peers.py --gemm` compares them with a vendor's library.

use std::collections::HashSet;
use std::sync::LazyLock;
use std::time::Instant;

use halfplane::low_level::kernels::{Control, Operation, Weighting};
use halfplane::low_level::plan::{
    self, Buffer, DataPlacement, DeviceKind, Dispatch, Gradients, Phase, Plan, Role, Training,
};
use halfplane::low_level::platform::block_on;
use halfplane::spec::{
    Activation, Loss, Network, Optimizer, Output, Regularization, Schedule, Shuffle, Strategy,
};
use serde::Serialize;

use super::workload::{Workload, signed};
use super::{Bench, Result};

/// The shortest measurement, in seconds.
const LONG_ENOUGH: f64 = 0.3;

/// A matrix product \[m,k\] · \[k,n\], and the operation that it belongs to.
#[derive(Clone, Copy, Serialize, PartialEq, Eq, Hash)]
struct Product {
    operation: &'static str,
    m: usize,
    n: usize,
    k: usize,
}

#[derive(Serialize)]
struct Timing {
    #[serde(flatten)]
    product: Product,
    seconds: f64,
    gflops: f64,
}

/// Measures and prints one line per product.
pub(crate) fn measure(bench: &Bench) -> Result<()> {
    let mut seen = HashSet::new();
    for plan in plans(bench)? {
        let step = plan.phase(Phase::Step);
        for (index, dispatch) in step.iter().enumerate() {
            let Some(product) = product(dispatch) else { continue };
            if !seen.insert(product) {
                continue;
            }
            // A split product is complete only after its partial sums are added.
            let count = match dispatch.operation {
                Operation::DenseSplitWeight(_) => 2,
                _ => 1,
            };
            let seconds = seconds(bench, &plan, &step[index..index + count])?;
            let flops = 2.0 * product.m as f64 * product.n as f64 * product.k as f64;
            bench.print(Timing { product, seconds, gflops: 1e-9 * flops / seconds })?;
        }
    }
    Ok(())
}

/// The layered plans of the workloads, and of networks whose every product is a cube.
fn plans(bench: &Bench) -> Result<Vec<Plan>> {
    let limits = bench.device.limits();
    let mut plans = Vec::new();
    for workload in Workload::named(&[])?.iter().filter(|workload| workload.batch > 4) {
        let (network, optimizer) = (workload.network(), workload.optimizer());
        let sizes = (workload.rows, workload.batch);
        plans
            .push(plan::training(&layered(&network, workload.loss(), &optimizer, sizes), &limits)?);
    }
    let sides: &[usize] = match limits.kind {
        DeviceKind::Gpu => &[1024, 2048, 4096],
        DeviceKind::Cpu | DeviceKind::Software => &[1024],
    };
    for &side in sides {
        let network = Network::new(side, &[side], side)
            .with_activation(Activation::Sigmoid)
            .with_output(Output::Identity);
        let optimizer = Optimizer::sgd(1e-6);
        plans.push(plan::training(
            &layered(&network, Loss::Mse, &optimizer, (side, side)),
            &limits,
        )?);
    }
    Ok(plans)
}

static PLAIN: LazyLock<Regularization> = LazyLock::new(Regularization::default);
static CONSTANT: LazyLock<Schedule> = LazyLock::new(Schedule::default);

fn layered<'a>(
    network: &'a Network,
    loss: Loss,
    optimizer: &'a Optimizer,
    (rows, batch): (usize, usize),
) -> Training<'a> {
    Training {
        network,
        loss,
        optimizer,
        regularization: &PLAIN,
        schedule: &CONSTANT,
        steps: 1,
        weighting: Weighting::Even,
        rows,
        placement: DataPlacement::Whole,
        validation: 0,
        batch,
        shuffle: Shuffle::Never,
        seed: 0,
        strategy: Strategy::Layered,
        gradients: Gradients::Fused,
    }
}

fn product(dispatch: &Dispatch) -> Option<Product> {
    let (operation, m, n, k) = match &dispatch.operation {
        Operation::DenseForward(dense) => {
            ("dense_forward", dense.rows, dense.outputs, dense.inputs)
        }
        Operation::DenseBackwardInput(dense) => {
            ("dense_backward_input", dense.rows, dense.inputs, dense.outputs)
        }
        Operation::DenseBackwardWeight(dense) => {
            ("dense_backward_weight", dense.layer.outputs, dense.layer.inputs, dense.rows)
        }
        Operation::DenseSplitWeight(dense) => {
            ("dense_backward_weight", dense.outputs, dense.inputs, dense.rows)
        }
        _ => return None,
    };
    Some(Product { operation, m, n, k })
}

/// Seconds per replay of a few dispatches of a plan. The operands are not 0, since zeros draw less
/// power, at which a device may run faster.
fn seconds(bench: &Bench, plan: &Plan, dispatches: &[Dispatch]) -> Result<f64> {
    let mut phases = [const { Vec::new() }; Phase::COUNT];
    phases[Phase::Step as usize] = dispatches.to_vec();
    let mut backend = block_on(bench.device.load(Plan { phases, ..plan.clone() }))?;
    for &id in dispatches.iter().flat_map(|dispatch| &dispatch.bindings) {
        let buffer = plan.buffer(id);
        if holds_numbers(buffer) {
            let words: Vec<u32> =
                signed(0, buffer.words()).into_iter().map(|value| value.to_bits()).collect();
            block_on(backend.write(id, &words))?;
        }
    }
    if let Some(control) = plan.handles.control {
        block_on(backend.write(control, &Control::at(0, plan.rows, plan.batch).to_words()))?;
    }
    // Compiles the shaders, and lets the device reach its clock frequency.
    block_on(backend.replay(Phase::Step, 2))?;
    let mut replays = 1;
    loop {
        let started = Instant::now();
        block_on(backend.replay(Phase::Step, replays))?;
        let seconds = started.elapsed().as_secs_f64();
        if seconds >= LONG_ENOUGH {
            return Ok(seconds / replays as f64);
        }
        replays = (replays as f64 * (1.2 * LONG_ENOUGH / seconds).clamp(2.0, 16.0)) as u64;
    }
}

/// Whether a buffer may be an operand of a product; optimizer state may stay 0.
fn holds_numbers(buffer: &Buffer) -> bool {
    match buffer.role {
        Role::Data | Role::Batch | Role::Parameters | Role::Activations | Role::Gradients => true,
        Role::OptimizerState | Role::Bookkeeping => false,
    }
}
