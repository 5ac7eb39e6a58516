//! The twin of `shaders/common/math.wgsl`: here the standard library has what WGSL lacks.

/// 1 / (1 + e⁻ᶻ)
pub(crate) fn sigmoid(z: f32) -> f32 {
    let e = (-z.abs()).exp();
    if z < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}

/// ln(1 + eᶻ)
pub(crate) fn softplus(z: f32) -> f32 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

/// The error function: the rational approximation that Eigen and XLA use for float32.
pub(crate) fn erf(x: f32) -> f32 {
    const NUMERATOR: [f32; 7] = [
        -2.726_142_3e-10,
        2.770_681_4e-8,
        -2.101_024e-6,
        -5.692_506_4e-5,
        -7.349_906e-4,
        -2.954_6e-3,
        -1.609_603_3e-2,
    ];
    const DENOMINATOR: [f32; 5] =
        [-1.456_607_2e-5, -2.133_740_6e-4, -1.682_827e-3, -7.373_329e-3, -1.426_473_9e-2];
    // Past 4 it is 1 in float32, exactly: times a large x, a rest of 1 + erf would be large too.
    if x.abs() >= 4.0 {
        return x.signum();
    }
    let q = x * x;
    let horner = |coefficients: &[f32]| coefficients.iter().fold(0.0, |sum, a| sum * q + a);
    x * horner(&NUMERATOR) / horner(&DENOMINATOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2/√π Σ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n+1)), in f64: exact enough below 4.
    fn erf_series(x: f64) -> f64 {
        let mut term = x;
        let mut sum = x;
        for n in 1..200 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        sum * 2.0 / std::f64::consts::PI.sqrt()
    }

    #[test]
    fn erf_keeps_float32s_digits() {
        for step in -400..=400 {
            let x = step as f32 / 100.0;
            let exact = erf_series(f64::from(x));
            let error = (f64::from(erf(x)) - exact).abs();
            assert!(error <= 4e-7 * exact.abs().max(1e-3), "erf({x}) is off by {error}");
        }
    }

    #[test]
    fn nothing_overflows() {
        for z in [-1e30, -200.0, 0.0, 200.0, 1e30] {
            assert!((0.0..=1.0).contains(&sigmoid(z)));
            assert!(softplus(z).is_finite());
            assert!(erf(z).abs() <= 1.000_001);
        }
    }
}
