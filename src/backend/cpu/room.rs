//! A thread's own memory, as large as any task of a phase may ask for: which tasks a thread will
//! take is not known beforehand, and a step allocates nothing.

use super::product::{Layout, Workspace};
use super::{norms, units};
use crate::backend::aligned::Aligned;
use crate::kernels::Operation;
use crate::plan::Dispatch;
use crate::spec::Layer;

/// What a thread has to itself.
#[derive(Default)]
pub(super) struct Room {
    /// For a block of a layer's gradient, or some units' way forward.
    pub(super) scratch: Aligned<f32>,
    pub(super) workspace: Workspace,
}

impl Room {
    /// Grows to what the dispatches of a phase take.
    pub(super) fn hold(&mut self, phase: &[Dispatch]) {
        for dispatch in phase {
            let words = match &dispatch.operation {
                Operation::DenseForward(dense) => {
                    let layer = Layer { inputs: dense.inputs, outputs: dense.outputs };
                    self.forward(dense.rows, layer);
                    units::forward_scratch_words(dense)
                }
                Operation::DenseBackwardInput(dense) => {
                    let layer = Layer { inputs: dense.inputs, outputs: dense.outputs };
                    self.backward_input(dense.rows, layer);
                    0
                }
                Operation::DenseBackwardWeight(dense) => {
                    let (inputs, outputs) = (dense.layer.inputs, dense.layer.outputs);
                    self.backward_weight(dense.rows, Layer { inputs, outputs });
                    units::scratch_words(dense)
                }
                Operation::FusedGradient(fused) => {
                    for layer in fused.layers() {
                        self.forward(fused.tile, layer);
                        self.backward_input(fused.tile, layer);
                        self.backward_weight(fused.tile, layer);
                    }
                    0
                }
                Operation::LayerNormBackwardWeight(norm) => norms::scratch_words(norm),
                _ => 0,
            };
            self.scratch.hold(words);
        }
    }

    fn forward(&mut self, rows: usize, Layer { inputs, outputs }: Layer) {
        self.workspace.hold([rows, outputs, inputs], Layout::rows(inputs), None);
    }

    fn backward_input(&mut self, rows: usize, Layer { inputs, outputs }: Layer) {
        self.workspace.hold([rows, inputs, outputs], Layout::rows(outputs), Some(inputs));
    }

    fn backward_weight(&mut self, rows: usize, Layer { inputs, outputs }: Layer) {
        let d_z = Layout::rows(outputs).transposed();
        self.workspace.hold([outputs, inputs, rows], d_z, Some(inputs));
    }
}
