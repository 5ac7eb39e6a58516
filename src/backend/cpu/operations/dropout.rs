//! Dropout with many draws of random words side by side: ten rounds of two multiplications each,
//! which bound its time.

use super::{CpuOperation, Split, elements, rows_of};
use crate::backend::cpu::context::ThreadContext;
use crate::backend::cpu::part::Part;
use crate::backend::cpu::shared::BoundBuffers;
use crate::backend::cpu::simd::widest;
use crate::kernels::{DRAW, Dropout, philox_lanes};

/// Draws side by side.
const DRAWS: usize = 16;

// SAFETY: a part writes its rows of y.
unsafe impl CpuOperation for Dropout {
    fn split(&self) -> Split {
        Split::Rows
    }

    unsafe fn run(&self, bound: &BoundBuffers<'_>, part: Part, _: &mut ThreadContext<'_>) {
        let buffers = bound.of(self);
        // SAFETY: control and x are only read, and these rows of y are the part's.
        let (control, rows, x, y) = unsafe {
            let rows = rows_of(part, &buffers.control);
            let range = elements(&rows, self.columns);
            (buffers.control.get(), rows, buffers.x.read(range.clone()), buffers.y.write(range))
        };
        dropout(self, control.step, control.before as usize + rows.start, x, y);
    }
}

/// y = x ∘ mask / (1 − p), of rows of the batch from `first` on.
pub(crate) fn dropout(layer: &Dropout, step: u32, first: usize, x: &[f32], y: &mut [f32]) {
    widest(
        #[inline(always)]
        || {
            let rows = x.chunks_exact(layer.columns).zip(y.chunks_exact_mut(layer.columns));
            for (row, (x, y)) in rows.enumerate() {
                self::row(layer, [step, layer.layer as u32, (first + row) as u32], x, y);
            }
        },
    );
}

#[inline(always)]
fn row(layer: &Dropout, [step, number, row]: [u32; 3], x: &[f32], y: &mut [f32]) {
    let (threshold, scale) = layer.odds();
    let key = [layer.seed as u32, (layer.seed >> 32) as u32];
    let mut draw = [0; DRAWS];
    for (lane, draw) in draw.iter_mut().enumerate() {
        *draw = lane as u32;
    }
    for (x, y) in x.chunks(DRAWS * DRAW).zip(y.chunks_mut(DRAWS * DRAW)) {
        let words = philox_lanes([[step; DRAWS], [number; DRAWS], [row; DRAWS], draw], key);
        let mut mask = [[0; DRAW]; DRAWS];
        for (lane, mask) in mask.iter_mut().enumerate() {
            *mask = words.map(|words| words[lane]);
        }
        for ((x, y), word) in x.iter().zip(y).zip(mask.as_flattened()) {
            *y = if *word < threshold { 0.0 } else { x * scale };
        }
        for draw in &mut draw {
            *draw += DRAWS as u32;
        }
    }
}
