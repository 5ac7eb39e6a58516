//! An activation by itself: y\[B,O\] = f(z\[B,O\]).

use super::{CpuOperation, Split, elements, rows_of};
use crate::backend::cpu::context::ThreadContext;
use crate::backend::cpu::part::Part;
use crate::backend::cpu::passes;
use crate::backend::cpu::shared::BoundBuffers;
use crate::kernels::Activate;

// SAFETY: a part writes its rows of y.
unsafe impl CpuOperation for Activate {
    fn split(&self) -> Split {
        Split::Rows
    }

    unsafe fn run(&self, bound: &BoundBuffers<'_>, part: Part, _: &mut ThreadContext<'_>) {
        let buffers = bound.of(self);
        // SAFETY: control and z are only read, and these rows of y are the part's.
        let (z, y) = unsafe {
            let range = elements(&rows_of(part, &buffers.control), self.columns);
            (buffers.z.read(range.clone()), buffers.y.write(range))
        };
        y.copy_from_slice(z);
        passes::activate_all(self.function, y);
    }
}
