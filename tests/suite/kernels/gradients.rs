//! The backward pass against finite differences in float64, for every activation and loss, with
//! layer norms and without.
//!
//! The forward pass here is written from the definitions, apart from the library's.

use halfplane::low_level::backend::{Device, cpu::Cpu, reference::Reference};
use halfplane::low_level::plan::Gradients;
use halfplane::{
    Activation, BatchSize, Dataset, Loss, Network, Normalization, Output, Parameters, Result,
    Shuffle, Targets, Task, TrainOptions, Trainer,
};

use crate::support::{Draws, Gap, random_data, wide};

/// Ragged, and large enough that the CPU path takes its matrix products for all but the last layer.
const HIDDEN: [usize; 2] = [13, 7];
const INPUTS: usize = 5;
const ROWS: usize = 19;
const BATCH: usize = 11;

/// Over a tensor's largest element. The differences themselves err by 1e-9; the rest is float32,
/// 2⁻²⁴ (6e-8) at each operation of three layers there and back. The largest error seen is 3e-7.
const TOLERANCE: f64 = 1e-6;

/// The same with norms, which have a dozen operations more each way, and which divide by a σ below
/// 1. The largest error seen is 1.1e-6.
const NORMED_TOLERANCE: f64 = 3e-6;

/// Half the distance of the two losses: h² and 2⁻⁵²/h are about equally small.
const H: f64 = 1e-5;

/// Losses with the tasks that they are for. No error is 0 or just at a threshold here, where a slope
/// jumps.
const LOSSES: [(Task, Loss, usize); 9] = [
    (Task::Binary, Loss::Bce, 3),
    (Task::Binary, Loss::Mse, 3),
    (Task::Regression, Loss::Mse, 3),
    (Task::Multiclass, Loss::CrossEntropy, 4),
    (Task::Regression, Loss::Mae, 3),
    (Task::Regression, Loss::Huber { delta: 0.6 }, 3),
    (Task::Regression, Loss::SmoothL1 { beta: 0.6 }, 3),
    (Task::Binary, Loss::Focal { gamma: 2.0, alpha: Some(0.3) }, 3),
    (Task::Multiclass, Loss::Focal { gamma: 1.5, alpha: None }, 4),
];

#[test]
fn reference_agrees_with_finite_differences() -> Result<()> {
    check(&Reference)
}

#[test]
fn cpu_path_agrees_with_finite_differences() -> Result<()> {
    check(&Cpu::new())
}

fn check(device: &dyn Device) -> Result<()> {
    let mut worst = (0.0, String::new());
    for (&activation, &normalization) in
        Activation::ALL.iter().flat_map(|own| Normalization::ALL.iter().map(move |how| (own, how)))
    {
        for (task, loss, outputs) in LOSSES {
            let network = Network::new(INPUTS, &HIDDEN, outputs)
                .with_normalization(normalization)
                .with_activation(activation)
                .with_output(task.into());
            let data = random_data(task, [ROWS, INPUTS, outputs], 5)?;
            let gap = compare(device, &network, loss, &data)?;
            let hidden = network.hidden_function();
            let place = format!("{hidden}, {loss} of {task}: {gap:?}");
            let tolerance = match normalization {
                Normalization::None => TOLERANCE,
                Normalization::LayerNorm => NORMED_TOLERANCE,
            };
            assert!(gap.error <= tolerance, "{}: {place}", device.name());
            if gap.error > worst.0 {
                worst = (gap.error, place);
            }
        }
    }
    println!("{}: the largest error against finite differences is {}", device.name(), worst.1);
    Ok(())
}

/// The worst element of the gradients of the first batch.
fn compare(device: &dyn Device, network: &Network, loss: Loss, data: &Dataset) -> Result<Gap> {
    let options = TrainOptions {
        loss: Some(loss),
        batch_size: BatchSize::Rows(BATCH),
        shuffle: Shuffle::Never,
        gradients: Gradients::Kept,
        initial: Some(initial(network)),
        ..TrainOptions::default()
    };
    let mut trainer = Trainer::on(device, network, data, options)?;
    let parameters = tensors(&trainer.parameters()?);
    let found = tensors(&trainer.gradients()?);
    let gaps = found.iter().enumerate().map(|(tensor, found)| {
        let expected: Vec<f64> = (0..found.len())
            .map(|element| slope(network, loss, data, &parameters, (tensor, element)))
            .collect();
        let scale = expected.iter().fold(f64::MIN_POSITIVE, |most, d| most.max(d.abs()));
        Gap::largest(found.iter().copied(), expected, |f, e| (f - e).abs() / scale)
    });
    Ok(gaps.max_by(|a, b| a.error.total_cmp(&b.error)).expect("a network has tensors"))
}

/// PyTorch's initial weights, but norms that scale and shift: about 1 and 0, like after a training.
fn initial(network: &Network) -> Parameters {
    let mut parameters = Parameters::pytorch(network, 777);
    let mut draws = Draws(3);
    for norm in &mut parameters.norms {
        let units = norm.bias.len();
        norm.weight = draws.values(units).iter().map(|draw| 1.0 + 0.5 * draw).collect();
        norm.bias = draws.values(units).iter().map(|draw| 0.3 * draw).collect();
    }
    parameters
}

/// W and b of each layer, then γ and β of each norm, in float64.
fn tensors(parameters: &Parameters) -> Vec<Vec<f64>> {
    let pairs = parameters.blocks().flat_map(|block| [&block.weight, &block.bias]);
    pairs.map(|tensor| wide(tensor)).collect()
}

