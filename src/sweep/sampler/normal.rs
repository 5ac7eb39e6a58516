//! The normal distribution truncated to an interval \[a, b\], as Optuna computes it
//! (`optuna/samplers/_tpe/_truncnorm.py`, after SciPy's `truncnorm`), standardised: mean 0, deviation 1.

use std::f64::consts::{PI, SQRT_2};

use libm::{erf, erfc, exp, expm1, log, log1p, sqrt};

/// ln √(2π)
fn log_root_tau() -> f64 {
    log(sqrt(2.0 * PI))
}

/// Φ(x), the share below x.
fn below(x: f64) -> f64 {
    0.5 + 0.5 * erf(x / SQRT_2)
}

/// ln Φ(x), accurate in the lower tail: by the asymptotic series below −20.
fn log_below(x: f64) -> f64 {
    if x > 6.0 {
        return -0.5 * erfc(x / SQRT_2);
    }
    if x > -20.0 {
        return log(0.5 * erfc(-x / SQRT_2));
    }
    let square = 1.0 / (x * x);
    let (mut sum, mut term, mut last) = (1.0, 1.0, 0.0);
    let mut odd = 1.0;
    while f64::abs(last - sum) > f64::EPSILON {
        last = sum;
        term *= -square * odd;
        odd += 2.0;
        sum += term;
    }
    -0.5 * x * x - log(-x) - 0.5 * log(2.0 * PI) + log(sum)
}

/// ln (Φ(b) − Φ(a))
pub(super) fn log_mass(a: f64, b: f64) -> f64 {
    let left = |a: f64, b: f64| {
        let (low, high) = (log_below(a), log_below(b));
        high + log1p(-exp(low - high))
    };
    if b <= 0.0 {
        left(a, b)
    } else if a > 0.0 {
        // The upper tail is inaccurate: its mirror image is not.
        left(-b, -a)
    } else {
        log1p(-below(a) - below(-b))
    }
}

/// The logarithm of the density at x, not truncated yet.
pub(super) fn log_density(x: f64) -> f64 {
    -x * x / 2.0 - log_root_tau()
}

/// The number below which a share q in \[0, 1) of the truncated distribution lies.
pub(super) fn quantile(q: f64, a: f64, b: f64) -> f64 {
    if q == 0.0 {
        return a;
    }
    let mass = log_mass(a, b);
    if a < 0.0 {
        log_below_inverse(log_sum(log_below(a), log(q) + mass))
    } else {
        -log_below_inverse(log_sum(log_below(-b), log1p(-q) + mass))
    }
}

/// ln (eᵖ + eᑫ)
fn log_sum(p: f64, q: f64) -> f64 {
    let (low, high) = (p.min(q), p.max(q));
    if low == f64::NEG_INFINITY { high } else { high + log1p(exp(low - high)) }
}

/// x with ln Φ(x) = y, by Newton's method from an approximation: of the tail where y is below −5, else
/// the logistic distribution.
fn log_below_inverse(y: f64) -> f64 {
    // Near 1 its complement is accurate.
    let is_flipped = y > -1e-2;
    let y = if is_flipped { log(-expm1(y)) } else { y };
    let mut x = if y < -5.0 {
        -sqrt(-2.0 * (y + log_root_tau()))
    } else {
        -sqrt(3.0) / PI * log(expm1(-y))
    };
    for _ in 0..100 {
        let own = log_below(x);
        let step = (own - y) * exp(own - log_density(x));
        x -= step;
        if step.abs() < 1e-8 * x.abs() {
            break;
        }
    }
    if is_flipped { -x } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against `scipy.stats.norm.logcdf` and `scipy.stats.truncnorm.ppf`.
    #[test]
    fn agrees_with_scipy() {
        let close = |own: f64, expected: f64| {
            assert!((own / expected - 1.0).abs() < 1e-9, "{own} instead of {expected}");
        };
        close(log_below(-30.0), -454.32124395634327);
        close(log_below(-8.0), -35.01343715991456);
        close(log_below(-0.5), -1.1759117615936188);
        close(log_below(0.3), -0.4814101615884813);
        close(log_below(4.0), -3.1671743377489206e-05);
        close(log_below(7.0), -1.2798125438866539e-12);
        close(quantile(0.3, -1.0, 2.0), -0.2424038178892269);
        close(quantile(0.9, 3.0, 5.0), 3.642030914652575);
        close(quantile(0.5, -12.0, -10.0), -10.068411836058495);
        close(quantile(0.99, -0.5, 0.5), 0.4891527251219446);
        close(quantile(0.001, 0.0, 1.0), 0.0008556244962916743);
    }

    #[test]
    fn quantiles_stay_in_the_interval() {
        for (a, b) in [(-1.0, 2.0), (3.0, 5.0), (-40.0, -38.0), (0.0, 1e-3), (-1e-9, 30.0)] {
            for q in [0.0, 1e-12, 0.3, 0.999_999] {
                let x = quantile(q, a, b);
                assert!(x >= a - 1e-7 && x <= b + 1e-7, "{q} of [{a}, {b}]: {x}");
            }
        }
        assert!((log_mass(-1.0, 1.0) - log(1.0 - 2.0 * below(-1.0))).abs() < 1e-12);
        assert!(log_mass(-60.0, -59.0).is_finite());
    }
}
