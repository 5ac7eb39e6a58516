//! Probabilities from the last layer's z\[B,O\], row by row.

use super::{CpuOperation, Split, elements, rows_of};
use crate::backend::cpu::context::ThreadContext;
use crate::backend::cpu::part::Part;
use crate::backend::cpu::shared::BoundBuffers;
use crate::kernels::{Softmax, softmax};

// SAFETY: a part writes its rows of the probabilities.
unsafe impl CpuOperation for Softmax {
    fn split(&self) -> Split {
        Split::Rows
    }

    unsafe fn run(&self, bound: &BoundBuffers<'_>, part: Part, _: &mut ThreadContext<'_>) {
        let buffers = bound.of(self);
        // SAFETY: control and z are only read, and these rows of the probabilities are the part's.
        let (z, probabilities) = unsafe {
            let range = elements(&rows_of(part, &buffers.control), self.outputs);
            (buffers.z.read(range.clone()), buffers.probability.write(range))
        };
        let rows = z.chunks_exact(self.outputs).zip(probabilities.chunks_exact_mut(self.outputs));
        for (z, probabilities) in rows {
            softmax(z, probabilities);
        }
    }
}
