//! Packing of blocks of A and B, where reading them in place would cost more.
//!
//! Lines that lie pages apart are slow to read, and hardware does not prefetch them. So a block is
//! packed line by line between the bands of the block before it, and each tile prefetches a line that
//! will be packed after the next band.

use std::ops::Range;

use super::blocks::{BlockExtent, COLUMNS, DEPTH, FEW, LONG, MIDDLE, NEAR, ROWS, TALL};
use super::operands::{Layout, Right};
use super::panels::PANEL;
use super::prefetch::prefetch;
use super::tile::PREFETCHED;
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

/// A packed operand: the block in use, and memory for the next one.
struct Packed<'a> {
    now: &'a mut [f32],
    next: &'a mut [f32],
}

/// Memory for packed blocks.
#[derive(Default)]
pub(super) struct Workspace {
    a: Aligned<f32>,
    b: Aligned<f32>,
}

impl Workspace {
    /// Grows to what a product of this size, or a part of it, needs: A in this layout, B in rows of
    /// so many floats, or else in panels.
    pub(super) fn reserve(&mut self, size: [usize; 3], layout: Layout, b_row: Option<usize>) {
        let [left, right] = Packing::pays(size, layout, b_row);
        if left {
            self.a.grow_to(2 * A_WORDS);
        }
        if right {
            self.b.grow_to(2 * B_WORDS);
        }
    }
}

/// A block of A, in place or packed, in bands of rows.
#[derive(Clone, Copy)]
pub(super) struct BlockOfA {
    pub(super) start: *const f32,
    /// From one band to the next.
    pub(super) band: usize,
    /// From one row to the next within a band.
    pub(super) row: usize,
    /// From one column to the next.
    pub(super) step: usize,
}

/// A block of B, in place or packed: panels of [`PANEL`] columns.
#[derive(Clone, Copy)]
pub(super) struct BlockOfB {
    pub(super) start: *const f32,
    /// From one panel to the next.
    pub(super) panel: usize,
    /// From one row to the next within a panel.
    pub(super) step: usize,
}

/// Floats left free after a packed row or panel: otherwise all of them, powers of two long, would
/// start in the same set of the L1 cache.
const GAP: usize = 16;

/// Floats from one row of a packed block of A to the next.
const APART: usize = DEPTH + GAP;

/// Floats of a packed block of A, and of B.
const A_WORDS: usize = ROWS * APART;
const B_WORDS: usize = COLUMNS * (DEPTH + 1);

/// Floats that a tile prefetches.
const LINE: usize = PREFETCHED * DEPTH;

/// Bytes that the lines of A may span, unpacked, where they are its columns.
const UNPACKED: usize = 64 << 10;

impl<'a> Packing<'a> {
    /// Whether to pack A and B: where they span more than a cache holds, and are used often enough.
    fn pays([m, n, k]: [usize; 3], layout: Layout, b_row: Option<usize>) -> [bool; 2] {
        let bytes = |floats: usize| floats * size_of::<f32>();
        let far = match layout.column {
            1 => layout.row >= LONG,
            step => bytes(step * k.min(DEPTH)) > UNPACKED,
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
            left: left.then(|| Packed::new(&mut workspace.a, A_WORDS)),
            right: right.then(|| Packed::new(&mut workspace.b, B_WORDS)),
        }
    }

    /// Packs a piece, out of so many, of the next block: of A, in bands of `tall` rows, of B or of
    /// both, as far as they are `new`.
    #[inline(always)]
    pub(super) fn pack(
        &mut self,
        next: BlockExtent,
        new: [bool; 2],
        piece: [usize; 2],
        tall: usize,
    ) {
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

    /// What to prefetch for a piece of the next block. Of panels, which are not packed, one comes with
    /// each of the last pieces: what came earlier would not stay in the L2 cache.
    #[inline(always)]
    pub(super) fn ahead(&self, next: BlockExtent, new: [bool; 2], piece: [usize; 2]) -> Ahead {
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
    fn left_lines(&self, BlockExtent { i, l, rows, depth, .. }: BlockExtent) -> Lines<'a> {
        let Layout { row, column } = self.layout;
        let start = i * row + l * column;
        match column {
            1 => Lines { of: self.a, start, apart: row, count: rows, floats: depth },
            _ => Lines { of: self.a, start, apart: column, count: depth, floats: rows },
        }
    }

    /// A block of B, row by row.
    #[inline(always)]
    fn right_lines(
        &self,
        BlockExtent { l, j, depth, columns, .. }: BlockExtent,
    ) -> Option<Lines<'a>> {
        let Right::Rows(b, row) = self.b else { return None };
        Some(Lines { of: b, start: l * row + j, apart: row, count: depth, floats: columns })
    }

    /// Makes the next block the present one, as far as it is new.
    pub(super) fn swap(&mut self, new: [bool; 2]) {
        for (new, packed) in new.into_iter().zip([&mut self.left, &mut self.right]) {
            if let (true, Some(packed)) = (new, packed) {
                std::mem::swap(&mut packed.now, &mut packed.next);
            }
        }
    }

    /// The present block of A, in bands of so many rows.
    #[inline(always)]
    pub(super) fn block_of_a(
        &self,
        BlockExtent { i, l, depth, .. }: BlockExtent,
        tall: usize,
    ) -> BlockOfA {
        let Layout { row, column } = self.layout;
        match &self.left {
            // A block without columns has no elements, wherever it starts.
            None => {
                let start = self.a.as_ptr().wrapping_add(i * row + l * column);
                BlockOfA { start, band: tall * row, row, step: column }
            }
            Some(Packed { now, .. }) if column == 1 => {
                BlockOfA { start: now.as_ptr(), band: tall * APART, row: APART, step: 1 }
            }
            Some(Packed { now, .. }) => {
                BlockOfA { start: now.as_ptr(), band: tall * depth + GAP, row: 1, step: tall }
            }
        }
    }

    /// The present block of B, whose column is a multiple of [`PANEL`].
    #[inline(always)]
    pub(super) fn block_of_b(&self, BlockExtent { l, j, depth, .. }: BlockExtent) -> BlockOfB {
        match (self.b, &self.right) {
            (Right::Panels(panels), _) => {
                let start = panels.as_ptr().wrapping_add((j / PANEL * self.k + l) * PANEL);
                BlockOfB { start, panel: self.k * PANEL, step: PANEL }
            }
            (Right::Rows(b, row), None) => {
                BlockOfB { start: b.as_ptr().wrapping_add(l * row + j), panel: PANEL, step: row }
            }
            (Right::Rows(..), Some(Packed { now, .. })) => {
                BlockOfB { start: now.as_ptr(), panel: depth * PANEL + GAP, step: PANEL }
            }
        }
    }
}

impl<'a> Packed<'a> {
    fn new(memory: &'a mut Aligned<f32>, floats: usize) -> Self {
        memory.grow_to(2 * floats);
        let (now, next) = memory[..2 * floats].split_at_mut(floats);
        Self { now, next }
    }
}

/// What the tiles of a band prefetch while they are computed, a line each.
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

    /// What a tile prefetches.
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

/// Lines between the one that is copied and the one that is prefetched, where none was before.
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

    /// A line; where all come in one piece, none has been prefetched, and one further on is now.
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
