//! One parameter's step, with torch.optim's formulas: the twin of `shaders/update/optimizer.wgsl`.

use std::ops::Range;

use super::shader::piece;
use super::{Binder, Each, Family, Module, Views, immediates};
use crate::spec::{Clip, Layer, Optimizer, Regularization};

/// What is done with the gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// It is stored.
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

    /// The tensors of the optimizer's state by PyTorch's names, each of the parameters' shape.
    pub const fn state(self) -> &'static [&'static str] {
        match self {
            Self::Gradient | Self::Sgd => &[],
            Self::Momentum => &["momentum_buffer"],
            Self::Adam => &["exp_avg", "exp_avg_sq"],
        }
    }

    /// The override that passes it to the shader.
    pub(crate) const fn as_override(self) -> (&'static str, f64) {
        let code = match self {
            Self::Gradient => 0.0,
            Self::Sgd => 1.0,
            Self::Momentum => 2.0,
            Self::Adam => 3.0,
        };
        ("OPTIMIZER", code)
    }

    /// The overrides of a kernel that ends in it.
    pub(super) fn overrides(self, hyper: &Hyper) -> [(&'static str, f64); 2] {
        // A gradient that is kept is kept as it is.
        let none = Hyper::default();
        let hyper = if self == Self::Gradient { &none } else { hyper };
        [self.as_override(), hyper.as_override()]
    }

    /// The pieces of WGSL with the functions `update` and, but for the gradient's, `optimize_at`.
    pub(super) fn pieces(self) -> Vec<Module> {
        match self {
            Self::Gradient => vec![piece!("update/gradient")],
            Self::Sgd => vec![piece!("update/parameters"), piece!("update/sgd")],
            Self::Momentum => vec![piece!("update/parameters"), piece!("update/momentum")],
            Self::Adam => vec![piece!("update/parameters"), piece!("update/adam")],
        }
    }

    /// Its name, for people.
    pub(super) const fn name(self, hyper: &Hyper) -> &'static str {
        match self {
            Self::Gradient => "gradient",
            Self::Sgd => "sgd",
            Self::Momentum => "sgd with momentum",
            Self::Adam if hyper.decoupled == 1 => "adamw",
            Self::Adam => "adam",
        }
    }

    /// Operations that it costs a parameter.
    pub(crate) const fn flops(self) -> u64 {
        match self {
            Self::Gradient => 0,
            Self::Sgd => 4,
            Self::Momentum => 6,
            Self::Adam => 14,
        }
    }
}

/// The tensors that an update writes, each of the shape of the parameters.
#[allow(missing_debug_implementations, reason = "it is what its fields are")]
pub enum Updated<F: Family> {
    /// The gradient, which is kept.
    Gradient {
        /// d_W and d_b
        gradient: F::Write<f32>,
    },
    /// The parameters, by an optimizer.
    Parameters {
        /// W and b
        parameters: F::Write<f32>,
        /// The optimizer's state.
        state: State<F>,
    },
}

/// An optimizer's state of some parameters, by PyTorch's names.
#[allow(missing_debug_implementations, reason = "it is what its fields are")]
pub enum State<F: Family> {
    /// Gradient descent has none.
    None,
    /// Of gradient descent with momentum.
    Momentum {
        /// The momentum.
        momentum_buffer: F::Write<f32>,
    },
    /// Of Adam and AdamW.
    Adam {
        /// The mean of the gradients.
        exp_avg: F::Write<f32>,
        /// The mean of their squares.
        exp_avg_sq: F::Write<f32>,
    },
}

impl<F: Family> Updated<F> {
    /// What an update writes, as `binder` gives it.
    pub(super) fn bind(update: Update, binder: &mut impl Binder<F>) -> Self {
        if update == Update::Gradient {
            return Self::Gradient { gradient: binder.write::<f32>("gradient") };
        }
        let parameters = binder.write::<f32>("parameters");
        let state = match update {
            Update::Gradient | Update::Sgd => State::None,
            Update::Momentum => {
                State::Momentum { momentum_buffer: binder.write::<f32>("momentum_buffer") }
            }
            Update::Adam => State::Adam {
                exp_avg: binder.write::<f32>("exp_avg"),
                exp_avg_sq: binder.write::<f32>("exp_avg_sq"),
            },
        };
        Self::Parameters { parameters, state }
    }
}

