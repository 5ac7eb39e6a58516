//! The update of a layer's parameters once their gradient is known: the epilogue of every kernel that
//! computes one.

use super::{Control, Formula, Hyper, Update, Updated, Views, immediates};

/// The update of a layer's parameters, \[O, I\] weights and then \[O\] biases.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerUpdate {
    /// I
    pub inputs: usize,
    /// O
    pub outputs: usize,
    /// What becomes of the gradient.
    pub update: Update,
    /// The learning rate.
    pub lr: f32,
    /// The other settings.
    pub hyper: Hyper,
}

immediates! {
    /// What the shaders are told of it.
    pub(crate) struct Immediates {
        pub(super) inputs: u32,
        pub(super) outputs: u32,
        pub(super) lr: f32,
        pub(super) hyper: Hyper,
    }
}

impl LayerUpdate {
    /// The same with the gradient stored in place of an update.
    #[cfg(feature = "check")]
    pub(crate) fn kept(&self) -> Self {
        Self { update: Update::Gradient, ..self.clone() }
    }

    /// All parameters.
    pub(crate) fn count(&self) -> usize {
        self.outputs * (self.inputs + 1)
    }

    /// The weights among them, which come first.
    pub(crate) fn weights(&self) -> usize {
        self.outputs * self.inputs
    }

    pub(super) fn overrides(&self) -> [(&'static str, f64); 2] {
        self.update.overrides(&self.hyper)
    }

    pub(super) fn immediates(&self) -> Immediates {
        let (inputs, outputs) = (self.inputs as u32, self.outputs as u32);
        Immediates { inputs, outputs, lr: self.lr, hyper: self.hyper }
    }

    /// Its shape, as people read it.
    pub(super) fn shape(&self) -> String {
        format!("[{},{}+1]", self.outputs, self.inputs)
    }

    /// What comes after the gradient, for people.
    pub(super) fn then(&self) -> String {
        match self.update {
            Update::Gradient => String::new(),
            update => format!(", {}", update.name(&self.hyper)),
        }
    }

    /// Operations of the update.
    pub(super) fn flops(&self) -> u64 {
        self.count() as u64 * self.update.flops()
    }

    /// Bytes of the update: parameters and state are read and written, a
    /// gradient is only written.
    pub(super) fn bytes(&self) -> u64 {
        let words = match self.update {
            Update::Gradient => 1,
            update => 2 * (1 + update.state().len() as u64),
        };
        4 * words * self.count() as u64
    }

    /// Whether it adds to the gradient that the micro-batches before have left.
    pub(crate) fn goes_on(&self, control: Control) -> bool {
        self.update == Update::Gradient && control.before > 0
    }

    /// What the gradient's sums start from.
    pub(super) fn so_far(&self, control: Control, updated: &Updated<Views<'_>>) -> Vec<f32> {
        match updated {
            Updated::Gradient { gradient } if self.goes_on(control) => {
                gradient[..self.count()].to_vec()
            }
            _ => vec![0.0; self.count()],
        }
    }

    /// The update. It may change the gradient: L1, L2 and clipping are added to it in place.
    pub(super) fn apply(&self, control: Control, sums: &mut [f32], updated: Updated<Views<'_>>) {
        match updated {
            Updated::Gradient { gradient } => gradient[..sums.len()].copy_from_slice(sums),
            Updated::Parameters { parameters, mut state } => {
                self.hyper.regularize(self.weights(), parameters, sums);
                self.formula(control).apply(parameters, sums, &mut state);
            }
        }
    }

    /// The optimizer's formula at a step.
    pub(crate) fn formula(&self, control: Control) -> Formula {
        self.hyper.at(self.update, self.lr * control.schedule, control.step)
    }
}
