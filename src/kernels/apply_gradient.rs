//! The optimizer's update of a layer from its gradient in a buffer: for plans that must see all
//! gradients before the first update.

use super::layer_update::Immediates;
use super::shader::{APPLY_GRADIENT, CONTROL, FOLD, MATH, OPTIMIZER};
use super::{
    Control, Cost, Kernel, LayerUpdate, Module, Slot, WORKGROUP, floats, groups_for, reads, slots,
};

/// Updates a layer's parameters, \[O, I + 1\], by its gradient times the scale in `clip`.
#[derive(Clone, Debug, PartialEq)]
pub struct ApplyGradient {
    /// The layer and its update; not [`super::Update::Gradient`].
    pub layer: LayerUpdate,
}

impl Kernel for ApplyGradient {
    fn stem(&self) -> &'static str {
        "apply_gradient"
    }

    fn modules(&self) -> Vec<Module> {
        let mut modules = vec![CONTROL, FOLD, MATH, OPTIMIZER];
        modules.extend(self.layer.update.pieces());
        modules.push(APPLY_GRADIENT);
        modules
    }

    fn slots(&self) -> Vec<Slot> {
        let read = [reads("control"), reads("gradient"), reads("clip")];
        read.into_iter().chain(self.layer.written()).collect()
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        let mut overrides = vec![("WORKGROUP", f64::from(WORKGROUP))];
        overrides.extend(self.layer.overrides());
        overrides
    }

    fn immediate_fields(&self) -> Vec<String> {
        super::flattened(Immediates::FIELDS)
    }

    fn immediates(&self) -> Vec<u8> {
        bytemuck::bytes_of(&self.layer.immediates()).to_vec()
    }

    fn workgroups(&self) -> u64 {
        groups_for(self.layer.count())
    }

    fn describe(&self) -> String {
        format!("{}{}", self.layer.shape(), self.layer.then())
    }

    fn cost(&self) -> Cost {
        // The gradient is read and scaled before.
        let count = self.layer.count() as u64;
        Cost { flops: count + self.layer.flops(), bytes: 4 * count + self.layer.bytes() }
    }

    fn twin(&self, bound: &mut [&mut [u32]]) {
        let (read, written) = bound.split_at_mut(3);
        let [control, gradient, clip] = slots(read);
        let (weights, count) = (self.layer.weights(), self.layer.count());
        let parameters = &floats(written[0])[..count];
        let scale = floats(clip)[0];
        let gradient: Vec<f32> = floats(gradient)
            .iter()
            .zip(parameters)
            .enumerate()
            .map(|(at, (g, w))| self.layer.hyper.regularized(*g, *w, at < weights) * scale)
            .collect();
        self.layer.step(Control::from_words(control), &gradient, written);
    }
}
