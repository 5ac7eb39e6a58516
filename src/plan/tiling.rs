//! Which tiles a matrix product is cut into, by its shape and by what the device is: a rule, no
//! measurement at run time, so that a plan is the same every time.
//!
//! On hardware a product takes the tiles that a small model of a graphics processor finds fastest:
//! large ones do more arithmetic for each float they load, small ones fill the processor where the
//! product is small, and slices take a long sum apart. Of 35 products, the workloads' own and square
//! ones, measured on an NVIDIA H200 with ten tilings each, its choice took 2 % longer than the best on
//! average, and 12 % at most. On a software adapter whose subgroups have eight lanes a product takes
//! [`Tiling::Lanes`], which was measured to be five times as fast there as any other.

use super::{DeviceKind, Limits};
use crate::kernels::{DenseBackwardWeight, FusedTiling, LayerNorm, Tiling};

/// Compute units that a graphics processor is taken to have: there is no way to ask. Large ones
/// have as many. On smaller ones tiles may come out smaller than is best, which costs them little:
/// larger tiles would leave half of a large one idle.
const UNITS: u64 = 128;

/// Cycles that a step along K waits for memory and at its barriers, where nothing else fills them.
const WAIT: f64 = 800.0;

/// Rows of the shortest range that has a partial sum of its own.
const RANGE: usize = 2 * DenseBackwardWeight::SPAN;

/// Units that a thread takes of its row, at least, where several share it.
const UNITS_OF_A_LANE: usize = 4;

/// Tiles that keep the cores under a software adapter busy to the end.
const SOFTWARE_TILES: u64 = 16;

impl Limits {
    /// Whether the device takes fused tiles of this kind.
    pub(crate) fn runs_fused(&self, tiling: FusedTiling) -> bool {
        self.kind != DeviceKind::Cpu
            && tiling.threads() <= self.invocations
            && tiling.workgroup_bytes() <= self.workgroup_bytes
    }

    /// Whether the device grants what tiles of this kind need.
    pub fn runs(&self, tiling: Tiling) -> bool {
        let subgroups = match tiling {
            // The CPU path cuts products its own way, and the twins do not cut them.
            Tiling::Lanes { .. } => {
                self.kind == DeviceKind::Cpu || self.subgroup == Some(Tiling::LANES)
            }
            Tiling::Shared { .. } => true,
        };
        subgroups
            && tiling.threads() <= self.invocations
            && tiling.registers() <= self.registers
            // A compute unit has the registers of 256 such threads, and is left to one workgroup.
            && u64::from(tiling.threads() * tiling.registers()) <= 256 * u64::from(self.registers)
            && tiling.workgroup_bytes() <= self.workgroup_bytes
    }

    /// The tiles for C\[m,n\] = A\[m,k\] · B\[k,n\].
    pub(crate) fn tiling(&self, shape: [usize; 3]) -> Tiling {
        self.tiling_of(1, shape)
    }

    /// The tiles for so many products of this shape at once.
    pub(crate) fn tiling_of(&self, products: usize, shape: [usize; 3]) -> Tiling {
        self.laned(shape[0]).unwrap_or_else(|| self.fastest(products, shape))
    }

    /// Threads that share a row of so many units, to bring it to mean 0 and variance 1. A software
    /// adapter's take a row each, while their loops go on for long enough, which that of a few does
    /// for every layer there is: its barriers were measured to cost three times what they save.
    pub(crate) fn lanes(&self, units: usize) -> usize {
        let least = match self.kind {
            DeviceKind::Software => 1,
            DeviceKind::Cpu | DeviceKind::Gpu => units.div_ceil(UNITS_OF_A_LANE),
        };
        // A unit takes an iteration of each of three loops.
        let needed = self.loop_limit.map_or(1, |limit| (4 * units).div_ceil(limit as usize));
        least.max(needed).next_power_of_two().min(LayerNorm::MOST_LANES)
    }

    /// Rows whose terms a norm's gradient can add up in one dispatch, in a multiple of `grain`: each
    /// takes less than an iteration of its loops.
    pub(crate) fn norm_rows(&self, grain: usize) -> Option<usize> {
        self.loop_limit.map(|limit| (limit as usize / grain).max(1) * grain)
    }

