//! The gradient of a layer's parameters, d_W = d_zᵀ · x and d_b = Σ d_z, and the optimizer's
//! update as its epilogue.

use super::layer_update::Immediates;
use super::shader::{MATH, OPTIMIZER, QUAD, STORE_WORDS, WEIGHT_PRODUCT, piece};
use super::{Contract, Control, Cost, LayerUpdate, Module, Tiling, Views, bindings};

/// The gradient of a layer's parameters and their update, over `rows` rows at most.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseBackwardWeight {
    /// B, at most.
    pub rows: usize,
    /// The layer, and what becomes of the gradient.
    pub layer: LayerUpdate,
    /// Its tiles, over C\[O,I\].
    pub tiling: Tiling,
}

bindings! {
    DenseBackwardWeight as this {
        read control: Control [1],
        read d_z: f32 [B, O],
        read x: f32 [B, I];
        updated(this.layer.update)
    }
}

impl Contract for DenseBackwardWeight {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "dense_backward_weight"
    }

    fn modules(&self) -> Vec<Module> {
        let mut modules = self.tiling.imports().to_vec();
        modules.extend([QUAD, STORE_WORDS, WEIGHT_PRODUCT, MATH, OPTIMIZER]);
        modules.extend(self.layer.update.pieces());
        modules.push(piece!("dense_backward_weight"));
        modules
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        let mut overrides = self.tiling.overrides(self.layer.inputs, self.layer.outputs);
        overrides.extend(self.layer.overrides());
        overrides
    }

    fn immediates(&self) -> Immediates {
        self.layer.immediates()
    }

    fn workgroups(&self) -> u64 {
        self.tiling.workgroups(self.layer.outputs, self.layer.inputs)
    }

    fn describe(&self) -> String {
        let Self { rows, layer, .. } = self;
        let LayerUpdate { inputs, outputs, .. } = layer;
        let (shape, then) = (layer.shape(), layer.then());
        format!("[{rows},{outputs}]ᵀ · [{rows},{inputs}+1] → {shape}{then}")
    }

    fn cost(&self) -> Cost {
        let (b, layer) = (self.rows as u64, &self.layer);
        let read = b * (layer.outputs + layer.inputs) as u64;
        Cost {
            flops: 2 * b * layer.count() as u64 + layer.flops(),
            bytes: 4 * read + layer.bytes(),
        }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { control, d_z, x, updated } = bound;
        let mut sums = self.layer.so_far(control[0], &updated);
        let shape = (control[0].rows as usize, self.layer.inputs, self.layer.outputs);
        gradient(shape, d_z, x, &mut sums);
        self.layer.apply(control[0], &mut sums, updated);
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
}
