//! Every matrix product of the workloads' layered steps, and square ones, each timed on its own:
//! what `peers.py --gemm` puts beside a vendor's library.

use std::collections::HashSet;
use std::sync::LazyLock;
use std::time::Instant;

use halfplane::kernels::{Control, Operation, Weighting};
use halfplane::plan::{
    self, Buffer, DataPlacement, DeviceKind, Dispatch, Gradients, Phase, Plan, Role, Training,
};
use halfplane::platform::block_on;
use halfplane::spec::{
    Loss, Network, Optimizer, Output, Regularization, Schedule, Shuffle, Strategy,
};
use serde::Serialize;

use super::workload::{Workload, signed};
use super::{Bench, Result};

/// Seconds that one measurement should take.
const LONG_ENOUGH: f64 = 0.3;

/// A product \[m,k\] · \[k,n\], as one operation asks for it.
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

/// Measures and prints one line for each product.
pub(crate) fn measure(bench: &Bench) -> Result<()> {
    let mut seen = HashSet::new();
    for plan in plans(bench)? {
        let step = plan.phase(Phase::Step);
        for (index, dispatch) in step.iter().enumerate() {
            let Some(product) = product(dispatch) else { continue };
            if !seen.insert(product) {
                continue;
            }
            // Partial sums are no product before they have been added up.
            let count = match dispatch.operation {
                Operation::DenseSplitWeight(_) => 2,
                _ => 1,
            };
            let seconds = seconds(bench, &plan, &step[index..index + count])?;
            let flops = 2.0 * product.m as f64 * product.n as f64 * product.k as f64;
            bench.tell(Timing { product, seconds, gflops: 1e-9 * flops / seconds })?;
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
        let network = Network::new(side, &[side], side).with_output(Output::Identity);
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

/// Replays a few dispatches of a plan alone, on numbers that are not all zero: those cost less power.
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
    // Compiles, and lets the device's clock rise.
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

/// Whether a buffer is a product's operand; what the optimizer remembers may stay zero.
fn holds_numbers(buffer: &Buffer) -> bool {
    match buffer.role {
        Role::Data | Role::Batch | Role::Parameters | Role::Activations | Role::Gradients => true,
        Role::OptimizerState | Role::Bookkeeping => false,
    }
}
