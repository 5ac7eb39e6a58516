//! **The readable reference**: the mathematics of training a network, in plain loops and nothing else.
//! Every kernel of this crate computes a part of this page, faster.
//!
//! For a batch of B rows, layer by layer with I inputs and O units, weights W\[O,I\] and biases b\[O\]:
//!
//! | | |
//! |---|---|
//! | forward | z\[B,O\] = x\[B,I\] · Wᵀ + b, y = f(z); y, or what dropout leaves of it, is the x of the next layer |
//! | loss | of the last layer's z, with its gradient d_z\[B,O\] |
//! | backward | d_W = d_zᵀ · x, d_b = Σ_B d_z, and for the layer below d_z = (d_z · W) ∘ f′ |
//! | update | every parameter by its gradient, as the optimizer has it |
//!
//! The functions in these lines are each on a page of their own: f and f′ in `activation.rs`, losses in
//! `criterion.rs`, optimizers in `optimizer.rs`, the order in which batches take the rows in
//! `order.rs`. The twins of `resident` and `fused_gradient` are made of what follows; a test compares
//! its gradients with finite differences, golden files its steps with PyTorch's.

use super::clip_norm::clip_scale;
use super::{Criterion, Formula, Function, Hyper, Weighting};
use crate::spec::Layer;

/// A network as the kernels know it. Its parameters stand in one slice: W, b, W, b, …
pub(super) struct ReferenceNetwork<'a> {
    /// The widths of its layers, input first.
    pub(super) widths: &'a [usize],
    /// f, after every layer but the last.
    pub(super) function: Function,
    /// The loss, which goes through the function after the last layer.
    pub(super) criterion: Criterion,
    /// What dropout multiplies each hidden layer's y by, \[B,O\]: 0, or 1 / (1 − p). Empty without dropout.
    pub(super) dropout: &'a [Vec<f32>],
    /// How much each row counts, \[B\]; empty where all count the same.
    pub(super) shares: &'a [f32],
}

/// What the forward pass of some rows leaves for the backward pass.
struct Forward {
    /// The input of each layer, \[B,I\]: the rows' features, and then what dropout leaves of each hidden
    /// layer's y.
    x: Vec<Vec<f32>>,
    /// z of each layer and y = f(z), \[B,O\].
    z: Vec<Vec<f32>>,
    y: Vec<Vec<f32>>,
}

