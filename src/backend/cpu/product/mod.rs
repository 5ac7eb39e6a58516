//! Matrix products, each on one thread, for whoever calls has cut the work into shares already.
//!
//! C\[m,n\] = A\[m,k\] · B\[k,n\] is cut as Goto's algorithm has it (Goto and van de Geijn, "Anatomy
//! of high-performance matrix multiplication", 2008): a block of B that stays in the second cache,
//! a band of A that stays in the first, and a tile of C that stays in registers ([`tile`]). But a
//! layer's operands are often in the cache as they are, so neither is packed unless that pays, and
//! then bit by bit while the block before is multiplied ([`pack`]); and weights are brought into
//! panels once a step ([`panels`]), not once a product. That is what a general library cannot know.
//! Measured on one thread of a processor whose multiply-adds allow 117 GFLOP/s, against the `gemm`
//! crate, which stood here before: 128 rows through 64×64 weights 115 forward (98) and back (109) and
//! their gradient 115 (107); 64 rows through 784×256, forward 116 (92); 512 rows through 2048×2048
//! that come from memory, forward 109 (83), back 108 (104), gradient and update 107 (103). On another,
//! whose multiply-adds allow 170 or somewhat more: 128 rows through 784×256, forward 166, back 157,
//! gradient 153, where MKL has 172, 175 and 167; 512 rows through 2048×1024, forward 155, where MKL has
//! 151.
//!
//! Where A is zero in many places, as behind a ReLU, what is multiplied by nothing is left out
//! ([`sparse`]).
//!
//! Every element is summed over k in the same order, whatever tile it falls into, and whether or not
//! zeros are left out: so finite results don't depend on how rows or columns are shared out.

mod dots;
mod pack;
mod panels;
mod sparse;
#[cfg(test)]
mod tests;
mod tile;

use std::ops::Range;

use pulp::{Simd, WithSimd};

pub(super) use dots::dots;
use pack::{Ahead, Packing, prefetch};
pub(super) use panels::{PANEL, panel_words, put_into_panels};
use sparse::Sparse;
use tile::Tile;

use super::simd::dispatch;
use crate::backend::aligned::Aligned;

/// Columns of a block of B.
const COLUMNS: usize = 512;

/// Its rows, at most: with all columns 512 KiB, half of a large second cache. Both were measured.
const DEPTH: usize = 256;

/// Rows of A that are packed at once: 512 KiB.
const ROWS: usize = 512;

/// Bytes of an operand that stay in the second cache while it is used again.
pub(super) const NEAR: usize = 1 << 20;

/// Floats of a row from which on the next band is asked for ahead of time: half a page.
const FAR: usize = 512;

/// Rows of the largest tile there is.
const TALL: usize = 12;

/// Where there are so few rows that it would leave many over.
const MIDDLE: usize = 8;

/// Where registers are few: six make twelve chains of multiply-adds, where four would make no more
/// than just hide the latency.
const FEW: usize = 6;

/// Whether there are registers for the larger tiles.
#[inline(always)]
const fn many<S: Simd>() -> bool {
    S::REGISTER_COUNT >= 32
}

/// Rows of the largest tile of a product of m: its sums fit into the registers, two vectors each,
/// beside two of B and one number of A.
#[inline(always)]
const fn tall<S: Simd>(m: usize) -> usize {
    match many::<S>() {
        true if m >= 2 * TALL => TALL,
        true => MIDDLE,
        false => FEW,
    }
}

/// Where an element of a matrix stands: the distances between its rows and between its columns.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    row: usize,
    column: usize,
}

impl Layout {
    /// Row by row, `columns` wide.
    pub(super) const fn rows(columns: usize) -> Self {
        Self { row: columns, column: 1 }
    }

    /// The same memory seen as its transpose.
    pub(super) const fn transposed(self) -> Self {
        Self { row: self.column, column: self.row }
    }

