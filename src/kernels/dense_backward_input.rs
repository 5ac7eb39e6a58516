//! The gradient of a layer's input, through the activation below:
//! d_z_below\[B,I\] = (d_z\[B,O\] · W) ∘ f′.

use super::shader::{
    ACTIVATION_QUAD, D_Z_QUAD, DENSE_BACKWARD_INPUT, DENSE_BACKWARD_INPUT_QUADS,
    DENSE_BACKWARD_INPUT_WORDS, MATH, PLAIN_SUMS, STORE_WORDS, WEIGHT_QUAD,
};
use super::{
    Control, Cost, Function, Kernel, Module, Slot, Tiling, floats, floats_mut, immediates, reads,
    slots, writes,
};

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

immediates! { struct Immediates { inputs: u32, outputs: u32 } }

impl Kernel for DenseBackwardInput {
    fn stem(&self) -> &'static str {
        "dense_backward_input"
    }

    fn modules(&self) -> Vec<Module> {
        let function = self.function.piece();
        let store: &[Module] = match self.inputs.is_multiple_of(4) {
            true => &[ACTIVATION_QUAD, DENSE_BACKWARD_INPUT_QUADS],
            false => &[STORE_WORDS, DENSE_BACKWARD_INPUT_WORDS],
        };
        let own = [D_Z_QUAD, WEIGHT_QUAD, PLAIN_SUMS, MATH, function, DENSE_BACKWARD_INPUT];
        [self.tiling.imports(), &own, store].concat()
    }

    fn slots(&self) -> Vec<Slot> {
        vec![
            reads("control"),
            reads("d_z"),
            reads("parameters"),
            reads("kept"),
            writes("d_z_below"),
        ]
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

    fn twin(&self, bound: &mut [&mut [u32]]) {
        let [control, d_z, parameters, kept, d_z_below] = slots(bound);
        let rows = Control::from_words(control).rows as usize;
        let (d_z, parameters, kept) = (floats(d_z), floats(parameters), floats(kept));
        twin(self, rows, d_z, parameters, kept, floats_mut(d_z_below));
    }
}

/// Row by row, input by input, unit by unit.
fn twin(
    layer: &DenseBackwardInput,
    rows: usize,
    d_z: &[f32],
    parameters: &[f32],
    kept: &[f32],
    d_z_below: &mut [f32],
) {
    let (inputs, outputs) = (layer.inputs, layer.outputs);
    for b in 0..rows {
        for i in 0..inputs {
            let mut d_x = 0.0;
            for o in 0..outputs {
                d_x += d_z[b * outputs + o] * parameters[o * inputs + i];
            }
            let element = b * inputs + i;
            d_z_below[element] = d_x * layer.function.derivative(kept[element]);
        }
    }
}