impl ReferenceNetwork<'_> {
    /// Loss and score of each of the rows at `sources` in the data set, which are part of a batch of
    /// `batch` rows; and the gradient of every parameter, summed over them.
    pub(super) fn gradient(
        &self,
        sources: &[usize],
        (data_x, data_t): (&[f32], &[u32]),
        parameters: &[f32],
        batch: usize,
    ) -> (Vec<[f32; 2]>, Vec<f32>) {
        let inputs = self.widths[0];
        let features = sources.iter().flat_map(|&row| &data_x[row * inputs..(row + 1) * inputs]);
        let forward = self.forward(features.copied().collect(), parameters);
        let (metrics, d_z) = self.loss(&forward, sources, data_t, batch);
        let gradient = self.backward(&forward, d_z, parameters);
        (metrics, gradient)
    }

    /// The update of all parameters by their gradient: L1, L2 and clipping by value first, then clipping by
    /// the norm, if one is given, then the optimizer's step.
    pub(super) fn update(
        &self,
        (hyper, clip_norm): (&Hyper, f32),
        formula: &Formula,
        parameters: &mut [f32],
        gradient: &mut [f32],
        state: &mut [f32],
    ) {
        hyper.regularize_range(self.layers(), 0..gradient.len(), parameters, gradient);
        if clip_norm > 0.0 {
            let squares: f32 = gradient.iter().map(|g| g * g).sum();
            let scale = clip_scale(squares.sqrt(), clip_norm);
            gradient.iter_mut().for_each(|g| *g *= scale);
        }
        formula.apply_all(parameters, gradient, state);
    }

    fn layers(&self) -> impl DoubleEndedIterator<Item = Layer> + ExactSizeIterator + '_ {
        Layer::between(self.widths)
    }

    /// z = x · Wᵀ + b and y = f(z), layer after layer.
    fn forward(&self, features: Vec<f32>, parameters: &[f32]) -> Forward {
        let rows = features.len() / self.widths[0];
        let mut forward = Forward { x: vec![features], z: Vec::new(), y: Vec::new() };
        let mut at = 0;
        for (index, layer) in self.layers().enumerate() {
            let Layer { inputs, outputs } = layer;
            let (weight, bias) = parameters[at..].split_at(outputs * inputs);
            let x = &forward.x[forward.x.len() - 1];
            let mut z = vec![0.0; rows * outputs];
            for b in 0..rows {
                for o in 0..outputs {
                    let mut sum = bias[o];
                    for i in 0..inputs {
                        sum += weight[o * inputs + i] * x[b * inputs + i];
                    }
                    z[b * outputs + o] = sum;
                }
            }
            let y: Vec<f32> = z.iter().map(|&z| self.function.value(z)).collect();
            forward.x.push(match self.dropout.get(index) {
                Some(factors) => y.iter().zip(factors).map(|(y, factor)| y * factor).collect(),
                None => y.clone(),
            });
            forward.z.push(z);
            forward.y.push(y);
            at += layer.parameters();
        }
        forward
    }

    /// Loss and score of each row, and d_z of the last layer.
    fn loss(
        &self,
        forward: &Forward,
        sources: &[usize],
        data_t: &[u32],
        batch: usize,
    ) -> (Vec<[f32; 2]>, Vec<f32>) {
        let outputs = self.widths[self.widths.len() - 1];
        let columns = self.criterion.target_columns(outputs);
        let z = &forward.z[forward.z.len() - 1];
        let mut d_z = vec![0.0; z.len()];
        let mut metrics = Vec::with_capacity(sources.len());
        for (b, &source) in sources.iter().enumerate() {
            let row = b * outputs..(b + 1) * outputs;
            let targets = &data_t[source * columns..(source + 1) * columns];
            metrics.push(self.criterion.row(&z[row.clone()], targets, &mut d_z[row], batch));
        }
        Weighting::Rows { scale: 1.0 }.weigh(self.shares, &mut d_z, &mut metrics);
        (metrics, d_z)
    }

    /// d_W = d_zᵀ · x and d_b = Σ d_z of each layer, from the last to the first, and between them
    /// d_z = (d_z · W) ∘ dropout ∘ f′ of the layer below.
    fn backward(&self, forward: &Forward, d_z: Vec<f32>, parameters: &[f32]) -> Vec<f32> {
        let mut d_z = d_z;
        let mut at: usize = self.layers().map(|layer| layer.parameters()).sum();
        let mut gradient = vec![0.0; at];
        for (index, layer) in self.layers().enumerate().rev() {
            let Layer { inputs, outputs } = layer;
            let rows = d_z.len() / outputs;
            at -= layer.parameters();
            let x = &forward.x[index];
            let (weight, bias) = (at, at + outputs * inputs);
            for o in 0..outputs {
                for i in 0..inputs {
                    gradient[weight + o * inputs + i] =
                        (0..rows).map(|b| d_z[b * outputs + o] * x[b * inputs + i]).sum();
                }
                gradient[bias + o] = (0..rows).map(|b| d_z[b * outputs + o]).sum();
            }
            if index > 0 {
                // f′ comes from y where that is enough, and from z where it must.
                let kept = match self.function.keeps_z() {
                    true => &forward.z[index - 1],
                    false => &forward.y[index - 1],
                };
                let mut d_z_below = vec![0.0; rows * inputs];
                for b in 0..rows {
                    for i in 0..inputs {
                        let d_x: f32 = (0..outputs)
                            .map(|o| d_z[b * outputs + o] * parameters[weight + o * inputs + i])
                            .sum();
                        let element = b * inputs + i;
                        let d_y = match self.dropout.get(index - 1) {
                            Some(factors) => d_x * factors[element],
                            None => d_x,
                        };
                        d_z_below[element] = d_y * self.function.derivative(kept[element]);
                    }
                }
                d_z = d_z_below;
            }
        }
        gradient
    }
}
