//! An activation on its own, for those whose backward pass needs z: y\[B,O\] = f(z\[B,O\]).

use super::shader::{CONTROL, FOLD, MATH, piece};
use super::{
    Contract, Control, Cost, Function, Module, Views, WORKGROUP, bindings, groups_for, immediates,
};

/// An activation over `rows` rows at most.
#[derive(Clone, Debug, PartialEq)]
pub struct Activate {
    /// B, at most.
    pub rows: usize,
    /// O
    pub columns: usize,
    /// f
    pub function: Function,
}

immediates! { pub(crate) struct Immediates { columns: u32 } }

bindings! {
    Activate {
        read control: Control [1],
        read z: f32 [B, O],
        write y: f32 [B, O],
    }
}

impl Contract for Activate {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "activate"
    }

    fn modules(&self) -> Vec<Module> {
        vec![CONTROL, FOLD, MATH, self.function.piece(), piece!("activate")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        vec![("WORKGROUP", f64::from(WORKGROUP))]
    }

    fn immediates(&self) -> Immediates {
        Immediates { columns: self.columns as u32 }
    }

    fn workgroups(&self) -> u64 {
        groups_for(self.rows * self.columns)
    }

    fn describe(&self) -> String {
        let Self { rows, columns, .. } = self;
        format!("f([{rows},{columns}])")
    }

    fn cost(&self) -> Cost {
        let elements = (self.rows * self.columns) as u64;
        Cost { flops: elements, bytes: 8 * elements }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { control, z, y } = bound;
        let elements = control[0].rows as usize * self.columns;
        for (y, z) in y[..elements].iter_mut().zip(z) {
            *y = self.function.value(*z);
        }
    }
}
