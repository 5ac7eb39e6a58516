// Functions that WGSL lacks, or whose direct form loses digits that float32 could keep.

// e^x - 1. Near zero, where the difference cancels, the first nine terms of the series: the next
// is below 2^-27 of the sum for |x| < 1/2.
fn expm1(x: f32) -> f32 {
    if (abs(x) < 0.5) {
        return x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0
            * (1.0 + x / 6.0 * (1.0 + x / 7.0 * (1.0 + x / 8.0 * (1.0 + x / 9.0))))))));
    }
    return exp(x) - 1.0;
}

// ln(1 + x) for x in [0, 1], as 2 atanh(x / (2 + x)): s <= 1/3, so s^17/17 is below 2^-30.
fn log1p(x: f32) -> f32 {
    let s = x / (2.0 + x);
    let q = s * s;
    return 2.0 * s * (1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0
        + q * (1.0 / 11.0 + q * (1.0 / 13.0 + q * (1.0 / 15.0))))))));
}

// 1 / (1 + e^-z) with an exponent that is never positive, so nothing overflows.
fn sigmoid(z: f32) -> f32 {
    let e = exp(-abs(z));
    return select(1.0, e, z < 0.0) / (1.0 + e);
}

// ln(1 + e^z)
fn softplus(z: f32) -> f32 {
    return max(z, 0.0) + log1p(exp(-abs(z)));
}

// The rational approximation that Eigen and XLA use for float32: a few units in the last place.
fn erf(x: f32) -> f32 {
    // Past 4 it is 1 in float32, exactly: times a large x, a rest of 1 + erf would be large too.
    if (abs(x) >= 4.0) {
        return sign(x);
    }
    let q = x * x;
    let numerator = -1.60960333262415e-02 + q * (-2.95459980854025e-03 + q * (-7.34990630326855e-04
        + q * (-5.69250639462346e-05 + q * (-2.10102402082508e-06 + q * (2.77068142495902e-08
        + q * -2.72614225801306e-10)))));
    let denominator = -1.42647390514189e-02 + q * (-7.37332916720468e-03
        + q * (-1.68282697438203e-03 + q * (-2.13374055278905e-04 + q * -1.45660718464996e-05)));
    return x * numerator / denominator;
}
