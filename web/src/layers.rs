//! What every unit of a network answers to many points: the pictures of the neurons.
//!
//! The library's own forward pass keeps only the last layer. This one is its mathematics with the points
//! innermost, so that each unit's answers lie together as a picture, and are computed with SIMD.

use halfplane::low_level::kernels::{Function, LayerNorm};
use halfplane::spec::{LayerParameters, Normalization};
use halfplane::{Network, Output, Parameters};

/// The answers of each layer's units, \[layers\]\[units · points\]: the hidden layers' after the
/// activation, the last one's as the network predicts. `inputs` are \[I · points\], an input after
/// another.
pub(crate) fn answers(
    network: &Network,
    parameters: &Parameters,
    inputs: Vec<f32>,
    points: usize,
) -> Vec<Vec<f32>> {
    let mut layers: Vec<Vec<f32>> = Vec::with_capacity(parameters.layers.len());
    let last = parameters.layers.len() - 1;
    for (number, layer) in parameters.layers.iter().enumerate() {
        let below = layers.last().unwrap_or(&inputs);
        let mut units = dense(layer, below, points);
        if number < last {
            if network.normalization == Normalization::LayerNorm {
                normalize(&mut units, &parameters.norms[number], points);
            }
            let function = Function::Of(network.activation);
            units.iter_mut().for_each(|value| *value = function.value(*value));
        } else {
            predict(network.output, &mut units, points);
        }
        layers.push(units);
    }
    layers
}

/// z = W · x + b, unit after unit.
fn dense(layer: &LayerParameters, below: &[f32], points: usize) -> Vec<f32> {
    let inputs = below.len() / points;
    let mut units = Vec::with_capacity(layer.bias.len() * points);
    for (weights, bias) in layer.weight.chunks_exact(inputs).zip(&layer.bias) {
        let start = units.len();
        units.resize(start + points, *bias);
        let unit = &mut units[start..];
        for (weight, values) in weights.iter().zip(below.chunks_exact(points)) {
            for (sum, value) in unit.iter_mut().zip(values) {
                *sum += weight * value;
            }
        }
    }
    units
}

/// γ (z − mean) / √(variance + ε) + β over the units of each point.
fn normalize(units: &mut [f32], norm: &LayerParameters, points: usize) {
    let count = norm.bias.len() as f32;
    for point in 0..points {
        let of =
            |units: &[f32]| (0..norm.bias.len()).map(|unit| units[unit * points + point]).collect();
        let own: Vec<f32> = of(units);
        let mean = own.iter().sum::<f32>() / count;
        let variance = own.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count;
        let scale = 1.0 / (variance + LayerNorm::EPS).sqrt();
        for (unit, value) in own.into_iter().enumerate() {
            units[unit * points + point] =
                norm.weight[unit] * (value - mean) * scale + norm.bias[unit];
        }
    }
}

/// The output function.
fn predict(output: Output, units: &mut [f32], points: usize) {
    match output {
        Output::Identity => {}
        Output::Sigmoid => {
            let function = Function::Of(halfplane::Activation::Sigmoid);
            units.iter_mut().for_each(|value| *value = function.value(*value));
        }
        Output::Softmax => {
            for point in 0..points {
                let own = || (point..units.len()).step_by(points);
                let most = own().map(|at| units[at]).fold(f32::MIN, f32::max);
                let sum: f32 = own().map(|at| (units[at] - most).exp()).sum();
                for at in (point..units.len()).step_by(points) {
                    units[at] = (units[at] - most).exp() / sum;
                }
            }
        }
    }
}
