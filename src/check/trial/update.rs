//! The magnitudes of what an optimizer's update writes.

use crate::kernels::{Hyper, Update};

/// A parameter's gradient, with the magnitudes of its terms.
#[derive(Clone, Copy)]
pub(super) struct Gradient {
    pub(super) g: f32,
    pub(super) terms: f32,
}

impl Gradient {
    /// With the weight decay added to it.
    fn decayed(self, weight_decay: f32, w: f32) -> Self {
        Self { g: self.g + weight_decay * w, terms: self.terms + weight_decay * w.abs() }
    }
}

/// The magnitudes of every tensor that the update writes, each as `state` holds it before.
pub(super) fn magnitudes(
    (update, lr, hyper): (Update, f32, &Hyper),
    step: u32,
    gradient: &[Gradient],
    state: &[Vec<f32>],
) -> Vec<Vec<f32>> {
    let parameters = gradient.iter().enumerate();
    match (update, state) {
        (Update::Gradient, _) => transpose(gradient.iter().map(|gradient| [gradient.terms])),
        (Update::Sgd, [w]) => transpose(parameters.map(|(i, g)| sgd(lr, hyper, *g, w[i]))),
        (Update::Momentum, [w, m]) => {
            transpose(parameters.map(|(i, g)| momentum(lr, hyper, *g, w[i], m[i])))
        }
        (Update::Adam, [w, m, v]) => {
            transpose(parameters.map(|(i, g)| adam(lr, hyper, step, *g, [w[i], m[i], v[i]])))
        }
        (update, _) => unreachable!("{update:?} writes {} tensors", update.tensors().len()),
    }
}

fn transpose<const N: usize>(parameters: impl Iterator<Item = [f32; N]>) -> Vec<Vec<f32>> {
    let mut tensors = vec![Vec::new(); N];
    for parameter in parameters {
        for (tensor, magnitude) in tensors.iter_mut().zip(parameter) {
            tensor.push(magnitude);
        }
    }
    tensors
}

fn sgd(lr: f32, p: &Hyper, gradient: Gradient, w: f32) -> [f32; 1] {
    [w.abs() + lr * gradient.decayed(p.weight_decay, w).terms]
}

fn momentum(lr: f32, p: &Hyper, gradient: Gradient, w: f32, m: f32) -> [f32; 2] {
    let gradient = gradient.decayed(p.weight_decay, w).terms;
    let m = p.momentum * m.abs() + gradient;
    // Nesterov's step is the gradient and a share of m: the whole of both bounds either way.
    [w.abs() + lr * (gradient + m), m]
}

/// How far the step moves with m and v follows from its derivatives: where v is nearly 0, a small
/// error of the gradient turns the whole step around.
fn adam(lr: f32, p: &Hyper, step: u32, gradient: Gradient, [w, m, v]: [f32; 3]) -> [f32; 3] {
    let coupled = if p.decoupled == 1 { 0.0 } else { p.weight_decay };
    let Gradient { g, terms } = gradient.decayed(coupled, w);
    let mean = m + p.one_minus_beta1 * (g - m);
    let square = p.beta2 * v + p.one_minus_beta2 * g * g;
    let m = m.abs() + p.one_minus_beta1 * (terms + m.abs());
    // δ(g²) = 2 g δg + δg²
    let v = p.beta2 * v + p.one_minus_beta2 * terms * (2.0 * g.abs() + f32::EPSILON * terms);
    let t = (step + 1) as f32;
    let (correction1, correction2) = (1.0 - (t * p.ln_beta1).exp(), 1.0 - (t * p.ln_beta2).exp());
    let denominator = (square / correction2).sqrt() + p.eps;
    let ratio = mean.abs() / denominator;
    let relative = 1.0 + v / square.max(f32::MIN_POSITIVE);
    let w = w.abs() * (1.0 + lr * p.weight_decay)
        + lr / correction1 * (m / denominator + ratio * relative);
    [w, m, v]
}
