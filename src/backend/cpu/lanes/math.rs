//! Exponentials and functions of them, lane by lane: every loop runs over a fixed number of lanes and
//! calls nothing, so that the compiler vectorizes it.

use super::arithmetic::Arithmetic;

/// 1.5 · 2²³: adding it rounds to a whole number.
pub(in crate::backend::cpu) const ROUND: f32 = 12_582_912.0;

/// ln 2 in two parts, of which the first has so few digits that its multiples are exact.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];

/// Cephes' polynomial of expf: eʳ = 1 + r + r² · (Σ cᵢ rⁱ).
const EXP: [f32; 6] =
    [0.5, 0.166_666_65, 4.166_579_6e-2, 8.333_452e-3, 1.398_199_9e-3, 1.987_569_1e-4];

/// The series of 2 atanh(s) = 2s · (Σ cᵢ s²ⁱ).
pub(in crate::backend::cpu) const ATANH: [f32; 8] =
    [1.0, 1.0 / 3.0, 1.0 / 5.0, 1.0 / 7.0, 1.0 / 9.0, 1.0 / 11.0, 1.0 / 13.0, 1.0 / 15.0];

/// x = n ln 2 + r for −87 ≤ x ≤ 0: returns 2ⁿ and eʳ − 1. The polynomial is evaluated in pairs, which
/// do not depend on each other.
#[inline(always)]
fn reduce<A: Arithmetic>(x: f32) -> (f32, f32) {
    let rounded = A::mul_add(x, std::f32::consts::LOG2_E, ROUND);
    // The last bits of the sum are n; a conversion would check each lane's range.
    let exponent = rounded.to_bits().wrapping_sub(ROUND.to_bits() - 127);
    let n = rounded - ROUND;
    let r = A::mul_add(n, -LN_2[0], x);
    let r = A::mul_add(n, -LN_2[1], r);
    let square = r * r;
    let low = A::mul_add(r, EXP[1], EXP[0]);
    let middle = A::mul_add(r, EXP[3], EXP[2]);
    let high = A::mul_add(r, EXP[5], EXP[4]);
    let p = A::mul_add(A::mul_add(high, square, middle), square, low);
    (f32::from_bits(exponent << 23), A::mul_add(p, square, r))
}

/// eˣ for x ≤ 0, to two units in the last place. Below −87 it is 0.
#[inline(always)]
pub(in crate::backend::cpu) fn exp_negative<A: Arithmetic, const N: usize>(
    x: &[f32; N],
) -> [f32; N] {
    let mut y = [0.0; N];
    for lane in 0..N {
        let x = x[lane];
        let clamped = if x < -87.0 { -87.0 } else { x };
        let (power, less_one) = reduce::<A>(clamped);
        let scaled = A::mul_add(less_one, power, power);
        y[lane] = if x < -87.0 { 0.0 } else { scaled };
    }
    y
}

/// eˣ − 1 for x ≤ 0, without cancelling where x is small. Below −87 it is −1.
#[inline(always)]
pub(super) fn exp_m1_negative<A: Arithmetic, const N: usize>(x: &[f32; N]) -> [f32; N] {
    let mut y = [0.0; N];
    for lane in 0..N {
        let x = x[lane];
        let clamped = if x < -87.0 { -87.0 } else { x };
        let (power, less_one) = reduce::<A>(clamped);
        y[lane] = A::mul_add(less_one, power, power - 1.0);
    }
    y
}

/// e^−|z|, from which sigmoid and its logarithm are computed.
#[inline(always)]
pub(super) fn tail<A: Arithmetic, const N: usize>(z: &[f32; N]) -> [f32; N] {
    let mut x = [0.0; N];
    for lane in 0..N {
        x[lane] = -z[lane].abs();
    }
    exp_negative::<A, N>(&x)
}

/// ln(1 + e) for 0 ≤ e ≤ 1: 2 atanh(e / (2 + e)), as in `shaders/common/math.wgsl`.
#[inline(always)]
pub(super) fn ln_1p<A: Arithmetic>(e: f32) -> f32 {
    let s = e / (2.0 + e);
    let q = s * s;
    let [c0, c1, c2, c3, c4, c5, c6, c7] = ATANH;
    let series = A::mul_add(c7, q, c6);
    let series = A::mul_add(series, q, c5);
    let series = A::mul_add(series, q, c4);
    let series = A::mul_add(series, q, c3);
    let series = A::mul_add(series, q, c2);
    let series = A::mul_add(series, q, c1);
    let series = A::mul_add(series, q, c0);
    2.0 * s * series
}

