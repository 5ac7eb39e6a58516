//! Exponentials and what is made of them, lane by lane: every loop runs over a fixed number of
//! lanes and calls nothing, so that the compiler makes SIMD of it.

/// 1.5 · 2²³: adding it rounds to a whole number.
const ROUND: f32 = 12_582_912.0;

/// x = n ln 2 + r for −87 ≤ x ≤ 0: 2ⁿ, and eʳ − 1 as Cephes' expf has it.
#[inline(always)]
fn reduce(x: f32) -> (f32, f32) {
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    // The last bits of the sum are n; a conversion would be guarded, lane by lane.
    let exponent = rounded.to_bits().wrapping_sub(ROUND.to_bits() - 127);
    let n = rounded - ROUND;
    let r = (x - n * 0.693_359_4) - n * -2.121_944_4e-4;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 0.166_666_65;
    let p = p * r + 0.5;
    (f32::from_bits(exponent << 23), p * r * r + r)
}

/// eˣ for x ≤ 0, to two units in the last place. Below −87 it is 0.
#[inline(always)]
pub(in crate::backend::cpu) fn exp_negative<const N: usize>(x: &[f32; N]) -> [f32; N] {
    let mut y = [0.0; N];
    for lane in 0..N {
        let x = x[lane];
        let clamped = if x < -87.0 { -87.0 } else { x };
        let (power, less_one) = reduce(clamped);
        let scaled = (less_one + 1.0) * power;
        y[lane] = if x < -87.0 { 0.0 } else { scaled };
    }
    y
}

/// eˣ − 1 for x ≤ 0, without cancelling where x is small. Below −87 it is −1.
#[inline(always)]
pub(super) fn exp_m1_negative<const N: usize>(x: &[f32; N]) -> [f32; N] {
    let mut y = [0.0; N];
    for lane in 0..N {
        let x = x[lane];
        let clamped = if x < -87.0 { -87.0 } else { x };
        let (power, less_one) = reduce(clamped);
        y[lane] = less_one * power + (power - 1.0);
    }
    y
}

/// e^−|z|, what the sigmoid and its logarithm are made of.
#[inline(always)]
pub(super) fn tail<const N: usize>(z: &[f32; N]) -> [f32; N] {
    let mut x = [0.0; N];
    for lane in 0..N {
        x[lane] = -z[lane].abs();
    }
    exp_negative(&x)
}

/// ln(1 + e) for 0 ≤ e ≤ 1: 2 atanh(e / (2 + e)), as in `shaders/math.wgsl`.
#[inline(always)]
pub(super) fn ln_1p(e: f32) -> f32 {
    let s = e / (2.0 + e);
    let q = s * s;
    let series = 1.0 / 15.0;
    let series = series * q + 1.0 / 13.0;
    let series = series * q + 1.0 / 11.0;
    let series = series * q + 1.0 / 9.0;
    let series = series * q + 1.0 / 7.0;
    let series = series * q + 1.0 / 5.0;
    let series = series * q + 1.0 / 3.0;
    2.0 * s * (series * q + 1.0)
}

/// 1 / (1 + e⁻ᶻ)
#[inline(always)]
pub(super) fn sigmoid<const N: usize>(z: &[f32; N]) -> [f32; N] {
    let e = tail(z);
    let mut y = [0.0; N];
    for lane in 0..N {
        let numerator = if z[lane] < 0.0 { e[lane] } else { 1.0 };
        y[lane] = numerator / (1.0 + e[lane]);
    }
    y
}

/// (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), by e^−2|z| − 1.
#[inline(always)]
pub(super) fn tanh<const N: usize>(z: &[f32; N]) -> [f32; N] {
    let mut x = [0.0; N];
    for lane in 0..N {
        x[lane] = -2.0 * z[lane].abs();
    }
    let m = exp_m1_negative(&x);
    let mut y = [0.0; N];
    for lane in 0..N {
        y[lane] = (-m[lane] / (2.0 + m[lane])).copysign(z[lane]);
        // `copysign` would hide the sign of NaN, not NaN itself: that comes through m.
    }
    y
}

/// The error function, as `kernels/math.rs` has it.
#[inline(always)]
pub(super) fn erf<const N: usize>(x: &[f32; N]) -> [f32; N] {
    let mut y = [0.0; N];
    for lane in 0..N {
        let x = x[lane];
        let q = x * x;
        let n = -2.726_142_3e-10;
        let n = n * q + 2.770_681_4e-8;
        let n = n * q + -2.101_024e-6;
        let n = n * q + -5.692_506_4e-5;
        let n = n * q + -7.349_906e-4;
        let n = n * q + -2.954_6e-3;
        let n = n * q + -1.609_603_3e-2;
        let d = -1.456_607_2e-5;
        let d = d * q + -2.133_740_6e-4;
        let d = d * q + -1.682_827e-3;
        let d = d * q + -7.373_329e-3;
        let d = d * q + -1.426_473_9e-2;
        let inside = x * n / d;
        y[lane] = if x.abs() >= 4.0 { 1f32.copysign(x) } else { inside };
    }
    y
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

    #[test]
    fn exp_m1_and_tanh_keep_their_digits_near_zero() {
        for power in -30..6 {
            let x = -(2f32.powi(power)) * 1.37;
            let [found, ..] = exp_m1_negative(&[x; 4]);
            let exact = f64::from(x).exp_m1();
            assert!((f64::from(found) - exact).abs() <= 3e-7 * exact.abs(), "expm1({x}): {found}");
            let [found, ..] = tanh(&[x; 4]);
            let exact = f64::from(x).tanh();
            assert!((f64::from(found) - exact).abs() <= 4e-7 * exact.abs(), "tanh({x}): {found}");
        }
        assert!(tanh(&[f32::NAN; 4])[0].is_nan() && exp_m1_negative(&[f32::NAN; 4])[0].is_nan());
        assert_eq!(tanh(&[50.0; 4])[0], 1.0);
        assert_eq!(tanh(&[-50.0; 4])[0], -1.0);
    }
}