    /// The rows of a range, where the gradient of a layer has so few tiles that the rows of a large
    /// batch are better summed in ranges. The more tiles there are, the longer ranges can be, and
    /// the less room their sums take. It goes by the layer alone, and is a power of two times the
    /// shortest: so micro-batches of whole ranges of the longest add up to the same bits as the batch,
    /// where a range's tiles are the same however many there are, as [`Tiling::Lanes`] are.
    pub(crate) fn range(&self, [outputs, inputs]: [usize; 2]) -> Option<usize> {
        let (tiles, enough, for_one) = match self.kind {
            // Its threads take units, and cut the rows themselves where that pays.
            DeviceKind::Cpu => return None,
            DeviceKind::Gpu => (Tiling::MEDIUM.workgroups(outputs, inputs), UNITS / 2, 16),
            DeviceKind::Software => {
                let tiling = self.tiling([outputs, inputs, RANGE]);
                (tiling.workgroups(outputs, inputs), SOFTWARE_TILES, 4)
            }
        };
        if tiles < enough {
            return Some(RANGE * (tiles as usize / for_one).max(1).next_power_of_two());
        }
        // A row takes two iterations and a third, or fewer.
        self.loop_limit.map(|limit| RANGE << (limit as usize / (3 * RANGE)).max(1).ilog2())
    }

    /// On a software adapter with subgroups of eight: the lowest tile that covers the rows, or else
    /// the highest.
    fn laned(&self, rows: usize) -> Option<Tiling> {
        let fits = |tiling: &&Tiling| self.kind == DeviceKind::Software && self.runs(**tiling);
        let mut fitting = Tiling::LANED.iter().filter(fits);
        let last = fitting.clone().next_back();
        fitting.find(|tiling| tiling.rows() >= rows).or(last).copied()
    }

    /// The tiles that take the fewest cycles. Of those that take as many, the largest, since they
    /// load least; and of those the first, which has fewer threads to join.
    fn fastest(&self, products: usize, shape: [usize; 3]) -> Tiling {
        let mut best = Tiling::SMALL;
        for tiling in Tiling::SHARED.into_iter().filter(|tiling| self.runs(*tiling)) {
            let [now, before] = [tiling, best].map(|tiling| cycles(tiling, products, shape));
            let larger = tiling.rows() * tiling.columns() > best.rows() * best.columns();
            if now < before || (now == before && larger) {
                best = tiling;
            }
        }
        best
    }

    /// How products are cut on the device, for people.
    pub(crate) fn explain_tiling(&self) -> &'static str {
        match self.laned(usize::MAX) {
            Some(_) => {
                "a subgroup a tile, 32 × 32 or lower, without workgroup memory: the fastest way on \
                 software adapters, as measured"
            }
            None => {
                "a workgroup a tile, 16 × 16 to 128 × 128, and the rows of large batches split: what \
                 a model of 128 compute units finds fastest for the shape"
            }
        }
    }
}

