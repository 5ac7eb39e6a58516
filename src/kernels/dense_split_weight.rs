//! The gradient of a layer's parameters, each range of the batch's rows summed on its own:
//! partials\[S, O, I + 1\]. The first half of the gradient of a layer of few weights and many rows.

use std::ops::Range;

use super::shader::{QUAD, STORE_WORDS, WEIGHT_PRODUCT, piece};
use super::{
    Contract, Control, Cost, Module, Tiling, Views, bindings, dense_backward_weight, immediates,
};

/// Partial sums of the gradient of a layer's parameters, over `rows` rows at most.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseSplitWeight {
    /// B, at most.
    pub rows: usize,
    /// I
    pub inputs: usize,
    /// O
    pub outputs: usize,
    /// Rows of a range, a multiple of a tile's depth.
    pub range: usize,
    /// Its tiles, over C\[O,I\].
    pub tiling: Tiling,
}

immediates! { pub(crate) struct Immediates { inputs: u32, outputs: u32, splits: u32, range: u32 } }

impl DenseSplitWeight {
    /// S, the ranges.
    pub fn splits(&self) -> usize {
        self.rows.div_ceil(self.range)
    }

    /// The rows of one of them, in a batch of so many.
    fn rows_of(&self, split: usize, rows: usize) -> Range<usize> {
        let first = (split * self.range).min(rows);
        first..(first + self.range).min(rows)
    }
}

bindings! {
    DenseSplitWeight {
        read control: Control [1],
        read d_z: f32 [B, O],
        read x: f32 [B, I],
        write partials: f32 [S, O, I + 1],
    }
}

impl Contract for DenseSplitWeight {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "dense_split_weight"
    }

    fn modules(&self) -> Vec<Module> {
        let own = [QUAD, STORE_WORDS, WEIGHT_PRODUCT, piece!("dense_split_weight")];
        [self.tiling.imports(), &own].concat()
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        self.tiling.overrides(self.inputs, self.outputs)
    }

    fn immediates(&self) -> Immediates {
        Immediates {
            inputs: self.inputs as u32,
            outputs: self.outputs as u32,
            splits: self.splits() as u32,
            range: self.range as u32,
        }
    }

    fn workgroups(&self) -> u64 {
        self.splits() as u64 * self.tiling.workgroups(self.outputs, self.inputs)
    }

    fn describe(&self) -> String {
        let Self { rows, inputs, outputs, .. } = self;
        let splits = self.splits();
        format!("[{rows},{outputs}]ᵀ · [{rows},{inputs}+1] → {splits} × [{outputs},{inputs}+1]")
    }

    fn cost(&self) -> Cost {
        let (b, i, o) = (self.rows as u64, self.inputs as u64, self.outputs as u64);
        let parameters = o * (i + 1);
        Cost {
            flops: 2 * b * parameters,
            bytes: 4 * (b * o + b * i + self.splits() as u64 * parameters),
        }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { control, d_z, x, partials } = bound;
        let rows = control[0].rows as usize;
        let count = self.outputs * (self.inputs + 1);
        let partials = &mut partials[..self.splits() * count];
        for (split, partial) in partials.chunks_mut(count).enumerate() {
            let range = self.rows_of(split, rows);
            let d_z = &d_z[range.start * self.outputs..];
            let x = &x[range.start * self.inputs..];
            let shape = (range.len(), self.inputs, self.outputs);
            partial.fill(0.0);
            dense_backward_weight::gradient(shape, d_z, x, partial);
        }
    }
}
