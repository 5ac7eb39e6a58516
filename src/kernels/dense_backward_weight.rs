//! The gradient of a layer's parameters, d_W = d_zᵀ · x and d_b = Σ d_z, and the optimizer's
//! update as its epilogue.

use super::shader::{
    DENSE_BACKWARD_WEIGHT, MATH, UPDATE_ADAM, UPDATE_GRADIENT, UPDATE_MOMENTUM, UPDATE_SGD,
};
use super::{
    Control, Cost, Kernel, Module, Slot, Tiling, Words, floats, floats_mut, immediates, matmul,
    reads, slots, writes,
};
use crate::spec::Optimizer;

/// What becomes of the gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// It is kept.
    Gradient,
    /// Gradient descent, without state.
    Sgd,
    /// Gradient descent with momentum.
    Momentum,
    /// Adam or AdamW.
    Adam,
}

impl Update {
    /// The update that an optimizer needs.
    pub const fn of(optimizer: &Optimizer) -> Self {
        match optimizer {
            Optimizer::Sgd { momentum, .. } if *momentum == 0.0 => Self::Sgd,
            Optimizer::Sgd { .. } => Self::Momentum,
            Optimizer::Adam(_) | Optimizer::AdamW(_) => Self::Adam,
        }
    }

    /// The shader piece with the function `update`.
    const fn module(self) -> Module {
        match self {
            Self::Gradient => UPDATE_GRADIENT,
            Self::Sgd => UPDATE_SGD,
            Self::Momentum => UPDATE_MOMENTUM,
            Self::Adam => UPDATE_ADAM,
        }
    }

    /// The tensors it writes, each the shape of the layer's parameters.
    pub const fn tensors(self) -> &'static [&'static str] {
        match self {
            Self::Gradient => &["gradient"],
            Self::Sgd => &["parameters"],
            Self::Momentum => &["parameters", "momentum"],
            Self::Adam => &["parameters", "m", "v"],
        }
    }
}

immediates! {
    /// Shape and hyper-parameters: the comments stand in the shader.
    Immediates {
        inputs: u32, outputs: u32, lr: f32, weight_decay: f32, momentum: f32, nesterov: u32,
        decoupled: u32, beta2: f32, one_minus_beta1: f32, one_minus_beta2: f32, ln_beta1: f32,
        ln_beta2: f32, eps: f32,
    }
}

/// The optimizer's settings as the kernels take them: computed in f64, handed over in f32.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hyper(pub(crate) Immediates);

impl Hyper {
    /// The settings of an optimizer.
    pub fn of(optimizer: &Optimizer) -> Self {
        let mut p = Immediates { lr: optimizer.lr() as f32, ..Immediates::default() };
        match *optimizer {
            Optimizer::Sgd { momentum, nesterov, weight_decay, .. } => {
                p.weight_decay = weight_decay as f32;
                p.momentum = momentum as f32;
                p.nesterov = u32::from(nesterov);
            }
            Optimizer::Adam(moments) | Optimizer::AdamW(moments) => {
                p.weight_decay = moments.weight_decay as f32;
                p.decoupled = u32::from(matches!(optimizer, Optimizer::AdamW(_)));
                p.beta2 = moments.beta2 as f32;
                p.one_minus_beta1 = (1.0 - moments.beta1) as f32;
                p.one_minus_beta2 = (1.0 - moments.beta2) as f32;
                p.ln_beta1 = moments.beta1.ln() as f32;
                p.ln_beta2 = moments.beta2.ln() as f32;
                p.eps = moments.eps as f32;
            }
        }
        Self(p)
    }
}

/// The gradient of a layer's parameters and their update, over `rows` rows at most.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseBackwardWeight {
    /// B, at most.
    pub rows: usize,
    /// I
    pub inputs: usize,
    /// O
    pub outputs: usize,
    /// What becomes of the gradient.
    pub update: Update,
    /// With which settings.
    pub hyper: Hyper,
    /// Its tiles, over C\[O, I + 1\].
    pub tiling: Tiling,
}