impl<I> Updated<Each<I>> {
    /// In the order of the bindings.
    pub fn list(self) -> Vec<I> {
        match self {
            Self::Gradient { gradient } => vec![gradient],
            Self::Parameters { parameters, state } => match state {
                State::None => vec![parameters],
                State::Momentum { momentum_buffer } => vec![parameters, momentum_buffer],
                State::Adam { exp_avg, exp_avg_sq } => vec![parameters, exp_avg, exp_avg_sq],
            },
        }
    }
}

immediates! {
    /// The optimizer's settings as the kernels take them: computed in f64, handed over in f32. The
    /// shader's comments tell the fields.
    #[derive(Default)]
    pub struct Hyper {
        pub(crate) weight_decay: f32,
        pub(crate) momentum: f32,
        pub(crate) nesterov: u32,
        pub(crate) decoupled: u32,
        pub(crate) beta2: f32,
        pub(crate) one_minus_beta1: f32,
        pub(crate) one_minus_beta2: f32,
        pub(crate) ln_beta1: f32,
        pub(crate) ln_beta2: f32,
        pub(crate) eps: f32,
        pub(crate) l1: f32,
        pub(crate) l2: f32,
        pub(crate) clip_value: f32,
    }
}

impl Hyper {
    /// The settings of an optimizer, but for the learning rate.
    pub fn of(optimizer: &Optimizer) -> Self {
        match *optimizer {
            Optimizer::Sgd { momentum, nesterov, weight_decay, .. } => Self {
                weight_decay: weight_decay as f32,
                momentum: momentum as f32,
                nesterov: u32::from(nesterov),
                ..Self::default()
            },
            Optimizer::Adam(moments) | Optimizer::AdamW(moments) => Self {
                weight_decay: moments.weight_decay as f32,
                decoupled: u32::from(matches!(optimizer, Optimizer::AdamW(_))),
                beta2: moments.beta2 as f32,
                one_minus_beta1: (1.0 - moments.beta1) as f32,
                one_minus_beta2: (1.0 - moments.beta2) as f32,
                ln_beta1: moments.beta1.ln() as f32,
                ln_beta2: moments.beta2.ln() as f32,
                eps: moments.eps as f32,
                ..Self::default()
            },
        }
    }

    /// The same with what is done to the gradients before the update.
    #[must_use]
    pub const fn regularized_by(self, regularization: &Regularization) -> Self {
        let clip_value = match regularization.clip {
            Some(Clip::Value(most)) => most as f32,
            Some(Clip::Norm(_)) | None => 0.0,
        };
        let (l1, l2) = (regularization.l1 as f32, regularization.l2 as f32);
        Self { l1, l2, clip_value, ..self }
    }

    /// Whether anything is.
    pub(crate) fn regularizes(&self) -> bool {
        [self.l1, self.l2, self.clip_value] != [0.0; 3]
    }

    /// The override that passes this to the shader.
    pub(super) fn as_override(&self) -> (&'static str, f64) {
        ("REGULARIZED", f64::from(u8::from(self.regularizes())))
    }

    /// A gradient with L1 and L2 added, for weights, and clipped by value.
    pub(crate) fn regularized(&self, gradient: f32, w: f32, weight: bool) -> f32 {
        self.clipped(if weight { self.penalized(gradient, w) } else { gradient })
    }

    /// A weight's gradient with L1 and L2 added.
    fn penalized(&self, gradient: f32, w: f32) -> f32 {
        let sign = if w == 0.0 { 0.0 } else { w.signum() };
        gradient + (self.l1 * sign + self.l2 * w)
    }

    /// A gradient clipped by value.
    fn clipped(&self, g: f32) -> f32 {
        // Not `clamp`, for the shader may not hide NaN either.
        match self.clip_value {
            most if most > 0.0 && g > most => most,
            most if most > 0.0 && g < -most => -most,
            _ => g,
        }
    }

    /// The same for a part of a layer's gradient, of which the first so many numbers are weights.
    pub(crate) fn regularize(&self, weights: usize, parameters: &[f32], gradient: &mut [f32]) {
        if !self.regularizes() {
            return;
        }
        // A loop for each: what tells weights from biases, or asks for the limit, stands outside.
        let of_weights = gradient.iter_mut().zip(parameters).take(weights);
        of_weights.for_each(|(g, w)| *g = self.penalized(*g, *w));
        if self.clip_value > 0.0 {
            gradient.iter_mut().for_each(|g| *g = self.clipped(*g));
        }
    }

