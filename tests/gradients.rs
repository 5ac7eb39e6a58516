//! The backward pass against finite differences in float64, for every activation and loss.
//!
//! The forward pass here is written from the definitions, apart from the library's.

mod common;

use halfplane::backend::{Device, cpu::Cpu, reference::Reference};
use halfplane::plan::Gradients;
use halfplane::train::output_for;
use halfplane::{
    Activation, BatchSize, Dataset, Loss, Network, Parameters, Result, Shuffle, Targets, Task,
    TrainOptions, Trainer,
};

use common::{Gap, random_data, wide};

/// Ragged, and large enough that the CPU path takes its matrix products for all but the last layer.
const HIDDEN: [usize; 2] = [13, 7];
const INPUTS: usize = 5;
const ROWS: usize = 19;
const BATCH: usize = 11;

/// Over a tensor's largest element. The differences themselves err by 1e-9; the rest is float32,
/// 2⁻²⁴ (6e-8) at each operation of three layers there and back. The largest error seen is 3e-7.
const TOLERANCE: f64 = 1e-6;

/// Half the distance of the two losses: h² and 2⁻⁵²/h are about equally small.
const H: f64 = 1e-5;

#[test]
fn reference_agrees_with_finite_differences() -> Result<()> {
    check(&Reference)
}

#[test]
fn cpu_path_agrees_with_finite_differences() -> Result<()> {
    check(&Cpu)
}

fn check(device: &dyn Device) -> Result<()> {
    let mut worst = (0.0, String::new());
    for &activation in Activation::ALL {
        for (task, loss, outputs) in [
            (Task::Binary, Loss::Bce, 3),
            (Task::Binary, Loss::Mse, 3),
            (Task::Regression, Loss::Mse, 3),
            (Task::Multiclass, Loss::CrossEntropy, 4),
        ] {
            let network = Network::new(INPUTS, &HIDDEN, outputs)
                .with_activation(activation)
                .with_output(output_for(task));
            let data = random_data(task, [ROWS, INPUTS, outputs], 5)?;
            let gap = compare(device, &network, loss, &data)?;
            let place = format!("{activation}, {loss} of {task}: {gap:?}");
            assert!(gap.error <= TOLERANCE, "{}: {place}", device.name());
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

/// W and b of each layer, in float64.
fn tensors(parameters: &Parameters) -> Vec<Vec<f64>> {
    let pairs = parameters.layers.iter().flat_map(|layer| [&layer.weight, &layer.bias]);
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
        match (data.targets(), loss) {
            (Targets::Classes { values, .. }, _) => cross_entropy(&z, values[row] as usize),
            (Targets::Binary { values, columns }, Loss::Bce) => {
                mean_over(&z, &values[row * columns..], |z, t| bce(sigmoid(z), t))
            }
            (Targets::Binary { values, columns }, _) => {
                mean_over(&z, &values[row * columns..], |z, t| (sigmoid(z) - t).powi(2))
            }
            (Targets::Numbers { values, columns }, _) => {
                mean_over(&z, &values[row * columns..], |z, t| (z - t).powi(2))
            }
        }
    };
    (0..BATCH).map(row_loss).sum::<f64>() / BATCH as f64
}

/// One row through all layers: the last one's z.
fn forward(network: &Network, row: &[f32], parameters: &[Vec<f64>]) -> Vec<f64> {
    let mut x = wide(row);
    let layers: Vec<&[Vec<f64>]> = parameters.chunks(2).collect();
    for (index, layer) in layers.iter().enumerate() {
        let [weight, bias] = layer else { unreachable!("a layer is W and b") };
        let hidden = index + 1 < layers.len();
        let unit = |(weight, bias): (&[f64], &f64)| {
            let z = weight.iter().zip(&x).map(|(w, x)| w * x).sum::<f64>() + bias;
            if hidden { activate(network.activation, z) } else { z }
        };
        x = weight.chunks(x.len()).zip(bias).map(unit).collect();
    }
    x
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

fn bce(p: f64, t: f64) -> f64 {
    -(t * p.ln() + (1.0 - t) * (1.0 - p).ln())
}

/// −ln softmax(z)\[target\]
fn cross_entropy(z: &[f64], target: usize) -> f64 {
    z.iter().map(|z| z.exp()).sum::<f64>().ln() - z[target]
}

fn mean_over(z: &[f64], targets: &[f32], loss: impl Fn(f64, f64) -> f64) -> f64 {
    let losses = z.iter().zip(targets).map(|(&z, &t)| loss(z, f64::from(t)));
    losses.sum::<f64>() / z.len() as f64
}
