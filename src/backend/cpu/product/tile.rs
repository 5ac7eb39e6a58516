//! The tile of C that stays in registers while its sums run over k.
//!
//! 12 rows by 2 vectors make 24 chains of multiply-adds, which hide their latency on processors that
//! start two of them in a cycle. Each column of A takes 12 broadcasts, each row of B 2 loads: 14 loads
//! for 24 multiply-adds, so that multiply-adds bound the time. B comes from the L2 cache, and is
//! prefetched. AVX2 has registers for 6 rows: 12 chains, and 8 loads for them; with 4 rows, whose 8
//! chains just hide the latency, it was slower.

use pulp::{Simd, WithSimd};

use super::blocks::FAR;
use super::prefetch::{prefetch, prefetch_line};

/// Floats that are prefetched with each column of A: a cache line with every eighth, for many at once
/// would delay the tile's own loads.
pub(super) const PREFETCHED: usize = 2;

/// Rows of B between the one that is used and the one that is prefetched: hardware brings those of the
/// L2 cache too late.
const ROWS_AHEAD: usize = 8;

/// A tile of the product.
pub(super) struct Tile {
    pub(super) k: usize,
    pub(super) a: *const f32,
    /// From one row of A to the next.
    pub(super) a_row: usize,
    /// From one column of A to the next.
    pub(super) a_step: usize,
    pub(super) b: *const f32,
    /// From one row of B to the next.
    pub(super) b_step: usize,
    pub(super) c: *mut f32,
    /// From one row of C to the next.
    pub(super) c_row: usize,
    /// What the sums start from, with the distance between its rows; zero where there is nothing.
    pub(super) from: Option<(*const f32, usize)>,
    /// What is prefetched meanwhile, [`PREFETCHED`] floats for each column of A.
    pub(super) ahead: *const f32,
    /// Its columns: all lanes of its vectors, or fewer at the matrix's edge.
    pub(super) live: usize,
}

impl Tile {
    /// M rows of V vectors, in a function of its own, which has all registers.
    ///
    /// # Safety
    /// A must have M rows of k columns, B k rows of `live` columns, C and what the sums start from M
    /// rows of `live` columns; and nobody else may use these elements of C.
    #[inline(always)]
    pub(super) unsafe fn run<S: Simd, const M: usize, const V: usize, const EDGE: bool>(
        self,
        simd: S,
    ) {
        simd.vectorize(Sized::<M, V, EDGE>(self));
    }
}

/// A tile whose size the compiler knows. `EDGE`: its last lanes are past the matrix's edge.
struct Sized<const M: usize, const V: usize, const EDGE: bool>(Tile);

impl<const M: usize, const V: usize, const EDGE: bool> WithSimd for Sized<M, V, EDGE> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Tile { k, a, a_row, a_step, mut b, b_step, c, c_row, from, mut ahead, live } = self.0;
        let lanes = S::F32_LANES;
        let mask = simd.mask_between_m32s(0, live as u32);
        // SAFETY: whoever called `run` promised that all these elements exist; at an edge the mask
        // keeps to them. Loading and storing f32s at any address that holds them is sound.
        unsafe {
            let load = |from: *const f32| match EDGE {
                true => simd.mask_load_ptr_f32s(mask, from),
                false => from.cast::<S::f32s>().read_unaligned(),
            };
            let rows: [*const f32; M] = std::array::from_fn(|row| a.add(row * a_row));
            if c_row >= FAR {
                for row in 0..M {
                    prefetch(c.wrapping_add(row * c_row), V * lanes);
                }
            }
            let mut sums = [[simd.splat_f32s(0.0); V]; M];
            let mut at = 0;
            for _ in 0..k {
                let vectors: [S::f32s; V] =
                    std::array::from_fn(|vector| load(b.add(vector * lanes)));
                for (row, sums) in rows.iter().zip(&mut sums) {
                    let x = simd.splat_f32s(*row.add(at));
                    for (sum, vector) in sums.iter_mut().zip(vectors) {
                        *sum = simd.mul_add_e_f32s(x, vector, *sum);
                    }
                }
                prefetch_line(ahead);
                if V > 1 {
                    prefetch(b.wrapping_add(ROWS_AHEAD * b_step), V * lanes);
                }
                ahead = ahead.wrapping_add(PREFETCHED);
                at += a_step;
                // Past the last row it is not dereferenced.
                b = b.wrapping_add(b_step);
            }
            for (row, sums) in sums.into_iter().enumerate() {
                for (vector, mut sum) in sums.into_iter().enumerate() {
                    // Not before the loop, which would wait for C.
                    if let Some((from, apart)) = from {
                        let start = load(from.add(row * apart + vector * lanes));
                        sum = simd.add_f32s(start, sum);
                    }
                    let place = c.add(row * c_row + vector * lanes);
                    match EDGE {
                        true => simd.mask_store_ptr_f32s(mask, place, sum),
                        false => place.cast::<S::f32s>().write_unaligned(sum),
                    }
                }
            }
        }
    }
}
