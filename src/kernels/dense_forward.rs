//! A dense layer forward: y\[B,O\] = f(x\[B,I\] · Wᵀ + b).

use super::shader::{
    ACTIVATION_QUAD, DENSE_FORWARD, DENSE_FORWARD_QUADS, DENSE_FORWARD_WORDS, MATH, PLAIN_SUMS,
    STORE_WORDS, WEIGHT_QUAD, X_QUAD,
};
use super::{
    Control, Cost, Function, Kernel, Module, Slot, Tiling, floats, floats_mut, immediates, reads,
    slots, writes,
};

/// A dense layer forward, over `rows` rows at most.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseForward {
    /// B, at most.
    pub rows: usize,
    /// I
    pub inputs: usize,
    /// O
    pub outputs: usize,
    /// f
    pub function: Function,
    /// Its tiles, over C\[B,O\].
    pub tiling: Tiling,
}

immediates! { struct Immediates { inputs: u32, outputs: u32 } }

impl Kernel for DenseForward {
    fn stem(&self) -> &'static str {
        "dense_forward"
    }

    fn modules(&self) -> Vec<Module> {
        let function = self.function.piece();
        let store: &[Module] = match self.outputs.is_multiple_of(4) {
            true => &[ACTIVATION_QUAD, DENSE_FORWARD_QUADS],
            false => &[STORE_WORDS, DENSE_FORWARD_WORDS],
        };
        let own = [X_QUAD, WEIGHT_QUAD, PLAIN_SUMS, MATH, function, DENSE_FORWARD];
        [self.tiling.imports(), &own, store].concat()
    }

    fn slots(&self) -> Vec<Slot> {
        vec![reads("control"), reads("x"), reads("parameters"), writes("y")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        self.tiling.overrides(self.inputs, self.outputs)
    }

    fn immediate_fields(&self) -> Vec<String> {
        super::flattened(Immediates::FIELDS)
    }

    fn immediates(&self) -> Vec<u8> {
        let words = Immediates { inputs: self.inputs as u32, outputs: self.outputs as u32 };
        bytemuck::bytes_of(&words).to_vec()
    }

    fn workgroups(&self) -> u64 {
        self.tiling.workgroups(self.rows, self.outputs)
    }

    fn describe(&self) -> String {
        let Self { rows, inputs, outputs, .. } = self;
        format!("[{rows},{inputs}] · [{outputs},{inputs}]ᵀ → [{rows},{outputs}]")
    }

    fn cost(&self) -> Cost {
        let (b, i, o) = (self.rows as u64, self.inputs as u64, self.outputs as u64);
        Cost { flops: b * o * (2 * i + 1), bytes: 4 * (b * i + o * (i + 1) + b * o) }
    }

    fn twin(&self, bound: &mut [&mut [u32]]) {
        let [control, x, parameters, y] = slots(bound);
        let rows = Control::from_words(control).rows as usize;
        twin(self, rows, floats(x), floats(parameters), floats_mut(y));
    }
}

/// Row by row, unit by unit, input by input.
fn twin(layer: &DenseForward, rows: usize, x: &[f32], parameters: &[f32], y: &mut [f32]) {
    let (inputs, outputs) = (layer.inputs, layer.outputs);
    let (weight, bias) = parameters.split_at(outputs * inputs);
    for b in 0..rows {
        for o in 0..outputs {
            let mut z = 0.0;
            for i in 0..inputs {
                z += x[b * inputs + i] * weight[o * inputs + i];
            }
            y[b * outputs + o] = layer.function.value(z + bias[o]);
        }
    }
}
