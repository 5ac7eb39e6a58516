//! The optimizer's update of a layer from its gradient in a buffer: for plans that must see all
//! gradients before the first update.

use super::layer_update::Immediates;
use super::shader::{CONTROL, FOLD, MATH, OPTIMIZER, piece};
use super::{
    Contract, Control, Cost, LayerUpdate, Module, Updated, Views, WORKGROUP, bindings, groups_for,
};

/// Updates a layer's parameters, \[O, I + 1\], by its gradient times the scale in `clip`.
#[derive(Clone, Debug, PartialEq)]
pub struct ApplyGradient {
    /// The layer and its update; not [`super::Update::Gradient`].
    pub layer: LayerUpdate,
}

bindings! {
    ApplyGradient as this {
        read control: Control [1],
        read gradient: f32 [O, I + 1],
        read clip: f32 [2];
        updated(this.layer.update)
    }
}

impl Contract for ApplyGradient {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "apply_gradient"
    }

    fn modules(&self) -> Vec<Module> {
        let mut modules = vec![CONTROL, FOLD, MATH, OPTIMIZER];
        modules.extend(self.layer.update.pieces());
        modules.push(piece!("apply_gradient"));
        modules
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        let mut overrides = vec![("WORKGROUP", f64::from(WORKGROUP))];
        overrides.extend(self.layer.overrides());
        overrides
    }

    fn immediates(&self) -> Immediates {
        self.layer.immediates()
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

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { control, gradient, clip, updated } = bound;
        let Updated::Parameters { parameters, mut state } = updated else {
            unreachable!("an update of the parameters")
        };
        let weights = self.layer.weights();
        let gradient: Vec<f32> = gradient[..self.layer.count()]
            .iter()
            .zip(&*parameters)
            .enumerate()
            .map(|(at, (g, w))| self.layer.hyper.regularized(*g, *w, at < weights) * clip[0])
            .collect();
        self.layer.formula(control[0]).apply(parameters, &gradient, &mut state);
    }
}
