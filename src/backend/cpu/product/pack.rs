//! Blocks of A and B copied together, where reading them as they stand would cost more.
//!
//! Lines that lie pages apart come slowly, and the processor does not foresee them. So a block is
//! packed line by line while the one before it is multiplied, and each line is asked for some lines
//! ahead.

use std::ops::Range;

use super::{COLUMNS, DEPTH, Layout, Left, PANEL, Panels, Place, ROWS, Right, TALL, Workspace};

/// The operands of a product, and which of their blocks are packed.
pub(super) struct Packing<'a> {
    a: &'a [f32],
    layout: Layout,
    b: Right<'a>,
    /// Rows of B.
    k: usize,
    left: Option<Packed<'a>>,
    right: Option<Packed<'a>>,
}

/// Where the present block stands, and where the next one comes.
struct Packed<'a> {
    now: &'a mut [f32],
    next: &'a mut [f32],
}

/// Floats that are left free after a packed row or panel, lest all of them, powers of two long,
/// begin in the same set of the first cache.
const GAP: usize = 16;

/// Floats from one row of a packed block of A to the next.
const APART: usize = DEPTH + GAP;

/// Bytes that B may span and still stay in the second cache.
const RIGHT: usize = 1 << 20;

/// Bytes that a band of A may span.
const LEFT: usize = 64 << 10;

impl<'a> Packing<'a> {
    /// Packs what spans more than a cache holds, if it is used often enough.
    pub(super) fn of(
        [m, n, k]: [usize; 3],
        (a, layout): (&'a [f32], Layout),
        b: Right<'a>,
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
        Self {
            a,
            layout,
            b,
            k,
            left: left.then(|| Packed::of(&mut workspace.a, ROWS * APART)),
            right: right.then(|| Packed::of(&mut workspace.b, COLUMNS * (DEPTH + 1))),
        }
    }

    /// Packs a piece, out of so many, of the next block of A, of B, or of both: what is new.
    #[inline(always)]
    pub(super) fn bring(&mut self, next: Place, new: [bool; 2], piece: usize, of: usize) {
        let Place { i, l, j, rows, depth, columns } = next;
        if let (true, Some(packed)) = (new[0], &mut self.left) {
            let Layout { row, column } = self.layout;
            let start = i * row + l * column;
            if column == 1 {
                let lines = Lines { of: self.a, start, apart: row, count: rows, floats: depth };
                lines.copy(lines.piece(piece, of), packed.next);
            } else {
                let lines = Lines { of: self.a, start, apart: column, count: depth, floats: rows };
                lines.interleave::<TALL>(lines.piece(piece, of), packed.next);
            }
        }
        if let (true, Some(packed), Right::Rows(b, row)) = (new[1], &mut self.right, self.b) {
            let start = l * row + j;
            let lines = Lines { of: b, start, apart: row, count: depth, floats: columns };
            lines.interleave::<PANEL>(lines.piece(piece, of), packed.next);
        }
    }

    /// What is new has been brought, and takes its place.
    pub(super) fn turn(&mut self, new: [bool; 2]) {
        for (new, packed) in new.into_iter().zip([&mut self.left, &mut self.right]) {
            if let (true, Some(packed)) = (new, packed) {
                std::mem::swap(&mut packed.now, &mut packed.next);
            }
        }
    }

    /// The present block of A.
    #[inline(always)]
    pub(super) fn left(&self, Place { i, l, depth, .. }: Place) -> Left {
        let Layout { row, column } = self.layout;
        match &self.left {
            // A block without columns has no elements, wherever it begins.
            None => {
                let start = self.a.as_ptr().wrapping_add(i * row + l * column);
                Left { start, band: TALL * row, row, step: column }
            }
            Some(Packed { now, .. }) if column == 1 => {
                Left { start: now.as_ptr(), band: TALL * APART, row: APART, step: 1 }
            }
            Some(Packed { now, .. }) => {
                Left { start: now.as_ptr(), band: TALL * depth + GAP, row: 1, step: TALL }
            }
        }
    }

    /// The present block of B, whose column is a multiple of [`PANEL`].
    #[inline(always)]
    pub(super) fn right(&self, Place { l, j, depth, .. }: Place) -> Panels {
        match (self.b, &self.right) {
            (Right::Panels(panels), _) => {
                let start = panels.as_ptr().wrapping_add((j / PANEL * self.k + l) * PANEL);
                Panels { start, panel: self.k * PANEL, step: PANEL }
            }
            (Right::Rows(b, row), None) => {
                Panels { start: b.as_ptr().wrapping_add(l * row + j), panel: PANEL, step: row }
            }
            (Right::Rows(..), Some(Packed { now, .. })) => {
                Panels { start: now.as_ptr(), panel: depth * PANEL + GAP, step: PANEL }
            }
        }
    }
}

impl<'a> Packed<'a> {
    fn of(memory: &'a mut Vec<f32>, floats: usize) -> Self {
        if memory.len() < 2 * floats {
            memory.resize(2 * floats, 0.0);
        }
        let (now, next) = memory[..2 * floats].split_at_mut(floats);
        Self { now, next }
    }
}

/// Lines of a matrix that are to be packed.
struct Lines<'m> {
    of: &'m [f32],
    start: usize,
    /// From one to the next.
    apart: usize,
    count: usize,
    floats: usize,
}

/// Lines between the one that is copied and the one that is asked for.
const AHEAD: usize = 8;

impl<'m> Lines<'m> {
    /// The lines of a piece, out of so many.
    #[inline(always)]
    fn piece(&self, piece: usize, of: usize) -> Range<usize> {
        self.count * piece / of..self.count * (piece + 1) / of
    }

    #[inline(always)]
    fn line(&self, number: usize) -> &'m [f32] {
        let ahead = self.start + (number + AHEAD) * self.apart;
        prefetch(self.of.as_ptr().wrapping_add(ahead), self.floats);
        &self.of[self.start + number * self.apart..][..self.floats]
    }

    /// One after another.
    #[inline(always)]
    fn copy(&self, lines: Range<usize>, place: &mut [f32]) {
        for number in lines {
            place[number * APART..][..self.floats].copy_from_slice(self.line(number));
        }
    }

    /// In panels of so many floats of each line.
    #[inline(always)]
    fn interleave<const WIDTH: usize>(&self, lines: Range<usize>, place: &mut [f32]) {
        let panel = WIDTH * self.count + GAP;
        for number in lines {
            let (whole, rest) = self.line(number).as_chunks::<WIDTH>();
            for (index, floats) in whole.iter().enumerate() {
                place[index * panel + number * WIDTH..][..WIDTH].copy_from_slice(floats);
            }
            if !rest.is_empty() {
                place[whole.len() * panel + number * WIDTH..][..rest.len()].copy_from_slice(rest);
            }
        }
    }
}

/// Asks for some floats before they are read.
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
