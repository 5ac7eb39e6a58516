//! The partial sums of a layer's gradient added up in their order, and the optimizer's update as
//! the epilogue. The second half of the gradient of a layer of few weights and many rows.

use super::shader::{CONTROL, FOLD, MATH, OPTIMIZER, ORDERED_SUM, piece};
use super::{
    Contract, Control, Cost, Hyper, LayerUpdate, Module, Views, WORKGROUP, bindings, groups_for,
    immediates,
};

/// Adds up what [`super::DenseSplitWeight`] has left, and updates the layer's parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseJoinWeight {
    /// S
    pub splits: usize,
    /// The layer, and what becomes of the gradient.
    pub layer: LayerUpdate,
}

immediates! {
    pub(crate) struct Immediates { inputs: u32, outputs: u32, splits: u32, lr: f32, hyper: Hyper }
}

bindings! {
    DenseJoinWeight as this {
        read control: Control [1],
        read partials: f32 [S, O, I + 1];
        updated(this.layer.update)
    }
}

impl Contract for DenseJoinWeight {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "dense_join_weight"
    }

    fn modules(&self) -> Vec<Module> {
        let mut modules = vec![CONTROL, FOLD, MATH, OPTIMIZER, ORDERED_SUM];
        modules.extend(self.layer.update.pieces());
        modules.push(piece!("dense_join_weight"));
        modules
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        let mut overrides = vec![("WORKGROUP", f64::from(WORKGROUP))];
        overrides.extend(self.layer.overrides());
        overrides
    }

    fn immediates(&self) -> Immediates {
        let layer = self.layer.immediates();
        Immediates {
            inputs: layer.inputs,
            outputs: layer.outputs,
            splits: self.splits as u32,
            lr: layer.lr,
            hyper: layer.hyper,
        }
    }

    fn workgroups(&self) -> u64 {
        groups_for(self.layer.count())
    }

    fn describe(&self) -> String {
        let (shape, then) = (self.layer.shape(), self.layer.then());
        format!("{} × {shape} → {shape}{then}", self.splits)
    }

    fn cost(&self) -> Cost {
        let summed = (self.layer.count() * self.splits) as u64;
        Cost { flops: summed + self.layer.flops(), bytes: 4 * summed + self.layer.bytes() }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { control, partials, updated } = bound;
        let count = self.layer.count();
        let mut gradient = self.layer.so_far(control[0], &updated);
        for partial in partials[..self.splits * count].chunks(count) {
            gradient.iter_mut().zip(partial).for_each(|(sum, partial)| *sum += partial);
        }
        self.layer.apply(control[0], &mut gradient, updated);
    }
}
