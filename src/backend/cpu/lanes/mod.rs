//! Activations and losses of numbers side by side, written so that the compiler vectorizes them: every
//! loop runs over a fixed number of lanes and calls nothing. The type `A` says how the caller's
//! processor rounds.

mod arithmetic;
mod math;

use crate::kernels::Function;
use crate::spec::Activation;

pub(super) use arithmetic::{Arithmetic, Fused, Plain};
pub(super) use math::{ATANH, ROUND, exp_negative};

/// Numbers side by side.
pub(super) trait Lanes {
    /// self += scale · other
    fn add_scaled<A: Arithmetic>(&mut self, scale: f32, other: &Self);
    /// Σ self · other, in a fixed order.
    fn dot(&self, other: &Self) -> f32;
    /// Σ self, in the same order.
    fn sum(&self) -> f32;
}

impl<const N: usize> Lanes for [f32; N] {
    #[inline(always)]
    fn add_scaled<A: Arithmetic>(&mut self, scale: f32, other: &Self) {
        for lane in 0..N {
            self[lane] = A::mul_add(scale, other[lane], self[lane]);
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
        // One half onto the other, as SIMD adds up a vector.
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

/// f of every lane. An f that calls `A` says `inline(always)`: otherwise the compiler may leave it a
/// function of its own, without the instructions that the caller has.
#[inline(always)]
fn each<const N: usize>(x: &[f32; N], f: impl Fn(f32) -> f32) -> [f32; N] {
    let mut y = [0.0; N];
    for lane in 0..N {
        y[lane] = f(x[lane]);
    }
    y
}

/// f of every lane of a and b.
#[inline(always)]
fn both<const N: usize>(a: &[f32; N], b: &[f32; N], f: impl Fn(f32, f32) -> f32) -> [f32; N] {
    let mut y = [0.0; N];
    for lane in 0..N {
        y[lane] = f(a[lane], b[lane]);
    }
    y
}

/// y = f(z)
#[inline(always)]
pub(super) fn activate<A: Arithmetic, const N: usize>(
    function: Function,
    z: &[f32; N],
) -> [f32; N] {
    let Function::Of(activation) = function else { return *z };
    match activation {
        Activation::Sigmoid => math::sigmoid::<A, N>(z),
        Activation::Tanh => math::tanh::<A, N>(z),
        // Not `max`, which would turn NaN into 0 and hide that training has diverged.
        Activation::Relu => each(z, |z| if z < 0.0 { 0.0 } else { z }),
        Activation::LeakyRelu => each(z, |z| if z > 0.0 { z } else { 0.01 * z }),
        Activation::Elu => {
            let below = math::exp_m1_negative::<A, N>(&each(z, |z| if z > 0.0 { 0.0 } else { z }));
            both(z, &below, |z, below| if z > 0.0 { z } else { below })
        }
        Activation::Gelu => {
            let erf = math::erf::<A, N>(&each(z, |z| z * std::f32::consts::FRAC_1_SQRT_2));
            both(z, &erf, |z, erf| z * 0.5 * (1.0 + erf))
        }
        Activation::Silu => both(z, &math::sigmoid::<A, N>(z), |z, s| z * s),
        Activation::Softplus => both(
            z,
            &math::tail::<A, N>(z),
            #[inline(always)]
            |z, e| {
                let above = if z > 0.0 { z } else { 0.0 };
                above + math::ln_1p::<A>(e)
            },
        ),
    }
}

/// f′, from what the forward pass kept: y, or z for GELU and SiLU.
#[inline(always)]
fn derivative<A: Arithmetic, const N: usize>(activation: Activation, kept: &[f32; N]) -> [f32; N] {
    match activation {
        Activation::Sigmoid => each(kept, |y| y * (1.0 - y)),
        Activation::Tanh => each(kept, |y| 1.0 - y * y),
        Activation::Relu => each(kept, |y| if y > 0.0 { 1.0 } else { 0.0 }),
        Activation::LeakyRelu => each(kept, |y| if y > 0.0 { 1.0 } else { 0.01 }),
        Activation::Elu => each(kept, |y| if y > 0.0 { 1.0 } else { y + 1.0 }),
        Activation::Gelu => {
            const RSQRT_2_PI: f32 = 0.398_942_3;
            let erf = math::erf::<A, N>(&each(kept, |z| z * std::f32::consts::FRAC_1_SQRT_2));
            let phi = exp_negative::<A, N>(&each(kept, |z| -0.5 * z * z));
            let by_phi = both(kept, &phi, |z, phi| z * (RSQRT_2_PI * phi));
            both(&erf, &by_phi, |erf, by_phi| 0.5 * (1.0 + erf) + by_phi)
        }
        Activation::Silu => {
            both(kept, &math::sigmoid::<A, N>(kept), |z, s| s * (1.0 + z * (1.0 - s)))
        }
        Activation::Softplus => {
            each(&math::exp_m1_negative::<A, N>(&each(kept, |y| -y)), |negative| -negative)
        }
    }
}

/// d_z = d_y · f′
#[inline(always)]
pub(super) fn derive<A: Arithmetic, const N: usize>(
    function: Function,
    d: &mut [f32; N],
    kept: &[f32; N],
) {
    let Function::Of(activation) = function else { return };
    let slope = derivative::<A, N>(activation, kept);
    for lane in 0..N {
        d[lane] *= slope[lane];
    }
}

/// Binary cross-entropy of one output, as `kernels/loss_gradient.rs` has it: loss, score and d_z of
/// each lane.
#[inline(always)]
pub(super) fn bce<A: Arithmetic, const N: usize>(
    z: &[f32; N],
    t: &[f32; N],
    d_z: &mut [f32; N],
    rows: usize,
) -> [[f32; N]; 2] {
    let e = math::tail::<A, N>(z);
    let log = each(
        &e,
        #[inline(always)]
        |e| math::ln_1p::<A>(e),
    );
    let scale = 1.0 / rows as f32;
    let (mut loss, mut score) = ([0.0; N], [0.0; N]);
    for lane in 0..N {
        let (z, t, log) = (z[lane], t[lane], log[lane]);
        let ln_p = if z < 0.0 { z - log } else { -log };
        let ln_not_p = if z > 0.0 { -z - log } else { -log };
        // Not `max`, which would hide NaN.
        let ln_p = if ln_p < -100.0 { -100.0 } else { ln_p };
        let ln_not_p = if ln_not_p < -100.0 { -100.0 } else { ln_not_p };
        loss[lane] = -(t * ln_p + (1.0 - t) * ln_not_p);
    }
    for lane in 0..N {
        let (z, t, e) = (z[lane], t[lane], e[lane]);
        let (small, large) = (e / (1.0 + e), 1.0 / (1.0 + e));
        let (p, not_p) = if z < 0.0 { (small, large) } else { (large, small) };
        score[lane] = if (p > 0.5) == (t > 0.5) { 1.0 } else { 0.0 };
        d_z[lane] = ((1.0 - t) * p - t * not_p) * scale;
    }
    [loss, score]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the twin, whose functions are the standard library's: both are within a few units
    /// in the last place of the exact ones.
    #[test]
    fn every_activation_agrees_with_its_twin() {
        for &activation in Activation::ALL {
            let function = Function::Of(activation);
            for step in -4000..4000 {
                let z = step as f32 / 100.0 + 0.003;
                let [y, ..] = activate::<Plain, _>(function, &[z; 4]);
                let twin = function.value(z);
                let near = |a: f32, b: f32| (a - b).abs() <= 4e-7 * (b.abs() + z.abs().min(1.0));
                assert!(near(y, twin), "{activation}({z}) is {y}, its twin {twin}");
                let kept = if function.keeps_z() { z } else { twin };
                let mut d = [1.0; 4];
                derive::<Plain, _>(function, &mut d, &[kept; 4]);
                let twin = function.derivative(kept);
                assert!(
                    (d[0] - twin).abs() <= 4e-7 * (1.0 + z.abs().min(1.0)),
                    "{activation}'({z})"
                );
            }
            let [y, ..] = activate::<Plain, _>(function, &[f32::NAN; 4]);
            assert!(y.is_nan(), "{activation} hides NaN");
        }
    }
}