impl Kernel for DenseBackwardWeight {
    fn stem(&self) -> &'static str {
        "dense_backward_weight"
    }

    fn modules(&self) -> Vec<Module> {
        [&matmul::IMPORTS[..], &[MATH, self.update.module(), DENSE_BACKWARD_WEIGHT]].concat()
    }

    fn slots(&self) -> Vec<Slot> {
        let written = self.update.tensors().iter().map(|name| writes(name));
        [reads("control"), reads("d_z"), reads("x")].into_iter().chain(written).collect()
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        self.tiling.overrides().to_vec()
    }

    fn immediate_fields(&self) -> &'static [&'static str] {
        Immediates::FIELDS
    }

    fn immediates(&self) -> Vec<u8> {
        let shape = (self.inputs as u32, self.outputs as u32);
        let words = Immediates { inputs: shape.0, outputs: shape.1, ..self.hyper.0 };
        bytemuck::bytes_of(&words).to_vec()
    }

    fn workgroups(&self) -> u64 {
        self.tiling.workgroups(self.outputs, self.inputs + 1)
    }

    fn describe(&self) -> String {
        let Self { rows, inputs, outputs, update, .. } = self;
        let then = match update {
            Update::Gradient => "",
            Update::Sgd => ", sgd",
            Update::Momentum => ", sgd with momentum",
            Update::Adam if self.hyper.0.decoupled == 1 => ", adamw",
            Update::Adam => ", adam",
        };
        format!("[{rows},{outputs}]ᵀ · [{rows},{inputs}+1] → [{outputs},{inputs}+1]{then}")
    }

    fn cost(&self) -> Cost {
        let (b, i, o) = (self.rows as u64, self.inputs as u64, self.outputs as u64);
        let parameters = o * (i + 1);
        let (operations, words) = match self.update {
            Update::Gradient => (0, 1),
            Update::Sgd => (4, 2),
            Update::Momentum => (6, 4),
            Update::Adam => (14, 6),
        };
        Cost {
            flops: parameters * (2 * b + operations),
            bytes: 4 * (b * o + b * i + words * parameters),
        }
    }

    fn twin(&self, bound: &mut [Words]) {
        let (read, written) = bound.split_at_mut(3);
        let [control, d_z, x] = slots(read);
        let control = Control::from_words(control);
        let mut gradient = vec![0.0; self.outputs * (self.inputs + 1)];
        twin(self, control.rows as usize, floats(d_z), floats(x), &mut gradient);
        self.apply(control.step, &gradient, written);
    }
}

/// Unit by unit, input by input, row by row.
fn twin(layer: &DenseBackwardWeight, rows: usize, d_z: &[f32], x: &[f32], gradient: &mut [f32]) {
    let (inputs, outputs) = (layer.inputs, layer.outputs);
    for o in 0..outputs {
        for i in 0..inputs {
            let mut d_w = 0.0;
            for b in 0..rows {
                d_w += d_z[b * outputs + o] * x[b * inputs + i];
            }
            gradient[o * inputs + i] = d_w;
        }
        let mut d_b = 0.0;
        for b in 0..rows {
            d_b += d_z[b * outputs + o];
        }
        gradient[outputs * inputs + o] = d_b;
    }
}

impl DenseBackwardWeight {
    /// The update alone, parameter by parameter: `written` as [`Update::tensors`] names them.
    pub(crate) fn apply(&self, step: u32, gradient: &[f32], written: &mut [Words]) {
        let p = &self.hyper.0;
        match self.update {
            Update::Gradient => {
                let [kept] = slots(written);
                floats_mut(kept)[..gradient.len()].copy_from_slice(gradient);
            }
            Update::Sgd => {
                let [parameters] = slots(written);
                for (w, g) in floats_mut(parameters).iter_mut().zip(gradient) {
                    *w -= p.lr * (g + p.weight_decay * *w);
                }
            }
            Update::Momentum => {
                let [parameters, momentum] = slots(written);
                let state = floats_mut(parameters).iter_mut().zip(floats_mut(momentum));
                for ((w, m), g) in state.zip(gradient) {
                    let g = g + p.weight_decay * *w;
                    *m = p.momentum * *m + g;
                    *w -= p.lr * if p.nesterov == 1 { g + p.momentum * *m } else { *m };
                }
            }
            Update::Adam => {
                let [parameters, m, v] = slots(written);
                let t = (step + 1) as f32;
                let correction1 = -(t * p.ln_beta1).exp_m1();
                let correction2 = -(t * p.ln_beta2).exp_m1();
                let state = floats_mut(parameters).iter_mut().zip(floats_mut(m)).zip(floats_mut(v));
                for (((w, m), v), g) in state.zip(gradient) {
                    let mut g = *g;
                    if p.decoupled == 1 {
                        *w -= p.lr * p.weight_decay * *w;
                    } else {
                        g += p.weight_decay * *w;
                    }
                    *m += p.one_minus_beta1 * (g - *m);
                    *v = p.beta2 * *v + p.one_minus_beta2 * g * g;
                    let denominator = v.sqrt() / correction2.sqrt() + p.eps;
                    *w -= p.lr / correction1 * *m / denominator;
                }
            }
        }
    }
}
