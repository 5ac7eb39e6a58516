//! Blocks of A and B copied together, where reading them as they stand would cost more.
//!
//! Lines that lie pages apart come slowly, and the processor does not foresee them. So a block is
//! packed line by line between the bands of the block before it, and each tile asks for a line that
//! will be packed after the next band.

use std::ops::Range;

pub(super) use hint::nearest as prefetch_line;

use super::tile::ASKED;
use super::{
    COLUMNS, DEPTH, FEW, Layout, Left, MIDDLE, NEAR, PANEL, Panels, Place, ROWS, Right, TALL,
    Workspace,
};
use crate::backend::aligned::Aligned;

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

/// Floats of a packed block of A, and of B.
pub(super) const LEFT_WORDS: usize = ROWS * APART;
pub(super) const RIGHT_WORDS: usize = COLUMNS * (DEPTH + 1);

/// Floats that a tile asks for.
const LINE: usize = ASKED * DEPTH;

/// Bytes that the lines of A may span where they are its columns.
const LEFT: usize = 64 << 10;

/// Floats of a row from which on each has a page of its own, and those of a band drive each other out of
/// the first cache.
pub(super) const LONG: usize = 1024;

impl<'a> Packing<'a> {
    /// Whether to pack A and B: what spans more than a cache holds, if it is used often enough.
    pub(super) fn pays([m, n, k]: [usize; 3], layout: Layout, b_row: Option<usize>) -> [bool; 2] {
        let bytes = |floats: usize| floats * size_of::<f32>();
        let far = match layout.column {
            1 => layout.row >= LONG,
            step => bytes(step * k.min(DEPTH)) > LEFT,
        };
        let large = |row| bytes(row * k) > NEAR;
        [far && n > 4 * PANEL, b_row.is_some_and(large) && m > 4 * MIDDLE]
    }

    /// The operands, packed if that pays.
    pub(super) fn of(
        size: [usize; 3],
        (a, layout): (&'a [f32], Layout),
        b: Right<'a>,
        workspace: &'a mut Workspace,
    ) -> Self {
        let b_row = match b {
            Right::Rows(_, row) => Some(row),
            Right::Panels(_) => None,
        };
        let [left, right] = Self::pays(size, layout, b_row);
        Self {
            a,
            layout,
            b,
            k: size[2],
            left: left.then(|| Packed::of(&mut workspace.a, LEFT_WORDS)),
            right: right.then(|| Packed::of(&mut workspace.b, RIGHT_WORDS)),
        }
    }

    /// Packs what is new in the next block, of A, in bands of so many rows, of B or of both: a piece
    /// out of so many.
    #[inline(always)]
    pub(super) fn bring(&mut self, next: Place, new: [bool; 2], piece: [usize; 2], tall: usize) {
        let (left, right) = (self.left_lines(next), self.right_lines(next));
        if let (true, Some(packed)) = (new[0], &mut self.left) {
            match (self.layout.column, tall) {
                (1, _) => left.copy(piece, packed.next),
                (_, FEW) => left.interleave::<FEW>(piece, packed.next),
                (_, MIDDLE) => left.interleave::<MIDDLE>(piece, packed.next),
                _ => left.interleave::<TALL>(piece, packed.next),
            }
        }
        if let (true, Some(packed), Some(right)) = (new[1], &mut self.right, right) {
            right.interleave::<PANEL>(piece, packed.next);
        }
    }

    /// What a piece of the next block will be read from. Of panels, which are not packed, one comes
    /// with each of the last pieces: what came before would not stay in the second cache.
    #[inline(always)]
    pub(super) fn ahead(&self, next: Place, new: [bool; 2], piece: [usize; 2]) -> Ahead {
        let mut ahead = Ahead::NOTHING;
        let [number, of] = piece;
        if number == of {
            return ahead;
        }
        if new[0] && self.left.is_some() {
            ahead.a = self.left_lines(next).span(piece);
        }
        if new[1] && self.right.is_some() {
            ahead.b = self.right_lines(next).map_or(Span::NONE, |lines| lines.span(piece));
        }
        if let (true, Right::Panels(panels)) = (new[1], self.b) {
            let remaining = of - number;
            let count = next.columns.div_ceil(PANEL);
            if remaining <= count && size_of_val(panels) > NEAR {
                let panel = next.j / PANEL + count - remaining;
                let start = panels.as_ptr().wrapping_add((panel * self.k + next.l) * PANEL);
                let count = next.depth * PANEL / LINE;
                ahead.b = Span { start, apart: LINE, count };
            }
        }
        ahead
    }

    /// A block of A, line by line.
    #[inline(always)]
    fn left_lines(&self, Place { i, l, rows, depth, .. }: Place) -> Lines<'a> {
        let Layout { row, column } = self.layout;
        let start = i * row + l * column;
        match column {
            1 => Lines { of: self.a, start, apart: row, count: rows, floats: depth },
            _ => Lines { of: self.a, start, apart: column, count: depth, floats: rows },
        }
    }