/// ∂loss/∂parameter, as the central difference.
fn slope(
    network: &Network,
    loss: Loss,
    data: &Dataset,
    parameters: &[Vec<f64>],
    (tensor, element): (usize, usize),
) -> f64 {
    let mut moved = parameters.to_vec();
    let mut at = |value| {
        moved[tensor][element] = value;
        mean_loss(network, loss, data, &moved)
    };
    let value = parameters[tensor][element];
    (at(value + H) - at(value - H)) / (2.0 * H)
}

/// The loss of the first batch.
fn mean_loss(network: &Network, loss: Loss, data: &Dataset, parameters: &[Vec<f64>]) -> f64 {
    let row_loss = |row: usize| {
        let z = forward(network, &data.features()[row * INPUTS..(row + 1) * INPUTS], parameters);
        match data.targets() {
            Targets::Classes { values, .. } => of_classes(loss, &z, values[row] as usize),
            Targets::Binary { values, columns } | Targets::Numbers { values, columns } => {
                let labels = network.output == Output::Sigmoid;
                mean_over(&z, &values[row * columns..], |z, t| match labels {
                    true => of_label(loss, sigmoid(z), t),
                    false => of_error(loss, z - t),
                })
            }
        }
    };
    (0..BATCH).map(row_loss).sum::<f64>() / BATCH as f64
}

/// One row through all layers: the last one's z.
fn forward(network: &Network, row: &[f32], parameters: &[Vec<f64>]) -> Vec<f64> {
    let mut x = wide(row);
    let blocks: Vec<&[Vec<f64>]> = parameters.chunks(2).collect();
    let (layers, norms) = blocks.split_at(HIDDEN.len() + 1);
    for (index, layer) in layers.iter().enumerate() {
        let [weight, bias] = layer else { unreachable!("a layer is W and b") };
        let unit = |(weight, bias): (&[f64], &f64)| {
            weight.iter().zip(&x).map(|(w, x)| w * x).sum::<f64>() + bias
        };
        x = weight.chunks(x.len()).zip(bias).map(unit).collect();
        if let Some([gamma, beta]) = norms.get(index) {
            x = normalize(&x, gamma, beta);
        }
        if index < HIDDEN.len() {
            x.iter_mut().for_each(|z| *z = activate(network.activation, *z));
        }
    }
    x
}

/// Mean 0 and variance 1 (with 10⁻⁵ in it), then scaled and shifted.
fn normalize(z: &[f64], gamma: &[f64], beta: &[f64]) -> Vec<f64> {
    let mean = z.iter().sum::<f64>() / z.len() as f64;
    let variance = z.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / z.len() as f64;
    let n = z.iter().map(|z| (z - mean) / (variance + 1e-5).sqrt());
    n.zip(gamma.iter().zip(beta)).map(|(n, (gamma, beta))| gamma * n + beta).collect()
}

fn activate(activation: Activation, z: f64) -> f64 {
    match activation {
        Activation::Sigmoid => sigmoid(z),
        Activation::Tanh => z.tanh(),
        Activation::Relu => z.max(0.0),
        Activation::LeakyRelu => z.max(0.01 * z),
        Activation::Elu => z.max(0.0) + z.min(0.0).exp_m1(),
        Activation::Gelu => z * (1.0 + erf(z / std::f64::consts::SQRT_2)) / 2.0,
        Activation::Silu => z * sigmoid(z),
        Activation::Softplus => z.exp().ln_1p(),
    }
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// 2/√π Σ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n+1)): exact enough for the few units that z comes to here.
fn erf(x: f64) -> f64 {
    let mut power = x;
    let mut sum = x;
    for n in 1..100 {
        power *= -x * x / f64::from(n);
        sum += power / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

/// Of a label that is 0 or 1.
fn of_label(loss: Loss, p: f64, t: f64) -> f64 {
    let q = t * p + (1.0 - t) * (1.0 - p);
    match loss {
        Loss::Focal { gamma, alpha } => {
            let weight = alpha.map_or(1.0, |alpha| t * alpha + (1.0 - t) * (1.0 - alpha));
            -weight * (1.0 - q).powf(gamma) * q.ln()
        }
        Loss::Mse => (p - t).powi(2),
        _ => -q.ln(),
    }
}

fn of_error(loss: Loss, e: f64) -> f64 {
    let huber = |threshold: f64| match e.abs() < threshold {
        true => e * e / 2.0,
        false => threshold * (e.abs() - threshold / 2.0),
    };
    match loss {
        Loss::Mae => e.abs(),
        Loss::Huber { delta } => huber(delta),
        Loss::SmoothL1 { beta } => huber(beta) / beta,
        _ => e * e,
    }
}

/// −ln q, q = softmax(z)\[target\], times (1 − q)^γ if it is the focal loss.
fn of_classes(loss: Loss, z: &[f64], target: usize) -> f64 {
    let ln_q = z[target] - z.iter().map(|z| z.exp()).sum::<f64>().ln();
    match loss {
        Loss::Focal { gamma, .. } => -(1.0 - ln_q.exp()).powf(gamma) * ln_q,
        _ => -ln_q,
    }
}

fn mean_over(z: &[f64], targets: &[f32], loss: impl Fn(f64, f64) -> f64) -> f64 {
    let losses = z.iter().zip(targets).map(|(&z, &t)| loss(z, f64::from(t)));
    losses.sum::<f64>() / z.len() as f64
}
