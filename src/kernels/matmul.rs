//! How the matrix products are cut into tiles: `shaders/tiles.wgsl`, and `shaders/matmul.wgsl` or
//! `shaders/matmul_lanes.wgsl` for one of them.

use super::Module;
use super::shader::{CONTROL, FOLD, MATMUL, MATMUL_LANES, TILES};

/// The tile of a workgroup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tiling {
    /// Operands pass through workgroup memory.
    Shared {
        /// Threads along the rows.
        threads_m: u32,
        /// Threads along the columns.
        threads_n: u32,
        /// Depth of a tile, a multiple of 4.
        tile_k: u32,
        /// Quads of rows, and of columns, that a thread holds the sums of: 1 or 2.
        quads: u32,
    },
    /// A subgroup of [`Tiling::LANES`] lanes alone; operands pass from lane to lane.
    Lanes {
        /// Blocks of four rows: 1, 2, 4 or 8.
        blocks: u32,
    },
}

impl Tiling {
    /// Lanes of the subgroup that [`Tiling::Lanes`] is laid out for.
    pub const LANES: u32 = 8;

    /// 16 × 16.
    pub const SMALL: Self = Self::shared([4, 4], 32, 1);
    /// 32 × 32.
    pub const MEDIUM: Self = Self::shared([8, 8], 32, 1);
    /// 64 × 64, with 8 KiB of workgroup memory.
    pub const LARGE: Self = Self::shared([8, 8], 16, 2);
    /// 128 × 128, with 16 KiB of workgroup memory: all that every device has.
    pub const HUGE: Self = Self::shared([16, 16], 16, 2);
    /// 64 × 16, for products of a few columns.
    pub const TALL: Self = Self::shared([16, 4], 16, 1);
    /// 16 × 64, for products of a few rows.
    pub const BROAD: Self = Self::shared([4, 16], 16, 1);
    /// 4, 16 or 32 rows by 32 columns, a subgroup each.
    pub const LANED: [Self; 3] =
        [Self::Lanes { blocks: 1 }, Self::Lanes { blocks: 4 }, Self::Lanes { blocks: 8 }];

    /// All that a planner may pick.
    pub const ALL: [Self; 9] = [
        Self::SMALL,
        Self::MEDIUM,
        Self::LARGE,
        Self::HUGE,
        Self::TALL,
        Self::BROAD,
        Self::LANED[0],
        Self::LANED[1],
        Self::LANED[2],
    ];

    const fn shared([threads_m, threads_n]: [u32; 2], tile_k: u32, quads: u32) -> Self {
        Self::Shared { threads_m, threads_n, tile_k, quads }
    }

    /// Rows of C in a tile.
    pub const fn rows(self) -> usize {
        match self {
            Self::Shared { threads_m, quads, .. } => 4 * (quads * threads_m) as usize,
            Self::Lanes { blocks } => 4 * blocks as usize,
        }
    }

    /// Columns of C in a tile.
    pub const fn columns(self) -> usize {
        match self {
            Self::Shared { threads_n, quads, .. } => 4 * (quads * threads_n) as usize,
            Self::Lanes { .. } => 4 * Self::LANES as usize,
        }
    }

    /// How far a step goes along K.
    pub const fn depth(self) -> usize {
        match self {
            Self::Shared { tile_k, .. } => tile_k as usize,
            Self::Lanes { blocks } => 4 * (Self::LANES / blocks) as usize,
        }
    }

    /// Threads of a workgroup.
    pub const fn threads(self) -> u32 {
        match self {
            Self::Shared { threads_m, threads_n, .. } => threads_m * threads_n,
            Self::Lanes { .. } => Self::LANES,
        }
    }

    /// Bytes of workgroup memory.
    pub const fn workgroup_bytes(self) -> u64 {
        match self {
            Self::Shared { .. } => 4 * (self.depth() * (self.rows() + self.columns())) as u64,
            Self::Lanes { .. } => 0,
        }
    }

    /// Tiles that cover C\[m,n\].
    pub(crate) fn workgroups(self, m: usize, n: usize) -> u64 {
        m.div_ceil(self.rows()) as u64 * n.div_ceil(self.columns()) as u64
    }

    /// What every shader with a matrix product imports.
    pub(super) const fn imports(self) -> [Module; 4] {
        let product = match self {
            Self::Shared { .. } => MATMUL,
            Self::Lanes { .. } => MATMUL_LANES,
        };
        [CONTROL, FOLD, TILES, product]
    }

    /// Its overrides, for a layer of so many inputs and outputs.
    pub(super) fn overrides(self, inputs: usize, outputs: usize) -> Vec<(&'static str, f64)> {
        let by_four = |count: usize| f64::from(u8::from(count.is_multiple_of(4)));
        let mut overrides = vec![
            ("TILE_M", self.rows() as f64),
            ("TILE_N", self.columns() as f64),
            ("INPUTS_BY_FOUR", by_four(inputs)),
            ("OUTPUTS_BY_FOUR", by_four(outputs)),
        ];
        match self {
            Self::Shared { threads_m, threads_n, tile_k, quads } => overrides.extend([
                ("THREADS_M", f64::from(threads_m)),
                ("THREADS_N", f64::from(threads_n)),
                ("TILE_K", f64::from(tile_k)),
                ("QUADS", f64::from(quads)),
                ("TILE_A", f64::from(quads * threads_m * tile_k)),
                ("TILE_B", f64::from(quads * threads_n * tile_k)),
            ]),
            Self::Lanes { blocks } => overrides.extend([
                ("THREADS_M", 1.0),
                ("THREADS_N", f64::from(Self::LANES)),
                ("BLOCKS", f64::from(blocks)),
            ]),
        }
        overrides
    }
}
