//! An activation on its own, for those whose backward pass needs z: y\[B,O\] = f(z\[B,O\]).

use super::shader::{ACTIVATE, CONTROL, FOLD, MATH};
use super::{
    Control, Cost, Function, Kernel, Module, Slot, WORKGROUP, floats, floats_mut, groups_for,
    immediates, reads, slots, writes,
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

immediates! { struct Immediates { columns: u32 } }

impl Kernel for Activate {
    fn stem(&self) -> &'static str {
        "activate"
    }

    fn modules(&self) -> Vec<Module> {
        vec![CONTROL, FOLD, MATH, self.function.piece(), ACTIVATE]
    }

    fn slots(&self) -> Vec<Slot> {
        vec![reads("control"), reads("z"), writes("y")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        vec![("WORKGROUP", f64::from(WORKGROUP))]
    }

    fn immediate_fields(&self) -> Vec<String> {
        super::flattened(Immediates::FIELDS)
    }

    fn immediates(&self) -> Vec<u8> {
        bytemuck::bytes_of(&Immediates { columns: self.columns as u32 }).to_vec()
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

    fn twin(&self, bound: &mut [&mut [u32]]) {
        let [control, z, y] = slots(bound);
        let elements = Control::from_words(control).rows as usize * self.columns;
        for (y, z) in floats_mut(y)[..elements].iter_mut().zip(floats(z)) {
            *y = self.function.value(*z);
        }
    }
}