    /// A block of B, row by row.
    #[inline(always)]
    fn right_lines(&self, Place { l, j, depth, columns, .. }: Place) -> Option<Lines<'a>> {
        let Right::Rows(b, row) = self.b else { return None };
        Some(Lines { of: b, start: l * row + j, apart: row, count: depth, floats: columns })
    }

    /// What is new has been brought, and takes its place.
    pub(super) fn turn(&mut self, new: [bool; 2]) {
        for (new, packed) in new.into_iter().zip([&mut self.left, &mut self.right]) {
            if let (true, Some(packed)) = (new, packed) {
                std::mem::swap(&mut packed.now, &mut packed.next);
            }
        }
    }

    /// The present block of A, in bands of so many rows.
    #[inline(always)]
    pub(super) fn left(&self, Place { i, l, depth, .. }: Place, tall: usize) -> Left {
        let Layout { row, column } = self.layout;
        match &self.left {
            // A block without columns has no elements, wherever it begins.
            None => {
                let start = self.a.as_ptr().wrapping_add(i * row + l * column);
                Left { start, band: tall * row, row, step: column }
            }
            Some(Packed { now, .. }) if column == 1 => {
                Left { start: now.as_ptr(), band: tall * APART, row: APART, step: 1 }
            }
            Some(Packed { now, .. }) => {
                Left { start: now.as_ptr(), band: tall * depth + GAP, row: 1, step: tall }
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
    fn of(memory: &'a mut Aligned<f32>, floats: usize) -> Self {
        memory.hold(2 * floats);
        let (now, next) = memory[..2 * floats].split_at_mut(floats);
        Self { now, next }
    }
}

/// What the tiles of a band ask for while they are computed, a line each.
#[derive(Clone, Copy)]
pub(super) struct Ahead {
    a: Span,
    b: Span,
}

/// Where lines are.
#[derive(Clone, Copy)]
struct Span {
    start: *const f32,
    /// From one to the next.
    apart: usize,
    count: usize,
}

impl Span {
    const NONE: Self = Self { start: std::ptr::null(), apart: 0, count: 0 };
}

impl Ahead {
    pub(super) const NOTHING: Self = Self { a: Span::NONE, b: Span::NONE };

    /// What a tile asks for.
    #[inline(always)]
    pub(super) fn line(self, tile: usize) -> Option<*const f32> {
        let (span, number) = match tile.checked_sub(self.a.count) {
            None => (self.a, tile),
            Some(number) => (self.b, number),
        };
        (number < span.count).then(|| span.start.wrapping_add(number * span.apart))
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

/// Lines between the one that is copied and the one that is asked for, where nobody asked before.
const AHEAD: usize = 8;

impl<'m> Lines<'m> {
    /// The lines of a piece.
    #[inline(always)]
    fn piece(&self, [number, of]: [usize; 2]) -> Range<usize> {
        self.count * number / of..self.count * (number + 1) / of
    }

    /// Where the lines of a piece are.
    #[inline(always)]
    fn span(&self, piece: [usize; 2]) -> Span {
        let lines = self.piece(piece);
        let start = self.of.as_ptr().wrapping_add(self.start + lines.start * self.apart);
        Span { start, apart: self.apart, count: lines.len() }
    }

    /// A line, which nobody has asked for if all come in one piece.
    #[inline(always)]
    fn line(&self, number: usize, [_, of]: [usize; 2]) -> &'m [f32] {
        if of == 1 {
            let ahead = self.start + (number + AHEAD) * self.apart;
            prefetch(self.of.as_ptr().wrapping_add(ahead), self.floats);
        }
        &self.of[self.start + number * self.apart..][..self.floats]
    }

    /// One after another.
    #[inline(always)]
    fn copy(&self, piece: [usize; 2], place: &mut [f32]) {
        for number in self.piece(piece) {
            place[number * APART..][..self.floats].copy_from_slice(self.line(number, piece));
        }
    }

    /// In panels of so many floats of each line.
    #[inline(always)]
    fn interleave<const WIDTH: usize>(&self, piece: [usize; 2], place: &mut [f32]) {
        let panel = WIDTH * self.count + GAP;
        for number in self.piece(piece) {
            let (whole, rest) = self.line(number, piece).as_chunks::<WIDTH>();
            for (index, floats) in whole.iter().enumerate() {
                place[index * panel + number * WIDTH..][..WIDTH].copy_from_slice(floats);
            }
            if !rest.is_empty() {
                place[whole.len() * panel + number * WIDTH..][..rest.len()].copy_from_slice(rest);
            }
        }
    }
}

/// Floats of a line of the cache.
const CACHED: usize = 16;

/// The lines of some floats.
#[inline(always)]
fn lines(from: *const f32, floats: usize) -> impl Iterator<Item = *const f32> {
    (0..floats).step_by(CACHED).map(move |at| from.wrapping_add(at))
}

/// Asks for some floats before they are read.
#[inline(always)]
pub(super) fn prefetch(from: *const f32, floats: usize) {
    lines(from, floats).for_each(prefetch_line);
}

/// The same, but only to the second cache.
#[inline(always)]
pub(super) fn prefetch_near(from: *const f32, floats: usize) {
    lines(from, floats).for_each(hint::near);
}

#[cfg(target_arch = "x86_64")]
mod hint {
    use std::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};

    #[inline(always)]
    pub(in super::super) fn nearest(line: *const f32) {
        // SAFETY: every x86-64 processor has the instruction, which reads nothing that could fault.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.cast()) };
    }

    #[inline(always)]
    pub(super) fn near(line: *const f32) {
        // SAFETY: as above.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(line.cast()) };
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod hint {
    #[inline(always)]
    pub(in super::super) fn nearest(_: *const f32) {}

    #[inline(always)]
    pub(super) fn near(_: *const f32) {}
}
