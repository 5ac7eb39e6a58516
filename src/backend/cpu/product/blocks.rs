//! Sizes of blocks, bands and tiles, and the order in which a product goes through its blocks.

use pulp::Simd;

/// Columns of a block of B.
pub(super) const COLUMNS: usize = 512;

/// Rows of a block of B, at most: with all columns 512 KiB, half of a large L2 cache.
pub(super) const DEPTH: usize = 256;

/// Rows of A that are packed at once: 512 KiB.
pub(super) const ROWS: usize = 512;

/// Bytes of an operand that stay in the L2 cache while it is used again.
pub(in crate::backend::cpu) const NEAR: usize = 1 << 20;

/// Floats of a row from which on the next band is prefetched: half a page.
pub(super) const FAR: usize = 512;

/// Floats of a row from which on each row has a page of its own, and those of a band evict each other
/// from the L1 cache.
pub(super) const LONG: usize = 1024;

/// Rows of the largest tile, where there are 32 registers.
pub(super) const TALL: usize = 12;

/// Where a product has so few rows that tiles of [`TALL`] would leave many over.
pub(super) const MIDDLE: usize = 8;

/// Where there are 16 registers: six rows make twelve chains of multiply-adds, where four would just
/// hide their latency.
pub(super) const FEW: usize = 6;

/// Whether there are registers for the larger tiles.
#[inline(always)]
pub(super) const fn many<S: Simd>() -> bool {
    S::REGISTER_COUNT >= 32
}

/// Rows of the largest tile of a product of m rows: its sums fit into the registers, two vectors each,
/// beside two of B and one number of A.
#[inline(always)]
pub(super) const fn tall<S: Simd>(m: usize) -> usize {
    match many::<S>() {
        true if m >= 2 * TALL => TALL,
        true => MIDDLE,
        false => FEW,
    }
}

/// The extent of a block: its first row of A, row of B and column of B, and how many there are.
#[derive(Clone, Copy)]
pub(super) struct BlockExtent {
    pub(super) i: usize,
    pub(super) l: usize,
    pub(super) j: usize,
    pub(super) rows: usize,
    pub(super) depth: usize,
    pub(super) columns: usize,
}

impl BlockExtent {
    /// The first block of an \[m, n, k\] product.
    pub(super) fn first(size: [usize; 3]) -> Self {
        Self::at([0; 3], size)
    }

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

    /// The block after it: all that use the same block of A come one after another.
    pub(super) fn next(self, size: [usize; 3]) -> Option<Self> {
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

    /// Whether its block of A, and its block of B, differ from those of the block before it.
    #[inline(always)]
    pub(super) const fn differs(self, before: Self) -> [bool; 2] {
        let deeper = self.l != before.l;
        [deeper || self.i != before.i, deeper || self.j != before.j]
    }
}
