//! The gradient of a layer's parameters, d_W = d_zᵀ · x and d_b = Σ d_z, and the optimizer's
//! update as its epilogue.

use super::shader::{D_Z_QUAD, DENSE_BACKWARD_WEIGHT, MATH, OPTIMIZER, WEIGHT_PRODUCT, X_QUAD};
use super::{
    Control, Cost, Hyper, Kernel, Module, Slot, Tiling, Update, floats, floats_mut, immediates,
    reads, slots, writes,
};

immediates! { struct Immediates { inputs: u32, outputs: u32, lr: f32, hyper: Hyper } }

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
    /// The learning rate.
    pub lr: f32,
    /// The other settings.
    pub hyper: Hyper,
    /// Its tiles, over C\[O,I\].
    pub tiling: Tiling,
}

impl Kernel for DenseBackwardWeight {
    fn stem(&self) -> &'static str {
        "dense_backward_weight"
    }

    fn modules(&self) -> Vec<Module> {
        let mut modules = self.tiling.imports().to_vec();
        modules.extend([D_Z_QUAD, X_QUAD, WEIGHT_PRODUCT, MATH, OPTIMIZER]);
        modules.extend(self.update.pieces());
        modules.push(DENSE_BACKWARD_WEIGHT);
        modules
    }

    fn slots(&self) -> Vec<Slot> {
        let written = self.update.tensors().iter().map(|name| writes(name));
        [reads("control"), reads("d_z"), reads("x")].into_iter().chain(written).collect()
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        let mut overrides = self.tiling.overrides(self.inputs, self.outputs);
        overrides.extend(self.update.overrides(&self.hyper));
        overrides
    }

    fn immediate_fields(&self) -> Vec<String> {
        super::flattened(Immediates::FIELDS)
    }

    fn immediates(&self) -> Vec<u8> {
        let words = Immediates {
            inputs: self.inputs as u32,
            outputs: self.outputs as u32,
            lr: self.lr,
            hyper: self.hyper,
        };
        bytemuck::bytes_of(&words).to_vec()
    }

    fn workgroups(&self) -> u64 {
        self.tiling.workgroups(self.outputs, self.inputs)
    }

    fn describe(&self) -> String {
        let Self { rows, inputs, outputs, update, .. } = self;
        let then = match update {
            Update::Gradient => String::new(),
            update => format!(", {}", update.name(&self.hyper)),
        };
        format!("[{rows},{outputs}]ᵀ · [{rows},{inputs}+1] → [{outputs},{inputs}+1]{then}")
    }

    fn cost(&self) -> Cost {
        let (b, i, o) = (self.rows as u64, self.inputs as u64, self.outputs as u64);
        let parameters = o * (i + 1);
        // Parameters and what is remembered of them are read and written; a gradient only written.
        let words = match self.update {
            Update::Gradient => 1,
            update => 2 * (1 + update.memories().len() as u64),
        };
        Cost {
            flops: parameters * (2 * b + self.update.flops()),
            bytes: 4 * (b * o + b * i + words * parameters),
        }
    }

    fn twin(&self, bound: &mut [&mut [u32]]) {
        let (read, written) = bound.split_at_mut(3);
        let [control, d_z, x] = slots(read);
        let control = Control::from_words(control);
        let mut sums = self.so_far(control, written);
        let shape = (control.rows as usize, self.inputs, self.outputs);
        gradient(shape, floats(d_z), floats(x), &mut sums);
        self.apply(control, &mut sums, written);
    }
}

/// Unit by unit, input by input, row by row, on top of what the gradient holds: of a batch of so
/// many rows, inputs and outputs.
pub(super) fn gradient(
    (rows, inputs, outputs): (usize, usize, usize),
    d_z: &[f32],
    x: &[f32],
    gradient: &mut [f32],
) {
    for o in 0..outputs {
        for i in 0..inputs {
            let mut d_w = gradient[o * inputs + i];
            for b in 0..rows {
                d_w += d_z[b * outputs + o] * x[b * inputs + i];
            }
            gradient[o * inputs + i] = d_w;
        }
        let mut d_b = gradient[outputs * inputs + o];
        for b in 0..rows {
            d_b += d_z[b * outputs + o];
        }
        gradient[outputs * inputs + o] = d_b;
    }
}

impl DenseBackwardWeight {
    /// Rows after which a fast version may begin a new partial sum. Micro-batches end there where
    /// they can: their sums are then those of the whole batch, to the bit.
    pub(crate) const SPAN: usize = 512;

    /// Whether it adds to the gradient that the micro-batches before have left.
    pub(crate) fn goes_on(&self, control: Control) -> bool {
        self.update == Update::Gradient && control.before > 0
    }

    /// What the gradient's sums start from.
    pub(super) fn so_far(&self, control: Control, written: &[&mut [u32]]) -> Vec<f32> {
        let size = self.outputs * (self.inputs + 1);
        match self.goes_on(control) {
            true => floats(written[0])[..size].to_vec(),
            false => vec![0.0; size],
        }
    }

    /// The update alone, which may change the gradient on its way: `written` as the slots name them.
    pub(super) fn apply(&self, control: Control, gradient: &mut [f32], written: &mut [&mut [u32]]) {
        if self.update == Update::Gradient {
            let [kept] = slots(written);
            return floats_mut(kept)[..gradient.len()].copy_from_slice(gradient);
        }
        self.hyper.regularize(self.outputs * self.inputs, floats(written[0]), gradient);
        self.step(control, gradient, written);
    }

    /// The optimizer's step by a gradient that is ready for it.
    pub(crate) fn step(&self, control: Control, gradient: &[f32], written: &mut [&mut [u32]]) {
        let formula = self.hyper.at(self.update, self.lr * control.schedule, control.step);
        let (parameters, memories) = written.split_at_mut(1);
        let parameters = floats_mut(parameters[0]);
        match memories {
            [] => formula.apply(parameters, gradient, &mut []),
            [m] => formula.apply(parameters, gradient, &mut [floats_mut(m)]),
            [m, v, ..] => {
                formula.apply(parameters, gradient, &mut [floats_mut(m), floats_mut(v)]);
            }
        }
    }
}
