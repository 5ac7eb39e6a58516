//! Arithmetic on samples side by side, written so that the compiler makes SIMD of it: every loop
//! runs over a fixed number of lanes and calls nothing.

use crate::kernels::Function;
use crate::spec::Activation;

/// Numbers side by side.
pub(super) trait Lanes {
    /// self += scale · other
    fn add_scaled(&mut self, scale: f32, other: &Self);
    /// Σ self · other, in a fixed order.
    fn dot(&self, other: &Self) -> f32;
    /// Σ self, in the same order.
    fn sum(&self) -> f32;
}

impl<const N: usize> Lanes for [f32; N] {
    #[inline(always)]
    fn add_scaled(&mut self, scale: f32, other: &Self) {
        for lane in 0..N {
            self[lane] += scale * other[lane];
        }
    }

    #[inline(always)]
    fn dot(&self, other: &Self) -> f32 {
        let mut product = [0.0; N];
        for lane in 0..N {
            product[lane] = self[lane] * other[lane];
        }
        product.sum()
    }

    #[inline(always)]
    fn sum(&self) -> f32 {
        // Halves onto halves: the order that SIMD likes.
        let mut sums = *self;
        let mut half = N / 2;
        while half > 0 {
            for lane in 0..half {
                sums[lane] += sums[lane + half];
            }
            half /= 2;
        }
        sums[0]
    }
}

/// eˣ for x ≤ 0, to two units in the last place (Cephes' expf): x = n ln 2 + r, a polynomial in r,
/// n into the exponent. Below −87 it is 0.
#[inline(always)]
fn exp_negative<const N: usize>(x: &[f32; N]) -> [f32; N] {
    const ROUND: f32 = 12_582_912.0; // 1.5 · 2²³: adding it rounds to a whole number
    let mut y = [0.0; N];
    for lane in 0..N {
        let x = x[lane];
        let clamped = if x < -87.0 { -87.0 } else { x };
        let n = (clamped * std::f32::consts::LOG2_E + ROUND) - ROUND;
        let r = (clamped - n * 0.693_359_4) - n * -2.121_944_4e-4;
        let p = 1.987_569_1e-4;
        let p = p * r + 1.398_199_9e-3;
        let p = p * r + 8.333_452e-3;
        let p = p * r + 4.166_579_6e-2;
        let p = p * r + 0.166_666_65;
        let p = p * r + 0.5;
        let e = p * r * r + r + 1.0;
        let scaled = e * f32::from_bits((((n as i32) + 127) << 23) as u32);
        y[lane] = if x < -87.0 { 0.0 } else { scaled };
    }
    y
}

/// e^−|z|, what the sigmoid and its logarithm are made of.
#[inline(always)]
fn tail<const N: usize>(z: &[f32; N]) -> [f32; N] {
    let mut x = [0.0; N];
    for lane in 0..N {
        x[lane] = -z[lane].abs();
    }
    exp_negative(&x)
}

/// y = f(z)
#[inline(always)]
pub(super) fn activate<const N: usize>(function: Function, z: [f32; N]) -> [f32; N] {
    if function != Function::Of(Activation::Sigmoid) {
        return z.map(|z| function.value(z));
    }
    let e = tail(&z);
    let mut y = [0.0; N];
    for lane in 0..N {
        let numerator = if z[lane] < 0.0 { e[lane] } else { 1.0 };
        y[lane] = numerator / (1.0 + e[lane]);
    }
    y
}

/// d_z = d_y · f′
#[inline(always)]
pub(super) fn derive<const N: usize>(function: Function, d: &mut [f32; N], kept: &[f32; N]) {
    if function == Function::Of(Activation::Sigmoid) {
        for lane in 0..N {
            d[lane] *= kept[lane] * (1.0 - kept[lane]);
        }
    } else {
        for lane in 0..N {
            d[lane] *= function.derivative(kept[lane]);
        }
    }
}

/// Binary cross-entropy of one output, as `kernels/loss_gradient.rs` has it: the sums of loss and
/// score over the live lanes, and d_z.
#[inline(always)]
pub(super) fn bce<const N: usize>(
    z: &[f32; N],
    t: &[f32; N],
    d_z: &mut [f32; N],
    live: usize,
    rows: usize,
) -> [f32; 2] {
    let e = tail(z);
    let scale = 1.0 / rows as f32;
    let (mut loss, mut score) = ([0.0; N], [0.0; N]);
    for lane in 0..N {
        let (z, t, e) = (z[lane], t[lane], e[lane]);
        let idle = lane >= live;
        // ln(1 + e) = 2 atanh(e / (2 + e)), as in `shaders/math.wgsl`.
        let s = e / (2.0 + e);
        let q = s * s;
        let series = 1.0 / 15.0;
        let series = series * q + 1.0 / 13.0;
        let series = series * q + 1.0 / 11.0;
        let series = series * q + 1.0 / 9.0;
        let series = series * q + 1.0 / 7.0;
        let series = series * q + 1.0 / 5.0;
        let series = series * q + 1.0 / 3.0;
        let log = 2.0 * s * (series * q + 1.0);
        let ln_p = if z < 0.0 { z - log } else { -log };
        let ln_not_p = if z > 0.0 { -z - log } else { -log };
        // Not `max`, which would hide NaN.
        let ln_p = if ln_p < -100.0 { -100.0 } else { ln_p };
        let ln_not_p = if ln_not_p < -100.0 { -100.0 } else { ln_not_p };
        let own = -(t * ln_p + (1.0 - t) * ln_not_p);
        let (less, more) = (e / (1.0 + e), 1.0 / (1.0 + e));
        let (p, not_p) = if z < 0.0 { (less, more) } else { (more, less) };
        let right = if (p > 0.5) == (t > 0.5) { 1.0 } else { 0.0 };
        let d = ((1.0 - t) * p - t * not_p) * scale;
        loss[lane] = if idle { 0.0 } else { own };
        score[lane] = if idle { 0.0 } else { right };
        d_z[lane] = if idle { 0.0 } else { d };
    }
    [loss.sum(), score.sum()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_keeps_float32s_digits() {
        for step in 0..8000 {
            let x = -(step as f32) / 92.0;
            let [found, ..] = exp_negative(&[x; 4]);
            let exact = f64::from(x).exp();
            let error = (f64::from(found) - exact).abs();
            assert!(error <= 2.5e-7 * exact + 2e-38, "e^{x} is {found} for {exact}");
        }
        assert!(exp_negative(&[f32::NAN; 4])[0].is_nan(), "what has diverged must show");
    }
}
