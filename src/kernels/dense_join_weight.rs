//! The partial sums of a layer's gradient added up in their order, and the optimizer's update as
//! the epilogue. The second half of the gradient of a layer of few weights and many rows.

use super::shader::{CONTROL, DENSE_JOIN_WEIGHT, FOLD, MATH, OPTIMIZER};
use super::{
    Control, Cost, DenseBackwardWeight, Hyper, Kernel, Module, Slot, Tiling, Update, WORKGROUP,
    floats, groups_for, immediates, reads, slots, writes,
};

/// Adds up what [`super::DenseSplitWeight`] has left, and updates the layer's parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseJoinWeight {
    /// I
    pub inputs: usize,
    /// O
    pub outputs: usize,
    /// S
    pub splits: usize,
    /// What becomes of the gradient.
    pub update: Update,
    /// The learning rate.
    pub lr: f32,
    /// The other settings.
    pub hyper: Hyper,
}

immediates! {
    struct Immediates { inputs: u32, outputs: u32, splits: u32, lr: f32, hyper: Hyper }
}

impl Kernel for DenseJoinWeight {
    fn stem(&self) -> &'static str {
        "dense_join_weight"
    }

    fn modules(&self) -> Vec<Module> {
        let mut modules = vec![CONTROL, FOLD, MATH, OPTIMIZER];
        modules.extend(self.update.pieces());
        modules.push(DENSE_JOIN_WEIGHT);
        modules
    }

    fn slots(&self) -> Vec<Slot> {
        let written = self.update.tensors().iter().map(|name| writes(name));
        [reads("control"), reads("partials")].into_iter().chain(written).collect()
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
            splits: self.splits as u32,
            lr: self.lr,
            hyper: self.hyper,
        };
        bytemuck::bytes_of(&words).to_vec()
    }

    fn workgroups(&self) -> u64 {
        groups_for(self.outputs * (self.inputs + 1))
    }

    fn describe(&self) -> String {
        let Self { inputs, outputs, splits, update, .. } = self;
        let then = match update {
            Update::Gradient => String::new(),
            update => format!(", {}", update.name(&self.hyper)),
        };
        format!("{splits} × [{outputs},{inputs}+1] → [{outputs},{inputs}+1]{then}")
    }

    fn cost(&self) -> Cost {
        let parameters = (self.outputs * (self.inputs + 1)) as u64;
        let splits = self.splits as u64;
        let words = match self.update {
            Update::Gradient => 1,
            update => 2 * (1 + update.memories().len() as u64),
        };
        Cost {
            flops: parameters * (splits + self.update.flops()),
            bytes: 4 * parameters * (splits + words),
        }
    }

    fn twin(&self, bound: &mut [&mut [u32]]) {
        let (read, written) = bound.split_at_mut(2);
        let [control, partials] = slots(read);
        let count = self.outputs * (self.inputs + 1);
        let partials = floats(partials);
        let layer = DenseBackwardWeight {
            rows: 0,
            inputs: self.inputs,
            outputs: self.outputs,
            update: self.update,
            lr: self.lr,
            hyper: self.hyper,
            tiling: Tiling::SMALL,
        };
        let control = Control::from_words(control);
        let mut gradient = layer.so_far(control, written);
        for partial in partials[..self.splits * count].chunks(count) {
            gradient.iter_mut().zip(partial).for_each(|(sum, partial)| *sum += partial);
        }
        layer.apply(control, &mut gradient, written);
    }
}
