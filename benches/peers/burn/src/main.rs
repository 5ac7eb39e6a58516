//! The six workloads under burn, one JSON line per sample: `halfplane-peers-burn burn-flex`.
//!
//! The training loop follows burn's book, the protocol `../README.md`. `benches/peers/run` builds
//! and runs this program, and checks the losses that it prints.

mod formula;

use std::time::Instant;

use burn::module::{Module, Param};
use burn::nn::loss::{BinaryCrossEntropyLossConfig, CrossEntropyLossConfig, MseLoss, Reduction};
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, DeviceKind, Int, Tensor, TensorData, activation};
use formula::{Layer, Targets, Workload};
use serde_json::json;

/// Steps of the untimed check.
const EARLY: usize = 8;

/// Rows per evaluation call.
const PORTION: usize = 8192;

#[derive(Module, Debug)]
struct Net {
    layers: Vec<Linear>,
}

impl Net {
    fn new(layers: &[Layer], device: &Device) -> Self {
        let layer = |own: &Layer| {
            let mut linear = LinearConfig::new(own.inputs, own.outputs).init(device);
            let shape = [own.inputs, own.outputs];
            let weight = TensorData::new(own.weight_transposed(), shape);
            linear.weight = Param::from_data(weight, device);
            linear.bias =
                Some(Param::from_data(TensorData::new(own.bias.clone(), [own.outputs]), device));
            linear
        };
        Self { layers: layers.iter().map(layer).collect() }
    }

    /// The logits: z of the last layer.
    fn forward(&self, mut x: Tensor<2>, workload: &Workload) -> Tensor<2> {
        let last = self.layers.len() - 1;
        for layer in &self.layers[..last] {
            let z = layer.forward(x);
            x = match workload.activation.as_str() {
                "sigmoid" => activation::sigmoid(z),
                _ => activation::relu(z),
            };
        }
        self.layers[last].forward(x)
    }
}

/// Targets on the device, of the kind that the loss takes.
#[derive(Clone)]
enum OnDevice {
    Numbers(Tensor<2>),
    Labels(Tensor<2, Int>),
    Classes(Tensor<1, Int>),
}

impl OnDevice {
    fn new(targets: &Targets, rows: usize, device: &Device) -> Self {
        match targets {
            Targets::Numbers(values) => {
                let shape = [rows, values.len() / rows];
                Self::Numbers(Tensor::from_data(TensorData::new(values.clone(), shape), device))
            }
            Targets::Labels(values) => {
                Self::Labels(Tensor::from_data(TensorData::new(values.clone(), [rows, 1]), device))
            }
            Targets::Classes(values) => {
                Self::Classes(Tensor::from_data(TensorData::new(values.clone(), [rows]), device))
            }
        }
    }

    fn rows(&self, first: usize, count: usize) -> Self {
        match self.clone() {
            Self::Numbers(all) => Self::Numbers(all.narrow(0, first, count)),
            Self::Labels(all) => Self::Labels(all.narrow(0, first, count)),
            Self::Classes(all) => Self::Classes(all.narrow(0, first, count)),
        }
    }

    fn mean_loss(self, z: Tensor<2>, device: &Device) -> Tensor<1> {
        match self {
            Self::Numbers(t) => MseLoss::new().forward(z, t, Reduction::Mean),
            Self::Labels(t) => {
                BinaryCrossEntropyLossConfig::new().with_logits(true).init(device).forward(z, t)
            }
            Self::Classes(t) => CrossEntropyLossConfig::new().init(device).forward(z, t),
        }
    }
}

struct Run<'a> {
    workload: &'a Workload,
    device: Device,
    net: Net,
    optimizer: ModuleOptimizer,
    x: Tensor<2>,
    t: OnDevice,
    step: usize,
}

impl<'a> Run<'a> {
    fn start(workload: &'a Workload, (x, t): &(Vec<f32>, Targets), device: &Device) -> Self {
        let device = device.clone().autodiff();
        let shape = [workload.rows, workload.widths[0]];
        let optimizer = match workload.optimizer.as_str() {
            "sgd" => SgdConfig::new().init(),
            _ => AdamConfig::new().with_epsilon(1e-8).init(),
        };
        let run = Self {
            workload,
            net: Net::new(&workload.weights(), &device),
            optimizer,
            x: Tensor::from_data(TensorData::new(x.clone(), shape), &device),
            t: OnDevice::new(t, workload.rows, &device),
            device,
            step: 0,
        };
        run.ready();
        run
    }