/// Cycles of products on a graphics processor of [`UNITS`] compute units that do 128 multiply-adds in
/// a cycle each. Where a unit has several tiles, one's arithmetic fills another's wait; and the fewer
/// threads a tile has alone, the less they get out of the unit.
fn cycles(tiling: Tiling, products: usize, [m, n, k]: [usize; 3]) -> f64 {
    // The share of a unit's arithmetic that threads get out of what they read from workgroup memory:
    // 16 sums for two quads, 64 for four, or 128 for six.
    let share = match tiling {
        Tiling::Shared { quads_n: 4, .. } => 0.55,
        Tiling::Shared { quads_n: 2, .. } => 0.5,
        _ => 0.2,
    };
    let depth = tiling.depth();
    let step = (tiling.rows() * tiling.columns() * depth) as f64 / (128.0 * share);
    let alone = step * (256.0 / f64::from(tiling.threads())).sqrt();
    let on_a_unit = (products as u64 * tiling.workgroups(m, n)).div_ceil(UNITS) as f64;
    k.div_ceil(depth) as f64 * (on_a_unit * step).max(alone + WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpu() -> Limits {
        Limits {
            kind: DeviceKind::Gpu,
            workgroup_bytes: 16 << 10,
            invocations: 256,
            registers: 128,
            ..Limits::unlimited("gpu")
        }
    }

    fn lavapipe() -> Limits {
        let (kind, registers) = (DeviceKind::Software, u32::MAX);
        Limits { kind, registers, subgroup: Some(8), loop_limit: Some(60_000), ..gpu() }
    }

    #[test]
    fn large_products_take_large_tiles_and_skinny_ones_skinny_tiles() {
        assert_eq!(gpu().tiling([4096, 4096, 4096]), Tiling::HUGE);
        assert_eq!(gpu().tiling([65_536, 64, 64]), Tiling::LARGE);
        assert_eq!(gpu().tiling([65_536, 3, 64]), Tiling::TALL);
        assert_eq!(gpu().tiling([256, 128, 64]), Tiling::SMALL);
        assert_eq!(gpu().tiling([128, 256, 784]), Tiling::DEEP);
        assert_eq!(gpu().tiling([10, 65_536, 128]), Tiling::BROAD);
        // One tile a unit, if twice as many threads share it.
        assert_eq!(gpu().tiling([1024, 2048, 2048]), Tiling::LARGE);
        let roomy = Limits { registers: 255, ..gpu() };
        let many = Limits { invocations: 1024, workgroup_bytes: 32 << 10, ..roomy.clone() };
        assert_eq!(many.tiling([1024, 2048, 2048]), Tiling::HUGE_SHARED);
        // Where they fit, more sums a thread.
        assert_eq!(roomy.tiling([4096, 4096, 4096]), Tiling::HUGE_WIDE);
        // A range of a gradient is small; many of them fill the device.
        assert_eq!(gpu().tiling_of(64, [64, 64, 1024]), Tiling::MEDIUM);
    }

    #[test]
    fn small_gradients_are_summed_in_ranges() {
        assert_eq!(gpu().range([8, 8]), Some(RANGE));
        assert_eq!(gpu().range([64, 64]), Some(RANGE));
        // Thirty-two tiles fill more of the processor: longer ranges will do.
        assert_eq!(gpu().range([128, 256]), Some(2 * RANGE));
        assert_eq!(gpu().range([2048, 2048]), None);
        assert_eq!(Limits::unlimited("cpu").range([64, 64]), None);
    }

    #[test]
    fn threads_share_wide_rows_where_barriers_are_cheap() {
        let units = [1, 4, 5, 64, 65, 4096, 1 << 24];
        assert_eq!(units.map(|units| gpu().lanes(units)), [1, 1, 2, 16, 32, 64, 64]);
        // No loop goes on for longer than the driver lets it.
        let units = [15_000, 15_001, 40_000];
        assert_eq!(units.map(|units| lavapipe().lanes(units)), [1, 2, 4]);
        assert_eq!(lavapipe().norm_rows(1024), Some(59_392));
    }

    #[test]
    fn software_adapters_take_lanes_where_they_have_eight() {
        assert_eq!(lavapipe().tiling([3, 64, 64]), Tiling::LANED[0]);
        assert_eq!(lavapipe().tiling([10, 64, 64]), Tiling::LANED[1]);
        assert_eq!(lavapipe().tiling([1000, 64, 64]), Tiling::LANED[2]);
        let four = Limits { subgroup: Some(4), ..lavapipe() };
        assert!(matches!(four.tiling([1000, 64, 64]), Tiling::Shared { .. }));
        // No loop goes on for longer than the driver lets it.
        assert_eq!(lavapipe().range([4096, 4096]), Some(16 * RANGE));
    }

    /// What `matmul.wgsl` builds upon.
    #[test]
    fn tiles_are_laid_out_as_the_shader_takes_them() {
        for tiling in Tiling::SHARED {
            let Tiling::Shared { threads_m, threads_n, depth, .. } = tiling else { unreachable!() };
            assert!(threads_m.is_multiple_of(2) && threads_n.is_multiple_of(threads_n.min(8)));
            assert!(depth.is_multiple_of(4) && RANGE.is_multiple_of(tiling.depth()), "{tiling:?}");
            let sides = [tiling.rows(), tiling.columns()];
            assert!(sides.iter().all(|side| (side / 4).is_multiple_of((side / 4).min(8))));
            let blocks = tiling.depth() * sides.iter().sum::<usize>() / 16;
            assert!(blocks <= 2 * tiling.threads() as usize, "{tiling:?}: {blocks} blocks");
        }
    }

    #[test]
    fn every_tile_but_two_runs_everywhere() {
        for tiling in Tiling::SHARED {
            let wanting = [Tiling::HUGE_SHARED, Tiling::HUGE_WIDE].contains(&tiling);
            assert_eq!(gpu().runs(tiling), !wanting, "{tiling:?}");
        }
    }

    #[test]
    fn tiles_stay_within_what_the_device_grants() {
        let narrow = Limits { invocations: 128, workgroup_bytes: 8 << 10, ..gpu() };
        assert_eq!(narrow.tiling([4096, 4096, 4096]), Tiling::LARGE);
    }
}
