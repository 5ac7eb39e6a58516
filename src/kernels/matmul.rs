//! How the matrix products are cut into tiles: `shaders/matmul/tiles.wgsl`, and `shaders/matmul/shared.wgsl` or
//! `shaders/matmul/lanes.wgsl` for one of them.

use super::Module;
use super::shader::{BLOCKS, CONTROL, FOLD, piece};

/// The tile of a workgroup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tiling {
    /// Operands pass through workgroup memory.
    Shared {
        /// Threads along the rows.
        threads_m: u32,
        /// Threads along the columns.
        threads_n: u32,
        /// Groups of threads that share a tile, each with its part of a step along K.
        slices: u32,
        /// Depth of a slice's part of a step, a multiple of 4.
        depth: u32,
        /// Quads of rows that a thread holds the sums of: 1 or 2.
        quads_m: u32,
        /// Quads of columns: 1, 2 or 4.
        quads_n: u32,
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
    pub const SMALL: Self = Self::shared([4, 4], 4, 16, 1);
    /// 16 × 16, for long sums.
    pub const DEEP: Self = Self::shared([4, 4], 8, 16, 1);
    /// 32 × 32.
    pub const MEDIUM: Self = Self::shared([8, 8], 4, 16, 1);
    /// 64 × 16, for products of a few columns.
    pub const TALL: Self = Self::shared([16, 4], 1, 16, 1);
    /// 16 × 64, for products of a few rows.
    pub const BROAD: Self = Self::shared([4, 16], 1, 16, 1);
    /// 64 × 64, with 8 KiB of workgroup memory.
    pub const LARGE: Self = Self::shared([8, 8], 2, 8, 2);
    /// 64 × 64, for long sums.
    pub const LARGE_DEEP: Self = Self::shared([8, 8], 2, 16, 2);
    /// 128 × 128, with 16 KiB of workgroup memory: all that every device has.
    pub const HUGE: Self = Self::shared([16, 16], 1, 16, 2);
    /// 128 × 128, with more threads and twice the workgroup memory that every device has.
    pub const HUGE_SHARED: Self = Self::shared([16, 16], 2, 8, 2);
    /// 128 × 128, with twice the sums in a thread's registers that every device has room for.
    pub const HUGE_WIDE: Self =
        Self::Shared { threads_m: 16, threads_n: 8, slices: 1, depth: 16, quads_m: 2, quads_n: 4 };
    /// 4, 16 or 32 rows by 32 columns, a subgroup each.
    pub const LANED: [Self; 3] =
        [Self::Lanes { blocks: 1 }, Self::Lanes { blocks: 4 }, Self::Lanes { blocks: 8 }];

    /// Those that pass through workgroup memory, the smallest first.
    pub const SHARED: [Self; 10] = [
        Self::SMALL,
        Self::DEEP,
        Self::MEDIUM,
        Self::TALL,
        Self::BROAD,
        Self::LARGE,
        Self::LARGE_DEEP,
        Self::HUGE,
        Self::HUGE_SHARED,
        Self::HUGE_WIDE,
    ];

    /// All that a planner may pick.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::SHARED.into_iter().chain(Self::LANED)
    }

    const fn shared([threads_m, threads_n]: [u32; 2], slices: u32, depth: u32, quads: u32) -> Self {
        Self::Shared { threads_m, threads_n, slices, depth, quads_m: quads, quads_n: quads }
    }

    /// Rows of C in a tile.
    pub const fn rows(self) -> usize {
        match self {
            Self::Shared { threads_m, quads_m, .. } => 4 * (quads_m * threads_m) as usize,
            Self::Lanes { blocks } => 4 * blocks as usize,
        }
    }

    /// Columns of C in a tile.
    pub const fn columns(self) -> usize {
        match self {
            Self::Shared { threads_n, quads_n, .. } => 4 * (quads_n * threads_n) as usize,
            Self::Lanes { .. } => 4 * Self::LANES as usize,
        }
    }

    /// How far a step goes along K.
    pub const fn depth(self) -> usize {
        match self {
            Self::Shared { slices, depth, .. } => (slices * depth) as usize,
            Self::Lanes { blocks } => 4 * (Self::LANES / blocks) as usize,
        }
    }

    /// Threads of a workgroup.
    pub const fn threads(self) -> u32 {
        match self {
            Self::Shared { threads_m, threads_n, slices, .. } => threads_m * threads_n * slices,
            Self::Lanes { .. } => Self::LANES,
        }
    }

    /// Bytes of workgroup memory.
    pub const fn workgroup_bytes(self) -> u64 {
        16 * self.arena()
    }

    /// Blocks of 4 × 4 in the tiles of a step, so many rows or columns wide.
    const fn blocks(self, across: usize) -> usize {
        self.depth() * across / 16
    }

    /// Registers of a thread, about: sums, operands, what was prefetched, and addresses.
    pub const fn registers(self) -> u32 {
        match self {
            Self::Shared { quads_m, quads_n, .. } => {
                let blocks = self.blocks(self.rows() + self.columns()) as u32;
                let arriving = 16 * blocks.div_ceil(self.threads());
                16 * quads_m * quads_n + 4 * (quads_m + quads_n) + arriving + 16
            }
            Self::Lanes { blocks } => 16 * blocks + 32 + 16,
        }
    }

    /// Vectors of four in workgroup memory: the tiles of a step, or the sums of the slices.
    const fn arena(self) -> u64 {
        let Self::Shared { slices, .. } = self else { return 0 };
        let tiles = 4 * self.blocks(self.rows() + self.columns()) as u64;
        let sums = if slices == 1 { 0 } else { 4 * self.threads() as u64 };
        if tiles > sums { tiles } else { sums }
    }

    /// Tiles that cover C\[m,n\].
    pub(crate) fn workgroups(self, m: usize, n: usize) -> u64 {
        m.div_ceil(self.rows()) as u64 * n.div_ceil(self.columns()) as u64
    }

    /// What every shader with a matrix product imports.
    pub(super) const fn imports(self) -> &'static [Module] {
        match self {
            Self::Shared { .. } => {
                &[CONTROL, FOLD, piece!("matmul/tiles"), BLOCKS, piece!("matmul/shared")]
            }
            Self::Lanes { .. } => &[CONTROL, FOLD, piece!("matmul/tiles"), piece!("matmul/lanes")],
        }
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
            Self::Shared { threads_m, threads_n, slices, depth, quads_m, quads_n } => {
                overrides.extend([
                    ("THREADS_M", f64::from(threads_m)),
                    ("THREADS_N", f64::from(threads_n)),
                    ("SLICES", f64::from(slices)),
                    ("TILE_K", self.depth() as f64),
                    ("DEPTH", f64::from(depth)),
                    ("QUADS_M", f64::from(quads_m)),
                    ("QUADS_N", f64::from(quads_n)),
                    ("BLOCKS_A", self.blocks(self.rows()) as f64),
                    ("BLOCKS", self.blocks(self.rows() + self.columns()) as f64),
                    ("ARENA", self.arena() as f64),
                ]);
            }
            Self::Lanes { blocks } => overrides.extend([
                ("THREADS_M", 1.0),
                ("THREADS_N", f64::from(Self::LANES)),
                ("SLICES", 1.0),
                ("BLOCKS", f64::from(blocks)),
            ]),
        }
        overrides
    }
}