    /// Elements that an \[m, n\] matrix of this layout spans.
    const fn span(self, m: usize, n: usize) -> usize {
        if m == 0 || n == 0 { 0 } else { (m - 1) * self.row + (n - 1) * self.column + 1 }
    }
}

/// What a sum begins with.
#[derive(Clone, Copy)]
pub(super) enum Start<'a> {
    /// Nothing: C is overwritten.
    Zero,
    /// What C holds.
    Kept,
    /// The same row for all rows of C: a bias.
    Row(&'a [f32]),
}

/// The matrix on the right, \[k, n\].
#[derive(Clone, Copy)]
pub(super) enum Right<'a> {
    /// Row by row, so far from one row to the next.
    Rows(&'a [f32], usize),
    /// In panels, as [`put_into_panels`] leaves a transposed matrix.
    Panels(&'a [f32]),
}

/// Memory for what is copied together.
#[derive(Default)]
pub(super) struct Workspace {
    a: Aligned<f32>,
    b: Aligned<f32>,
    sparse: sparse::Workspace,
}

impl Workspace {
    /// Grows to what a product of this size takes, or a part of it: A in this layout, B in rows of so
    /// many or else in panels.
    pub(super) fn hold(&mut self, size: [usize; 3], layout: Layout, b_row: Option<usize>) {
        let [left, right] = Packing::pays(size, layout, b_row);
        if left {
            self.a.hold(2 * pack::LEFT_WORDS);
        }
        if right {
            self.b.hold(2 * pack::RIGHT_WORDS);
        }
        if sparse::fits(size) {
            self.sparse.hold(size);
        }
    }
}

/// What is to be done with a piece of C that is ready, and where it begins.
type Finish<'a> = &'a dyn Fn(&mut [f32], usize);

/// C\[m,n\] = start + A\[m,k\] · B\[k,n\] on the calling thread, C row by row.
pub(super) fn product(
    size: [usize; 3],
    into: (&mut [f32], Start<'_>),
    a: (&[f32], Layout),
    b: Right<'_>,
    workspace: &mut Workspace,
) {
    product_then(size, into, a, b, workspace, &|_, _| {});
}

/// The same, and `finish` for each piece of C that is ready, while it is in a cache: with the piece
/// and where it begins. Pieces are long, so a call costs little, where code of its own for each
/// `finish` made this the longest text of the library.
pub(super) fn product_then(
    size: [usize; 3],
    into: (&mut [f32], Start<'_>),
    a: (&[f32], Layout),
    b: Right<'_>,
    workspace: &mut Workspace,
    finish: Finish<'_>,
) {
    if sparse::fits(size) && sparse::pays(size, a.0, a.1) {
        return dispatch(Sparse::new(size, into, a, b, workspace, finish));
    }
    dispatch(Nest::new(size, into, a, b, workspace, finish));
}

/// The operands are as long as the product's size asks.
fn check(
    [m, n, k]: [usize; 3],
    (c, start): (&[f32], Start<'_>),
    (a, layout): (&[f32], Layout),
    b: Right<'_>,
) {
    assert!(m * n <= c.len(), "C is too short");
    assert!(layout.span(m, k) <= a.len(), "A is too short");
    match b {
        Right::Rows(b, row) => {
            assert!(Layout::rows(row).span(k, n) <= b.len(), "B is too short")
        }
        Right::Panels(panels) => assert!(panel_words(n, k) <= panels.len(), "B is too short"),
    }
    if let Start::Row(bias) = start {
        assert!(n <= bias.len(), "the bias is too short");
    }
}

/// The loops around the tiles.
struct Nest<'a> {
    size: [usize; 3],
    c: &'a mut [f32],
    start: Start<'a>,
    packing: Packing<'a>,
    finish: Finish<'a>,
}

impl<'a> Nest<'a> {
    fn new(
        [m, n, k]: [usize; 3],
        (c, start): (&'a mut [f32], Start<'a>),
        (a, layout): (&'a [f32], Layout),
        b: Right<'a>,
        workspace: &'a mut Workspace,
        finish: Finish<'a>,
    ) -> Self {
        check([m, n, k], (c, start), (a, layout), b);
        let packing = Packing::of([m, n, k], (a, layout), b, workspace);
        Self { size: [m, n, k], c: &mut c[..m * n], start, packing, finish }
    }
}

/// Where a block begins in the rows of A, those of B and the columns of B, and how far it goes.
#[derive(Clone, Copy)]
struct Place {
    i: usize,
    l: usize,
    j: usize,
    rows: usize,
    depth: usize,
    columns: usize,
}

impl Place {
    fn at([i, l, j]: [usize; 3], [m, n, k]: [usize; 3]) -> Self {
        Self {
            i,
            l,
            j,
            rows: ROWS.min(m - i),
            depth: DEPTH.min(k - l),
            columns: COLUMNS.min(n - j),
        }
    }

    /// The block after it: all that take the same block of A come one after another.
    fn next(self, size: [usize; 3]) -> Option<Self> {
        let [m, n, k] = size;
        let Self { i, l, j, rows, depth, columns } = self;
        let corner = if j + columns < n {
            [i, l, j + columns]
        } else if l + depth < k {
            [i, l + depth, 0]
        } else if i + rows < m {
            [i + rows, 0, 0]
        } else {
            return None;
        };
        Some(Self::at(corner, size))
    }

    /// Whether it takes another block of A, and another one of B, than the block before it.
    #[inline(always)]
    const fn differs(self, before: Self) -> [bool; 2] {
        let deeper = self.l != before.l;
        [deeper || self.i != before.i, deeper || self.j != before.j]
    }
}

impl WithSimd for Nest<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let [m, n, k] = self.size;
        let tall = tall::<S>(m);
        if m == 0 || n == 0 {
            return;
        }
        // Once at least: without a single term the sum is its start.
        let mut place = Place::at([0; 3], self.size);
        self.packing.bring(place, [true; 2], [0, 1], tall);
        self.packing.turn([true; 2]);
        loop {
            let Place { i, l, j, rows, depth, columns } = place;
            let from = match self.start {
                _ if l > 0 => Some((self.c[i * n + j..].as_ptr(), n)),
                Start::Zero => None,
                Start::Kept => Some((self.c[i * n + j..].as_ptr(), n)),
                Start::Row(bias) => Some((bias[j..].as_ptr(), 0)),
            };
            let block = Block {
                size: [rows, columns, depth],
                c: self.c[i * n + j..].as_mut_ptr(),
                c_row: n,
                tall,
                from,
                a: self.packing.left(place, tall),
                b: self.packing.right(place),
            };
            let next = place.next(self.size).map(|next| (next, next.differs(place)));
            let bands = rows.div_ceil(tall);
            for number in 0..bands {
                let mut ahead = Ahead::NOTHING;
                if let Some((next, new)) = next {
                    self.packing.bring(next, new, [number, bands], tall);
                    ahead = self.packing.ahead(next, new, [number + 1, bands]);
                }
                let band = number * tall..rows.min((number + 1) * tall);
                // SAFETY: `new` has seen that the three matrices hold all elements that are named
                // here, and C is borrowed mutably, so it overlaps neither A nor B.
                unsafe { block.run(simd, band.clone(), ahead) };
                if l + depth == k {
                    self.finish(i + band.start..i + band.end, j..j + columns);
                }
            }
            let Some((next, new)) = next else { break };
            self.packing.turn(new);
            place = next;
        }
    }
}

impl Nest<'_> {
    /// What is to be done with rows and columns that are ready.
    #[inline(always)]
    fn finish(&mut self, rows: Range<usize>, columns: Range<usize>) {
        let n = self.size[1];
        if columns.len() == n {
            (self.finish)(&mut self.c[rows.start * n..rows.end * n], rows.start * n);
        } else {
            for at in rows.map(|row| row * n + columns.start) {
                (self.finish)(&mut self.c[at..at + columns.len()], at);
            }
        }
    }
}

/// A block of A, as it stands or packed, in bands.
#[derive(Clone, Copy)]
struct Left {
    start: *const f32,
    /// From one band to the next.
    band: usize,
    /// From one row to the next within a band.
    row: usize,
    /// From one column to the next.
    step: usize,
}

/// A block of B: panels of [`PANEL`] columns.
#[derive(Clone, Copy)]
struct Panels {
    start: *const f32,
    /// From one panel to the next.
    panel: usize,
    /// From one row to the next within a panel.
    step: usize,
}

/// A block of the product.
struct Block {
    size: [usize; 3],
    c: *mut f32,
    c_row: usize,
    /// Rows of a band.
    tall: usize,
    /// What the sums begin with, and how far it is there from one row to the next.
    from: Option<(*const f32, usize)>,
    a: Left,
    b: Panels,
}

impl Block {
    /// A band.
    ///
    /// # Safety
    /// All its elements must be there, and nobody else may use C's.
    #[inline(always)]
    unsafe fn run<S: Simd>(&self, simd: S, band: Range<usize>, ahead: Ahead) {
        let (tall, many) = (self.tall, many::<S>());
        // Long rows lie pages apart, where the processor does not foresee them.
        if self.a.step == 1 && self.a.row >= FAR && self.size[0] - band.start >= 2 * tall {
            for row in 0..tall {
                let next = self.a.start.wrapping_add((band.start / tall + 1) * self.a.band);
                prefetch(next.wrapping_add(row * self.a.row), self.size[2]);
            }
        }
        let mut row = band.start;
        while row < band.end {
            // SAFETY: the caller's promise; these rows are inside the block.
            row += unsafe {
                match band.end - row {
                    TALL.. if many => self.rows::<S, TALL>(simd, row, ahead),
                    MIDDLE.. if many => self.rows::<S, MIDDLE>(simd, row, ahead),
                    FEW.. if !many => self.rows::<S, FEW>(simd, row, ahead),
                    4.. => self.rows::<S, 4>(simd, row, ahead),
                    2.. => self.rows::<S, 2>(simd, row, ahead),
                    _ => self.rows::<S, 1>(simd, row, ahead),
                }
            };
        }
    }

    /// M rows through all panels; returns M.
    ///
    /// # Safety
    /// As [`Block::run`].
    #[inline(always)]
    unsafe fn rows<S: Simd, const M: usize>(&self, simd: S, row: usize, ahead: Ahead) -> usize {
        let [_, columns, k] = self.size;
        let a = &self.a;
        // SAFETY: the caller's promise, in all of these.
        unsafe {
            let tile = |column: usize, live: usize| {
                let (panel, within) = (column / PANEL, column % PANEL);
                let b = self.b.start.add(panel * self.b.panel + within);
                Tile {
                    k,
                    a: a.start.add(row / self.tall * a.band + row % self.tall * a.row),
                    a_row: a.row,
                    a_step: a.step,
                    b,
                    b_step: self.b.step,
                    c: self.c.add(row * self.c_row + column),
                    c_row: self.c_row,
                    from: self.from.map(|(from, apart)| (from.add(row * apart + column), apart)),
                    ahead: ahead.line(column / (2 * S::F32_LANES)).unwrap_or(b),
                    live,
                }
            };
            let mut column = 0;
            while columns - column >= 2 * S::F32_LANES {
                tile(column, 2 * S::F32_LANES).run::<S, M, 2, false>(simd);
                column += 2 * S::F32_LANES;
            }
            if columns - column >= S::F32_LANES {
                tile(column, S::F32_LANES).run::<S, M, 1, false>(simd);
                column += S::F32_LANES;
            }
            if columns > column {
                tile(column, columns - column).run::<S, M, 1, true>(simd);
            }
        }
        M
    }
}
