//! The gradient of a layer's input, through the activation below:
//! d_z_below\[B,I\] = (d_z\[B,O\] · W) ∘ f′.

use super::shader::{ACTIVATION_FOUR, MATH, PLAIN_SUMS, QUAD, STORE_WORDS, piece};
use super::{Contract, Control, Cost, Function, Module, Tiling, Views, bindings, immediates};

/// The gradient of a layer's input, over `rows` rows at most.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseBackwardInput {
    /// B, at most.
    pub rows: usize,
    /// I
    pub inputs: usize,
    /// O
    pub outputs: usize,
    /// The activation of the layer below.
    pub function: Function,
    /// Its tiles, over C\[B,I\].
    pub tiling: Tiling,
}

immediates! { pub(crate) struct Immediates { inputs: u32, outputs: u32 } }

bindings! {
    DenseBackwardInput {
        read control: Control [1],
        read d_z: f32 [B, O],
        read parameters: f32 [O, I + 1],
        read kept: f32 [B, I],
        write d_z_below: f32 [B, I],
    }
}

impl Contract for DenseBackwardInput {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "dense_backward_input"
    }

    fn modules(&self) -> Vec<Module> {
        let function = self.function.piece();
        let store: &[Module] = match self.inputs.is_multiple_of(4) {
            true => &[ACTIVATION_FOUR, piece!("matmul/backward_input_quads")],
            false => &[STORE_WORDS, piece!("matmul/backward_input_words")],
        };
        let own = [QUAD, PLAIN_SUMS, MATH, function, piece!("dense_backward_input")];
        [self.tiling.imports(), &own, store].concat()
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        self.tiling.overrides(self.inputs, self.outputs)
    }

    fn immediates(&self) -> Immediates {
        Immediates { inputs: self.inputs as u32, outputs: self.outputs as u32 }
    }

    fn workgroups(&self) -> u64 {
        self.tiling.workgroups(self.rows, self.inputs)
    }

    fn describe(&self) -> String {
        let Self { rows, inputs, outputs, .. } = self;
        format!("[{rows},{outputs}] · [{outputs},{inputs}] → [{rows},{inputs}]")
    }

    fn cost(&self) -> Cost {
        let (b, i, o) = (self.rows as u64, self.inputs as u64, self.outputs as u64);
        Cost { flops: b * i * (2 * o + 1), bytes: 4 * (b * o + o * i + 2 * b * i) }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { control, d_z, parameters, kept, d_z_below } = bound;
        let (inputs, outputs) = (self.inputs, self.outputs);
        for b in 0..control[0].rows as usize {
            for i in 0..inputs {
                let mut d_x = 0.0;
                for o in 0..outputs {
                    d_x += d_z[b * outputs + o] * parameters[o * inputs + i];
                }
                let element = b * inputs + i;
                d_z_below[element] = d_x * self.function.derivative(kept[element]);
            }
        }
    }
}