/// 1 / (1 + e⁻ᶻ)
#[inline(always)]
pub(super) fn sigmoid<A: Arithmetic, const N: usize>(z: &[f32; N]) -> [f32; N] {
    let e = tail::<A, N>(z);
    let mut y = [0.0; N];
    for lane in 0..N {
        let numerator = if z[lane] < 0.0 { e[lane] } else { 1.0 };
        y[lane] = numerator / (1.0 + e[lane]);
    }
    y
}

/// (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), by e^−2|z| − 1.
#[inline(always)]
pub(super) fn tanh<A: Arithmetic, const N: usize>(z: &[f32; N]) -> [f32; N] {
    let mut x = [0.0; N];
    for lane in 0..N {
        x[lane] = -2.0 * z[lane].abs();
    }
    let m = exp_m1_negative::<A, N>(&x);
    let mut y = [0.0; N];
    for lane in 0..N {
        y[lane] = (-m[lane] / (2.0 + m[lane])).copysign(z[lane]);
        // `copysign` keeps NaN, which comes from m.
    }
    y
}

/// The error function, as `kernels/math.rs` has it.
#[inline(always)]
pub(super) fn erf<A: Arithmetic, const N: usize>(x: &[f32; N]) -> [f32; N] {
    let mut y = [0.0; N];
    for lane in 0..N {
        let x = x[lane];
        let q = x * x;
        let n = -2.726_142_3e-10;
        let n = A::mul_add(n, q, 2.770_681_4e-8);
        let n = A::mul_add(n, q, -2.101_024e-6);
        let n = A::mul_add(n, q, -5.692_506_4e-5);
        let n = A::mul_add(n, q, -7.349_906e-4);
        let n = A::mul_add(n, q, -2.954_6e-3);
        let n = A::mul_add(n, q, -1.609_603_3e-2);
        let d = -1.456_607_2e-5;
        let d = A::mul_add(d, q, -2.133_740_6e-4);
        let d = A::mul_add(d, q, -1.682_827e-3);
        let d = A::mul_add(d, q, -7.373_329e-3);
        let d = A::mul_add(d, q, -1.426_473_9e-2);
        let inside = x * n / d;
        y[lane] = if x.abs() >= 4.0 { 1f32.copysign(x) } else { inside };
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::cpu::lanes::{Fused, Plain};

    #[test]
    fn exp_keeps_float32s_digits() {
        for step in 0..8000 {
            let x = -(step as f32) / 92.0;
            let exact = f64::from(x).exp();
            let [plain, ..] = exp_negative::<Plain, _>(&[x; 4]);
            let [fused, ..] = exp_negative::<Fused, _>(&[x; 4]);
            for found in [plain, fused] {
                let error = (f64::from(found) - exact).abs();
                assert!(error <= 2.5e-7 * exact + 2e-38, "e^{x} is {found} for {exact}");
            }
        }
        assert!(exp_negative::<Plain, _>(&[f32::NAN; 4])[0].is_nan(), "NaN must show");
    }

    #[test]
    fn exp_m1_and_tanh_keep_their_digits_near_zero() {
        for power in -30..6 {
            let x = -(2f32.powi(power)) * 1.37;
            let [found, ..] = exp_m1_negative::<Plain, _>(&[x; 4]);
            let exact = f64::from(x).exp_m1();
            assert!((f64::from(found) - exact).abs() <= 3e-7 * exact.abs(), "expm1({x}): {found}");
            let [found, ..] = tanh::<Plain, _>(&[x; 4]);
            let exact = f64::from(x).tanh();
            assert!((f64::from(found) - exact).abs() <= 4e-7 * exact.abs(), "tanh({x}): {found}");
        }
        assert!(
            tanh::<Plain, _>(&[f32::NAN; 4])[0].is_nan()
                && exp_m1_negative::<Plain, _>(&[f32::NAN; 4])[0].is_nan()
        );
        assert_eq!(tanh::<Plain, _>(&[50.0; 4])[0], 1.0);
        assert_eq!(tanh::<Plain, _>(&[-50.0; 4])[0], -1.0);
    }
}
