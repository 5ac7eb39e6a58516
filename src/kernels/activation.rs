//! Activations and their derivatives: the twins of `shaders/activation/`. A derivative comes from what
//! the forward pass kept: y where that is enough, z for GELU and SiLU, which are not monotonic, so that
//! one y has two slopes.

use std::f32::consts::FRAC_1_SQRT_2;

use super::Module;
use super::math::{erf, sigmoid, softplus};
use super::shader::piece;
use crate::spec::Activation;

/// What a layer's kernel does with z: nothing, or an activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// y = z
    Identity,
    /// y = f(z)
    Of(Activation),
}

/// Declares the activations: the piece of WGSL in `shaders/activation/`, y = f(z), and f′ from y or, for
/// those that are not monotonic, from z, which the forward pass then has to keep.
macro_rules! functions {
    ($($activation:ident: $piece:literal, |$z:ident| $value:expr, $from:ident |$kept:ident| $derivative:expr;)+) => {
        impl Function {
            /// The piece of WGSL with the functions `activation` and `activation_derivative`. A switch
            /// over all of them would cost nothing but its compilation, which takes some drivers
            /// seconds.
            pub(super) const fn piece(self) -> Module {
                let Self::Of(activation) = self else { return piece!("activation/identity") };
                match activation {
                    $(Activation::$activation => piece!("activation/", $piece),)+
                }
            }

            /// y = f(z)
            #[inline]
            pub fn value(self, z: f32) -> f32 {
                let Self::Of(activation) = self else { return z };
                match activation {
                    $(Activation::$activation => {
                        let $z = z;
                        $value
                    })+
                }
            }

            /// Whether the backward pass needs z, since the derivative cannot be had from y.
            pub(crate) const fn keeps_z(self) -> bool {
                let Self::Of(activation) = self else { return false };
                match activation {
                    $(Activation::$activation => functions!(@keeps $from),)+
                }
            }

            /// f′, from what the forward pass kept: y or, where [`Function::keeps_z`], z.
            #[inline]
            pub(crate) fn derivative(self, kept: f32) -> f32 {
                let Self::Of(activation) = self else { return 1.0 };
                match activation {
                    $(Activation::$activation => {
                        let $kept = kept;
                        $derivative
                    })+
                }
            }
        }
    };
    (@keeps y) => { false };
    (@keeps z) => { true };
}

functions! {
    Sigmoid: "sigmoid", |z| sigmoid(z), y |y| y * (1.0 - y);
    Tanh: "tanh", |z| z.tanh(), y |y| 1.0 - y * y;
    // Not `max`, which would make 0 of NaN and hide that training has diverged.
    Relu: "relu", |z| if z < 0.0 { 0.0 } else { z }, y |y| if y > 0.0 { 1.0 } else { 0.0 };
    LeakyRelu: "leaky_relu", |z| if z > 0.0 { z } else { 0.01 * z }, y |y| if y > 0.0 { 1.0 } else { 0.01 };
    Elu: "elu", |z| if z > 0.0 { z } else { z.exp_m1() }, y |y| if y > 0.0 { 1.0 } else { y + 1.0 };
    Gelu: "gelu", |z| z * 0.5 * (1.0 + erf(z * FRAC_1_SQRT_2)), z |z| {
        const RSQRT_2_PI: f32 = 0.398_942_3;
        let phi = RSQRT_2_PI * (-0.5 * z * z).exp();
        0.5 * (1.0 + erf(z * FRAC_1_SQRT_2)) + z * phi
    };
    Silu: "silu", |z| z * sigmoid(z), z |z| {
        let s = sigmoid(z);
        s * (1.0 + z * (1.0 - s))
    };
    Softplus: "softplus", |z| softplus(z), y |y| -(-y).exp_m1();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each activation and its derivative in f64, written out from the definition.
    fn exact(activation: Activation, z: f64) -> f64 {
        let phi = |x: f64| 0.5 * libm_erfc(-x / std::f64::consts::SQRT_2);
        match activation {
            Activation::Sigmoid => 1.0 / (1.0 + (-z).exp()),
            Activation::Tanh => z.tanh(),
            // Not `max`, which would make 0 of NaN and hide that training has diverged.
            Activation::Relu if z < 0.0 => 0.0,
            Activation::Relu => z,
            Activation::LeakyRelu => {
                if z > 0.0 {
                    z
                } else {
                    0.01 * z
                }
            }
            Activation::Elu => {
                if z > 0.0 {
                    z
                } else {
                    z.exp_m1()
                }
            }
            Activation::Gelu => z * phi(z),
            Activation::Silu => z / (1.0 + (-z).exp()),
            Activation::Softplus => z.max(0.0) + (-z.abs()).exp().ln_1p(),
        }
    }

    /// erfc by the series of erf: enough for |x| ≤ 3.
    fn libm_erfc(x: f64) -> f64 {
        let mut term = x;
        let mut sum = x;
        for n in 1..200 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        1.0 - sum * 2.0 / std::f64::consts::PI.sqrt()
    }

    #[test]
    fn values_and_finite_differences_agree_in_f64() {
        for &activation in Activation::ALL {
            let function = Function::Of(activation);
            for step in -40..40 {
                let z = step as f32 / 10.0 + 0.013;
                let y = function.value(z);
                let value = exact(activation, f64::from(z));
                assert!((f64::from(y) - value).abs() < 1e-6, "{activation}({z})");
                let h = 1e-5;
                let slope = (exact(activation, f64::from(z) + h)
                    - exact(activation, f64::from(z) - h))
                    / (2.0 * h);
                let kept = if function.keeps_z() { z } else { y };
                let found = f64::from(function.derivative(kept));
                assert!((found - slope).abs() < 2e-6, "{activation}'({z}): {found} for {slope}");
            }
        }
    }
}
