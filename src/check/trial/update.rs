//! What an optimizer's update reads and writes, and the magnitudes of it.

use super::{Bound, Random, Tensors};
use crate::kernels::{Control, Hyper, State, Update, Updated};

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
        (update, _) => unreachable!("{update:?} has {} tensors of state", update.state().len()),
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

/// What each written tensor holds before: nothing for a gradient, and no state before the first
/// step.
pub(super) fn state(
    update: Update,
    control: Control,
    size: usize,
    random: &mut Random,
) -> Vec<Vec<f32>> {
    let fresh = control.step == 0;
    if update == Update::Gradient {
        return vec![Vec::new()];
    }
    let parameters = random.floats(size, 1.0);
    let of_state = |name: &&str| match *name {
        _ if fresh => vec![0.0; size],
        // The mean of squares.
        "exp_avg_sq" => random.floats(size, 1.0).iter().map(|v| v * v).collect(),
        _ => random.floats(size, 1.0),
    };
    std::iter::once(parameters).chain(update.state().iter().map(of_state)).collect()
}

/// Of a micro-batch, what those before have left, and its magnitude with the terms.
pub(super) fn go_on(
    control: Control,
    state: &mut Vec<Vec<f32>>,
    terms: &mut [f32],
    random: &mut Random,
) {
    if control.before > 0 {
        *state = vec![random.floats(terms.len(), 1.0)];
        terms.iter_mut().zip(&state[0]).for_each(|(terms, sum)| *terms += sum.abs());
    }
}

/// A gradient as the update takes it, with the magnitudes of its terms; the first so many are of
/// weights.
pub(super) fn regularized(
    (update, hyper): (Update, &Hyper),
    weights: usize,
    gradient: &[f32],
    terms: &[f32],
    state: &[Vec<f32>],
) -> Vec<Gradient> {
    let one = |(at, (g, terms)): (usize, (&f32, &f32))| match update {
        Update::Gradient => Gradient { g: *g, terms: *terms },
        _ => Gradient {
            g: hyper.regularized(*g, state[0][at], at < weights),
            terms: self::terms(hyper, *terms, state[0][at]),
        },
    };
    gradient.iter().zip(terms).enumerate().map(one).collect()
}

/// The magnitudes of what a gradient becomes by L1 and L2.
pub(super) fn terms(hyper: &Hyper, g: f32, w: f32) -> f32 {
    g.abs() + hyper.l1 + hyper.l2 * w.abs()
}

/// The tensors that an update writes, as `state` holds them before.
pub(super) fn updated(
    update: Update,
    state: &[Vec<f32>],
    magnitudes: Vec<Vec<f32>>,
    size: usize,
) -> Updated<Tensors> {
    let written = state.iter().zip(magnitudes);
    let mut tensors =
        written.map(|(live, magnitudes)| Bound::updated(live, magnitudes, size)).fuse();
    let mut next = || match tensors.next() {
        Some(tensor) => tensor,
        None => unreachable!("{update:?} has {} tensors of state", update.state().len()),
    };
    if update == Update::Gradient {
        return Updated::Gradient { gradient: next() };
    }
    let parameters = next();
    let state = match update {
        Update::Gradient | Update::Sgd => State::None,
        Update::Momentum => State::Momentum { momentum_buffer: next() },
        Update::Adam => State::Adam { exp_avg: next(), exp_avg_sq: next() },
    };
    Updated::Parameters { parameters, state }
}