    fn ready(&self) {
        self.device.sync().expect("the device works");
    }

    fn train(&mut self, steps: usize) {
        let Workload { rows, batch, lr, .. } = *self.workload;
        for _ in 0..steps {
            let first = self.step % rows.div_ceil(batch) * batch;
            let count = batch.min(rows - first);
            let x = self.x.clone().narrow(0, first, count);
            let z = self.net.forward(x, self.workload);
            let loss = self.t.rows(first, count).mean_loss(z, &self.device);
            let gradients = GradientsParams::from_grads(loss.backward(), &self.net);
            self.net = self.optimizer.step(lr, self.net.clone(), gradients);
            self.step += 1;
        }
        self.ready();
    }

    fn read_weights(&self) {
        for layer in &self.net.layers {
            layer.weight.val().into_data();
            layer.bias.iter().for_each(|bias| drop(bias.val().into_data()));
        }
    }

    /// The mean loss of all rows.
    fn loss(&self) -> f64 {
        let rows = self.workload.rows;
        let portion = |first: usize| {
            let count = PORTION.min(rows - first);
            let x = self.x.clone().narrow(0, first, count);
            let z = self.net.forward(x, self.workload);
            let loss = self.t.rows(first, count).mean_loss(z, &self.device);
            f64::from(loss.into_scalar::<f32>()) * count as f64
        };
        (0..rows).step_by(PORTION).map(portion).sum::<f64>() / rows as f64
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let started = Instant::now();
    let outcome = work();
    (outcome, started.elapsed().as_secs_f64())
}

/// Prints samples of a workload.
fn samples(program: &str, workload: &Workload, device: &Device, count: usize) {
    let data = workload.data();
    let mut check = Run::start(workload, &data, device);
    check.train(EARLY);
    let early = check.loss();
    for _ in 0..count {
        let (mut run, upload) = timed(|| Run::start(workload, &data, device));
        let ((), warm_up) = timed(|| run.train(workload.steps));
        let once = run.loss();
        let ((), seconds) = timed(|| run.train(workload.steps));
        let ((), download) = timed(|| run.read_weights());
        let line = json!({
            "program": program,
            "version": VERSION,
            "device": format!("{device:?}"),
            "workload": workload.name,
            "steps": workload.steps,
            "seconds": seconds,
            "total_seconds": upload + seconds + download,
            "warm_up_seconds": warm_up,
            "losses": { "early": early, "once": once, "twice": run.loss() },
        });
        println!("{line}");
    }
}

/// burn's, as in Cargo.toml.
const VERSION: &str = "0.22.1";

const USAGE: &str = "halfplane-peers-burn burn-flex|burn-wgpu|burn-wgpu-software \
                     [--describe] [--workload NAME]… [--samples N]";

fn main() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1);
    let program = arguments.next().ok_or(USAGE)?;
    let (mut names, mut count, mut describe) = (Vec::new(), 1, false);
    while let Some(flag) = arguments.next() {
        match (flag.as_str(), arguments.next()) {
            ("--describe", None) => describe = true,
            ("--workload", Some(name)) => names.push(name),
            ("--samples", Some(number)) => count = number.parse().map_err(|_| USAGE)?,
            _ => return Err(USAGE.into()),
        }
    }
    let device = match program.as_str() {
        "burn-flex" => Device::flex(),
        "burn-wgpu" => Device::wgpu(DeviceKind::DefaultDevice),
        "burn-wgpu-software" => Device::wgpu(DeviceKind::Cpu),
        _ => return Err(USAGE.into()),
    };
    if describe {
        let device = format!("{device:?}");
        println!("{}", json!({ "program": program, "version": VERSION, "device": device }));
        return Ok(());
    }
    for workload in formula::workloads() {
        if names.is_empty() || names.contains(&workload.name) {
            samples(&program, &workload, &device, count);
        }
    }
    Ok(())
}
