//! The loops around the tiles: a product with all its terms, as Goto's algorithm cuts it.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::blocks::{BlockExtent, FAR, FEW, MIDDLE, TALL, many, tall};
use super::operands::{Finish, Layout, Right, Start, check};
use super::pack::{Ahead, BlockOfA, BlockOfB, Packing, Workspace};
use super::panels::PANEL;
use super::prefetch::prefetch;
use super::tile::Tile;

/// A product with all its terms.
pub(super) struct Nest<'a> {
    size: [usize; 3],
    c: &'a mut [f32],
    start: Start<'a>,
    packing: Packing<'a>,
    finish: Finish<'a>,
}

impl<'a> Nest<'a> {
    pub(super) fn new(
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
        let mut extent = BlockExtent::first(self.size);
        self.packing.pack(extent, [true; 2], [0, 1], tall);
        self.packing.swap([true; 2]);
        loop {
            let BlockExtent { i, l, j, rows, depth, columns } = extent;
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
                a: self.packing.block_of_a(extent, tall),
                b: self.packing.block_of_b(extent),
            };
            let next = extent.next(self.size).map(|next| (next, next.differs(extent)));
            let bands = rows.div_ceil(tall);
            for number in 0..bands {
                let mut ahead = Ahead::NOTHING;
                if let Some((next, new)) = next {
                    self.packing.pack(next, new, [number, bands], tall);
                    ahead = self.packing.ahead(next, new, [number + 1, bands]);
                }
                let band = number * tall..rows.min((number + 1) * tall);
                // SAFETY: `new` has checked that the three matrices hold all elements of this
                // block, and C is borrowed mutably, so it overlaps neither A nor B.
                unsafe { block.run(simd, band.clone(), ahead) };
                if l + depth == k {
                    self.finish(i + band.start..i + band.end, j..j + columns);
                }
            }
            let Some((next, new)) = next else { break };
            self.packing.swap(new);
            extent = next;
        }
    }
}

impl Nest<'_> {
    /// Calls the epilogue with rows and columns that are complete.
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

/// A block of the product.
struct Block {
    size: [usize; 3],
    c: *mut f32,
    c_row: usize,
    /// Rows of a band.
    tall: usize,
    /// What the sums start from, with the distance between its rows; zero where there is nothing.
    from: Option<(*const f32, usize)>,
    a: BlockOfA,
    b: BlockOfB,
}

impl Block {
    /// A band of rows.
    ///
    /// # Safety
    /// All elements of the block must exist in A, B and C, and nobody else may use C's.
    #[inline(always)]
    unsafe fn run<S: Simd>(&self, simd: S, band: Range<usize>, ahead: Ahead) {
        let (tall, many) = (self.tall, many::<S>());
        // Long rows lie pages apart, where hardware does not prefetch them.
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
