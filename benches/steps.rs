//! Whole training steps, on the CPU path and on the software adapter where there is one.
//!
//! Before its steps are timed, each network is trained for a few steps on the device and on the
//! naive twins, which must reach the same loss.

use std::hint::black_box;
use std::ops::ControlFlow;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use halfplane::low_level::backend::{self, Device, reference::Reference};
use halfplane::low_level::platform::block_on;
use halfplane::{
    Activation, BatchSize, Dataset, DeviceChoice, Length, Network, Optimizer, ShaderChecks,
    Targets, TrainOptions, Trainer,
};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};

/// Steps in one measurement.
const STEPS: u64 = 20;

/// A network with its data and its training settings.
struct Workload {
    name: &'static str,
    network: Network,
    data: Dataset,
    batch: BatchSize,
    optimizer: Optimizer,
}

impl Workload {
    fn trainer(&self, device: &dyn Device) -> halfplane::Result<Trainer> {
        let options = TrainOptions {
            optimizer: self.optimizer,
            batch_size: self.batch,
            length: Length::Steps(STEPS),
            ..TrainOptions::default()
        };
        Trainer::on(device, &self.network, &self.data, options)
    }

    /// The loss after a few steps.
    fn loss(&self, device: &dyn Device) -> halfplane::Result<f64> {
        let summary = self.trainer(device)?.run(|_| ControlFlow::Continue(()))?;
        Ok(summary.evaluation.loss)
    }
}

/// Numbers in [-1, 1), the same in every run.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
    (0..count).map(|_| generator.random_range(-1.0..1.0)).collect()
}

fn workloads() -> halfplane::Result<Vec<Workload>> {
    let rows = 2048;
    let targets = Targets::Binary {
        values: numbers(rows, 2).iter().map(|&value| f32::from(value > 0.0)).collect(),
        columns: 1,
    };
    Ok(vec![
        Workload {
            name: "xor-2-2-1",
            network: Network::new(2, &[2], 1).with_activation(Activation::Sigmoid),
            data: Dataset::xor(),
            batch: BatchSize::Full,
            optimizer: Optimizer::sgd(1.0),
        },
        Workload {
            name: "table-64-128-64-1",
            network: Network::new(64, &[128, 64], 1).with_activation(halfplane::Activation::Relu),
            data: Dataset::new(64, numbers(64 * rows, 1), targets)?,
            batch: BatchSize::Rows(256),
            optimizer: Optimizer::adam(1e-3),
        },
    ])
}

fn steps(criterion: &mut Criterion) {
    let workloads = workloads().expect("the workloads make sense");
    for choice in [DeviceChoice::Cpu, DeviceChoice::Software] {
        let device = match block_on(backend::open(&choice, ShaderChecks::Off)) {
            Ok((device, _)) => device,
            Err(error) => {
                eprintln!("left out: {error}");
                continue;
            }
        };
        let mut group = criterion.benchmark_group(format!("step/{choice}"));
        group.sample_size(10).throughput(Throughput::Elements(STEPS));
        for workload in &workloads {
            let expected = workload.loss(&Reference).expect("the twins train");
            let found = workload.loss(device.as_ref()).expect("the device trains");
            assert!((found - expected).abs() < 1e-4 * expected, "{found} for {expected}");
            let mut trainer = workload.trainer(device.as_ref()).expect("the plan fits");
            let id = BenchmarkId::from_parameter(workload.name);
            group.bench_function(id, |bencher| {
                bencher.iter(|| {
                    let summary = trainer.run(|_| ControlFlow::Continue(()));
                    black_box(summary.expect("the device trains"));
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, steps);
criterion_main!(benches);
