//! A dense layer forward: y\[B,O\] = f(x\[B,I\] · Wᵀ + b).

use super::shader::{ACTIVATION_FOUR, MATH, PLAIN_SUMS, QUAD, STORE_WORDS, piece};
use super::{Contract, Control, Cost, Function, Module, Tiling, Views, bindings, immediates};

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

immediates! { pub(crate) struct Immediates { inputs: u32, outputs: u32 } }

bindings! {
    DenseForward {
        read control: Control [1],
        read x: f32 [B, I],
        read parameters: f32 [O, I + 1],
        write y: f32 [B, O],
    }
}

impl Contract for DenseForward {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "dense_forward"
    }

    fn modules(&self) -> Vec<Module> {
        let function = self.function.piece();
        let store: &[Module] = match self.outputs.is_multiple_of(4) {
            true => &[ACTIVATION_FOUR, piece!("matmul/forward_quads")],
            false => &[STORE_WORDS, piece!("matmul/forward_words")],
        };
        let own = [QUAD, PLAIN_SUMS, MATH, function, piece!("dense_forward")];
        [self.tiling.imports(), &own, store].concat()
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        self.tiling.overrides(self.inputs, self.outputs)
    }

    fn immediates(&self) -> Immediates {
        Immediates { inputs: self.inputs as u32, outputs: self.outputs as u32 }
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

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { control, x, parameters, y } = bound;
        let (inputs, outputs) = (self.inputs, self.outputs);
        let (weight, bias) = parameters.split_at(outputs * inputs);
        for b in 0..control[0].rows as usize {
            for o in 0..outputs {
                let mut z = 0.0;
                for i in 0..inputs {
                    z += x[b * inputs + i] * weight[o * inputs + i];
                }
                y[b * outputs + o] = self.function.value(z + bias[o]);
            }
        }
    }
}
