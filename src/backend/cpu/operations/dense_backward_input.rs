//! The gradient of a layer's input: d_z_below\[B,I\] = (d_z\[B,O\] · W) ∘ f′.

use super::{CpuOperation, Parts, Split, elements, parts_by_rows, rows_of};
use crate::backend::cpu::context::{Scratch, ThreadContext};
use crate::backend::cpu::dense;
use crate::backend::cpu::part::Part;
use crate::backend::cpu::shared::BoundBuffers;
use crate::kernels::DenseBackwardInput;
use crate::spec::Layer;

const fn layer(kernel: &DenseBackwardInput) -> Layer {
    Layer { inputs: kernel.inputs, outputs: kernel.outputs }
}

// SAFETY: a part writes its rows of d_z_below.
unsafe impl CpuOperation for DenseBackwardInput {
    fn split(&self) -> Split {
        Split::Rows
    }

    fn parts(&self, _: usize) -> Parts {
        parts_by_rows(self.rows, layer(self))
    }

    fn reserve(&self, scratch: &mut Scratch) {
        dense::reserve_backward_input(&mut scratch.workspace, self.rows, layer(self));
    }

    unsafe fn run(&self, bound: &BoundBuffers<'_>, part: Part, context: &mut ThreadContext<'_>) {
        let (buffers, i, o) = (bound.of(self), self.inputs, self.outputs);
        // SAFETY: control, d_z, the parameters and what was kept are only read, and these rows of
        // d_z_below are the part's.
        let (rows, d_z, weight, kept, d_z_below) = unsafe {
            let rows = rows_of(part, &buffers.control);
            (
                rows.len(),
                buffers.d_z.read(elements(&rows, o)),
                buffers.parameters.read(0..o * i),
                buffers.kept.read(elements(&rows, i)),
                buffers.d_z_below.write(elements(&rows, i)),
            )
        };
        let of = (rows, layer(self), self.function);
        let workspace = &mut context.scratch.workspace;
        dense::backward_input(of, d_z_below, d_z, weight, kept, workspace);
    }
}