    /// The same for a range of the parameters of all layers: `parameters` and `gradient` are those
    /// of the range.
    pub(crate) fn regularize_range(
        &self,
        layers: impl Iterator<Item = Layer>,
        range: Range<usize>,
        parameters: &[f32],
        gradient: &mut [f32],
    ) {
        let mut at = 0;
        for layer in layers {
            let weights = at + layer.inputs * layer.outputs;
            let end = at + layer.parameters();
            let own = at.max(range.start)..end.min(range.end);
            at = end;
            if !own.is_empty() {
                let weights = weights.clamp(own.start, own.end) - own.start;
                let own = own.start - range.start..own.end - range.start;
                self.regularize(weights, &parameters[own.clone()], &mut gradient[own]);
            }
        }
    }

    /// The formula of an update at a step: what depends on the step is worked out once.
    pub(crate) fn at(&self, update: Update, lr: f32, step: u32) -> Formula {
        let t = (step + 1) as f32;
        let adam = update == Update::Adam;
        let correction = |ln_beta: f32| if adam { -(t * ln_beta).exp_m1() } else { 1.0 };
        Formula {
            update,
            lr,
            rate: lr / correction(self.ln_beta1),
            root_correction2: correction(self.ln_beta2).sqrt(),
            hyper: *self,
        }
    }
}

/// An update, ready to be applied to any number of parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Formula {
    update: Update,
    lr: f32,
    /// lr / (1 − β₁ᵗ)
    rate: f32,
    /// √(1 − β₂ᵗ)
    root_correction2: f32,
    hyper: Hyper,
}

impl Formula {
    /// Which it is.
    pub(crate) const fn update(&self) -> Update {
        self.update
    }

    /// The same with its kind spelled out, for the compiler to see.
    #[inline(always)]
    pub(crate) const fn with(self, update: Update) -> Self {
        Self { update, ..self }
    }

    /// The parameter and its state, one step on.
    #[inline(always)]
    pub(crate) fn step(&self, w: f32, gradient: f32, state: [f32; 2]) -> (f32, [f32; 2]) {
        let h = &self.hyper;
        match self.update {
            Update::Gradient => (w, state),
            Update::Sgd => (w - self.lr * (gradient + h.weight_decay * w), state),
            Update::Momentum => {
                let g = gradient + h.weight_decay * w;
                let m = h.momentum * state[0] + g;
                let direction = if h.nesterov == 1 { g + h.momentum * m } else { m };
                (w - self.lr * direction, [m, 0.0])
            }
            Update::Adam => {
                let (w, g) = if h.decoupled == 1 {
                    (w - self.lr * h.weight_decay * w, gradient)
                } else {
                    (w, gradient + h.weight_decay * w)
                };
                let m = state[0] + h.one_minus_beta1 * (g - state[0]);
                let v = h.beta2 * state[1] + h.one_minus_beta2 * g * g;
                let denominator = v.sqrt() / self.root_correction2 + h.eps;
                (w - self.rate * m / denominator, [m, v])
            }
        }
    }

    /// A step of a whole tensor, where the tensors of the state stand one after another.
    #[inline(always)]
    pub(crate) fn apply_all(&self, parameters: &mut [f32], gradient: &[f32], state: &mut [f32]) {
        let mut state = match state.split_at_mut_checked(parameters.len()) {
            None => State::None,
            Some((momentum_buffer, [])) => State::Momentum { momentum_buffer },
            Some((exp_avg, exp_avg_sq)) => State::Adam { exp_avg, exp_avg_sq },
        };
        self.apply(parameters, gradient, &mut state);
    }

    /// A step of a whole tensor.
    #[inline(always)]
    pub(crate) fn apply(
        &self,
        parameters: &mut [f32],
        gradient: &[f32],
        state: &mut State<Views<'_>>,
    ) {
        let stepped = parameters.iter_mut().zip(gradient);
        match state {
            State::None => {
                for (w, g) in stepped {
                    *w = self.step(*w, *g, [0.0; 2]).0;
                }
            }
            State::Momentum { momentum_buffer } => {
                for ((w, g), m) in stepped.zip(momentum_buffer.iter_mut()) {
                    let (stepped, after) = self.step(*w, *g, [*m, 0.0]);
                    (*w, *m) = (stepped, after[0]);
                }
            }
            State::Adam { exp_avg, exp_avg_sq } => {
                for (((w, g), m), v) in stepped.zip(exp_avg.iter_mut()).zip(exp_avg_sq.iter_mut()) {
                    let (stepped, after) = self.step(*w, *g, [*m, *v]);
                    (*w, *m, *v) = (stepped, after[0], after[1]);
                }
            }
        }
    }
}
