//! Products with few rows or few units, where packing the weights would cost more than the product:
//! each element is a dot product, its terms side by side in the lanes.

use pulp::{Simd, WithSimd};

use crate::backend::cpu::simd::dispatch;

/// y\[m,n\] = x\[m,k\] · W\[n,k\]ᵀ + b\[n\]
pub(in crate::backend::cpu) fn dots(
    [m, n, k]: [usize; 3],
    y: &mut [f32],
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
) {
    let (y, x) = (&mut y[..m * n], &x[..m * k]);
    let (weight, bias) = (&weight[..n * k], &bias[..n]);
    dispatch(Dots { size: [m, n, k], y, x, weight, bias });
}

/// Tiles of 2 rows by 4 units: each takes 6 loads for 8 multiply-adds, and at its end adds up the lanes
/// of 8 sums, which bounds the time where k is small.
struct Dots<'a> {
    size: [usize; 3],
    y: &'a mut [f32],
    x: &'a [f32],
    weight: &'a [f32],
    bias: &'a [f32],
}

impl WithSimd for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let mut unit = 0;
        while unit < self.size[1] {
            unit += match self.size[1] - unit {
                4.. => self.units::<S, 4>(simd, unit),
                2.. => self.units::<S, 2>(simd, unit),
                _ => self.units::<S, 1>(simd, unit),
            };
        }
    }
}

impl Dots<'_> {
    /// All rows of N units, whose weights stay in the L1 cache; returns N.
    #[inline(always)]
    fn units<S: Simd, const N: usize>(&mut self, simd: S, unit: usize) -> usize {
        let rows = self.size[0];
        for row in (0..rows / 2 * 2).step_by(2) {
            self.tile::<S, 2, N>(simd, row, unit);
        }
        if rows % 2 == 1 {
            self.tile::<S, 1, N>(simd, rows - 1, unit);
        }
        N
    }

    #[inline(always)]
    fn tile<S: Simd, const M: usize, const N: usize>(&mut self, simd: S, row: usize, unit: usize) {
        let [_, n, k] = self.size;
        let x: [_; M] = std::array::from_fn(|m| vectors::<S>(&self.x[(row + m) * k..][..k]));
        let w: [_; N] = std::array::from_fn(|u| vectors::<S>(&self.weight[(unit + u) * k..][..k]));
        let mut sums = [[simd.splat_f32s(0.0); N]; M];
        for l in 0..k / S::F32_LANES {
            for (sums, (x, _)) in sums.iter_mut().zip(x) {
                for (sum, (w, _)) in sums.iter_mut().zip(w) {
                    *sum = simd.mul_add_e_f32s(x[l], w[l], *sum);
                }
            }
        }
        if k % S::F32_LANES > 0 {
            let w = w.map(|(_, rest)| simd.partial_load_f32s(rest));
            for (sums, (_, rest)) in sums.iter_mut().zip(x) {
                let x = simd.partial_load_f32s(rest);
                for (sum, w) in sums.iter_mut().zip(w) {
                    *sum = simd.mul_add_e_f32s(x, w, *sum);
                }
            }
        }
        for (m, sums) in sums.into_iter().enumerate() {
            let y = &mut self.y[(row + m) * n + unit..][..N];
            for ((y, sum), bias) in y.iter_mut().zip(sums).zip(&self.bias[unit..]) {
                *y = bias + simd.reduce_sum_f32s(sum);
            }
        }
    }
}

/// A row as whole vectors, and the rest.
#[inline(always)]
fn vectors<S: Simd>(row: &[f32]) -> (&[S::f32s], &[f32]) {
    S::as_simd_f32s(row)
}
