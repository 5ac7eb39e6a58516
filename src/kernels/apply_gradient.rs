//! The optimizer's update of a layer from its gradient in a buffer: for plans that must see all
//! gradients before the first update.

use super::shader::{APPLY_GRADIENT, CONTROL, FOLD, MATH, OPTIMIZER};
use super::{
    Control, Cost, DenseBackwardWeight, Hyper, Kernel, Module, Slot, Tiling, Update, WORKGROUP,
    floats, groups_for, immediates, reads, slots, writes,
};

/// Updates a layer's parameters, \[O, I + 1\], by its gradient times the scale in `clip`.
#[derive(Clone, Debug, PartialEq)]
pub struct ApplyGradient {
    /// I
    pub inputs: usize,
    /// O
    pub outputs: usize,
    /// The update; not [`Update::Gradient`].
    pub update: Update,
    /// The learning rate.
    pub lr: f32,
    /// The other settings.
    pub hyper: Hyper,
}

immediates! { struct Immediates { inputs: u32, outputs: u32, lr: f32, hyper: Hyper } }

impl Kernel for ApplyGradient {
    fn stem(&self) -> &'static str {
        "apply_gradient"
    }

    fn modules(&self) -> Vec<Module> {
        let mut modules = vec![CONTROL, FOLD, MATH, OPTIMIZER];
        modules.extend(self.update.pieces());
        modules.push(APPLY_GRADIENT);
        modules
    }

    fn slots(&self) -> Vec<Slot> {
        let written = self.update.tensors().iter().map(|name| writes(name));
        [reads("control"), reads("gradient"), reads("clip")].into_iter().chain(written).collect()
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        let mut overrides = vec![("WORKGROUP", f64::from(WORKGROUP))];
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
        groups_for(self.outputs * (self.inputs + 1))
    }

    fn describe(&self) -> String {
        let Self { inputs, outputs, update, .. } = self;
        format!("[{outputs},{inputs}+1], {}", update.name(&self.hyper))
    }

    fn cost(&self) -> Cost {
        let count = (self.outputs * (self.inputs + 1)) as u64;
        let words = 3 + 2 * self.update.memories().len() as u64;
        Cost { flops: (1 + self.update.flops()) * count, bytes: 4 * words * count }
    }

    fn twin(&self, bound: &mut [&mut [u32]]) {
        let (read, written) = bound.split_at_mut(3);
        let [control, gradient, clip] = slots(read);
        let (weights, count) = (self.outputs * self.inputs, self.outputs * (self.inputs + 1));
        let parameters = &floats(written[0])[..count];
        let scale = floats(clip)[0];
        let gradient: Vec<f32> = floats(gradient)
            .iter()
            .zip(parameters)
            .enumerate()
            .map(|(at, (g, w))| self.hyper.regularized(*g, *w, at < weights) * scale)
            .collect();
        let layer = DenseBackwardWeight {
            rows: 0,
            inputs: self.inputs,
            outputs: self.outputs,
            update: self.update,
            lr: self.lr,
            hyper: self.hyper,
            tiling: Tiling::SMALL,
        };
        layer.step(Control::from_words(control), &gradient, written);
    }
}
