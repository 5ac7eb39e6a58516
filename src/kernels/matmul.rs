//! How the matrix products are cut into tiles: `shaders/matmul.wgsl`.

use super::Module;
use super::shader::{CONTROL, FOLD, MATMUL};

/// The tile of a workgroup: each thread holds 4 × 4 sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiling {
    /// Threads along the rows; the tile has four times as many rows.
    pub threads_m: u32,
    /// Threads along the columns.
    pub threads_n: u32,
    /// Depth of a tile.
    pub tile_k: u32,
}

impl Tiling {
    /// Small products: a tile of 16 × 16.
    pub const SMALL: Self = Self { threads_m: 4, threads_n: 4, tile_k: 16 };
    /// Middling ones: 32 × 32.
    pub const MEDIUM: Self = Self { threads_m: 8, threads_n: 8, tile_k: 16 };
    /// Large ones: 64 × 64, with 8 KiB of workgroup memory.
    pub const LARGE: Self = Self { threads_m: 16, threads_n: 16, tile_k: 16 };

    /// The largest tile that the product C\[m,n\] still fills.
    pub fn of(m: usize, n: usize) -> Self {
        match m.min(n) {
            0..=16 => Self::SMALL,
            17..=63 => Self::MEDIUM,
            _ => Self::LARGE,
        }
    }

    /// Rows of C in a tile.
    pub const fn rows(self) -> usize {
        4 * self.threads_m as usize
    }

    /// Columns of C in a tile.
    pub const fn columns(self) -> usize {
        4 * self.threads_n as usize
    }

    /// Tiles that cover C\[m,n\].
    pub(crate) fn workgroups(self, m: usize, n: usize) -> u64 {
        m.div_ceil(self.rows()) as u64 * n.div_ceil(self.columns()) as u64
    }

    pub(crate) fn overrides(self) -> [(&'static str, f64); 5] {
        [
            ("THREADS_M", f64::from(self.threads_m)),
            ("THREADS_N", f64::from(self.threads_n)),
            ("TILE_K", f64::from(self.tile_k)),
            ("TILE_A", f64::from(self.threads_m * self.tile_k)),
            ("TILE_B", f64::from(self.threads_n * self.tile_k)),
        ]
    }
}

/// What every shader with a matrix product imports.
pub(crate) const IMPORTS: [Module; 3] = [CONTROL, FOLD, MATMUL];
