//! Blocks of A and B copied together, where reading them as they stand would cost more.

use super::{COLUMNS, DEPTH, Layout, Left, PANEL, Panels, ROWS, Right, TALL, Workspace};

/// Which blocks are packed, and where to.
pub(super) struct Packing<'a> {
    left: Option<&'a mut [f32]>,
    right: Option<&'a mut [f32]>,
}

/// Floats between two rows of a packed block of A: not a multiple of a page, lest they fall into
/// the same set of the cache.
const APART: usize = DEPTH + 16;

/// Bytes that B may span and still stay in the second cache.
const RIGHT: usize = 1 << 20;

/// Bytes that a band of A may span.
const LEFT: usize = 64 << 10;

impl<'a> Packing<'a> {
    /// Packs what spans more than a cache holds, if it is used often enough.
    pub(super) fn of(
        [m, n, k]: [usize; 3],
        layout: Layout,
        b: Right<'_>,
        workspace: &'a mut Workspace,
    ) -> Self {
        let bytes = |floats: usize| floats * size_of::<f32>();
        let right = match b {
            Right::Rows(_, row) => bytes(row * k) > RIGHT && m > 4 * TALL,
            Right::Panels(_) => false,
        };
        let far = match layout.column {
            1 => bytes(layout.row * TALL) > LEFT / 2,
            step => bytes(step * k.min(DEPTH)) > LEFT,
        };
        let left = far && n > 4 * PANEL;
        let room = |memory: &'a mut Vec<f32>, wanted: bool, floats: usize| {
            if wanted && memory.len() < floats {
                memory.resize(floats, 0.0);
            }
            wanted.then_some(&mut memory[..])
        };
        Self {
            left: room(&mut workspace.a, left, ROWS * APART),
            right: room(&mut workspace.b, right, COLUMNS * DEPTH),
        }
    }

    /// The block of A at a row and a column.
    ///
    /// # Safety
    /// It must lie inside A.
    #[inline(always)]
    pub(super) unsafe fn left(
        &mut self,
        a: &[f32],
        layout: Layout,
        [i, l]: [usize; 2],
        [rows, depth]: [usize; 2],
    ) -> Left {
        let Layout { row, column } = layout;
        let start = i * row + l * column;
        match &mut self.left {
            None => {
                // A block without columns has no elements, wherever it begins.
                let start = a.as_ptr().wrapping_add(start);
                Left { start, band: TALL * row, row, step: column }
            }
            Some(packed) if column == 1 => {
                for (place, from) in
                    packed.chunks_exact_mut(APART).zip((start..).step_by(row)).take(rows)
                {
                    place[..depth].copy_from_slice(&a[from..from + depth]);
                }
                Left { start: packed.as_ptr(), band: TALL * APART, row: APART, step: 1 }
            }
            Some(packed) => {
                let band = TALL * depth;
                for l in 0..depth {
                    prefetch(a.as_ptr().wrapping_add(start + (l + AHEAD) * column), rows);
                    let from = &a[start + l * column..][..rows];
                    let (whole, rest) = from.as_chunks::<TALL>();
                    for (number, from) in whole.iter().enumerate() {
                        packed[number * band + l * TALL..][..TALL].copy_from_slice(from);
                    }
                    if !rest.is_empty() {
                        packed[whole.len() * band + l * TALL..][..rest.len()].copy_from_slice(rest);
                    }
                }
                Left { start: packed.as_ptr(), band, row: 1, step: TALL }
            }
        }
    }

    /// The block of B, which has `k` rows, at a row and a column.
    ///
    /// # Safety
    /// It must lie inside B, and its column be a multiple of [`PANEL`].
    #[inline(always)]
    pub(super) unsafe fn right(
        &mut self,
        b: Right<'_>,
        [l, j]: [usize; 2],
        [depth, columns]: [usize; 2],
        k: usize,
    ) -> Panels {
        match (b, &mut self.right) {
            (Right::Panels(panels), _) => {
                let start = panels.as_ptr().wrapping_add((j / PANEL * k + l) * PANEL);
                Panels { start, panel: k * PANEL, step: PANEL }
            }
            (Right::Rows(b, row), None) => {
                Panels { start: b.as_ptr().wrapping_add(l * row + j), panel: PANEL, step: row }
            }
            (Right::Rows(b, row), Some(packed)) => {
                let panel = depth * PANEL;
                for l_own in 0..depth {
                    prefetch(b.as_ptr().wrapping_add((l + l_own + AHEAD) * row + j), columns);
                    let from = &b[(l + l_own) * row + j..][..columns];
                    let (whole, rest) = from.as_chunks::<PANEL>();
                    for (number, from) in whole.iter().enumerate() {
                        packed[number * panel + l_own * PANEL..][..PANEL].copy_from_slice(from);
                    }
                    if !rest.is_empty() {
                        packed[whole.len() * panel + l_own * PANEL..][..rest.len()]
                            .copy_from_slice(rest);
                    }
                }
                Panels { start: packed.as_ptr(), panel, step: PANEL }
            }
        }
    }
}

/// Rows between the one that is copied and the one that is asked for.
const AHEAD: usize = 8;

/// Asks for some floats before they are read: rows that lie pages apart are not foreseen by the
/// processor.
#[inline(always)]
pub(super) fn prefetch(from: *const f32, floats: usize) {
    /// Floats of a cache line.
    const LINE: usize = 16;
    for at in (0..floats).step_by(LINE) {
        prefetch_line(from.wrapping_add(at));
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn prefetch_line(line: *const f32) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: every x86-64 processor has the instruction, which reads nothing that could fault.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(line.cast()) };
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn prefetch_line(_: *const f32) {}
