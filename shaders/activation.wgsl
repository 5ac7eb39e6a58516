// The activations and their derivatives. ACTIVATION is one of the numbers that
// `kernels/activation.rs` gives out; the switch is on a constant and costs nothing.
override ACTIVATION: u32;

const RSQRT_2: f32 = 0.70710678118654752;     // 1 / sqrt(2)
const RSQRT_2_PI: f32 = 0.39894228040143268;  // 1 / sqrt(2 pi)

// y = f(z)
fn activation(z: f32) -> f32 {
    switch (ACTIVATION) {
        case 1u: { return sigmoid(z); }
        // Past 10 it is 1 in float32; some drivers overflow in their own formula.
        case 2u: { return tanh(clamp(z, -10.0, 10.0)); }
        // Not max(z, 0), which would make 0 of NaN and hide that training has diverged.
        case 3u: { return select(z, 0.0, z < 0.0); }
        case 4u: { return select(0.01 * z, z, z > 0.0); }
        case 5u: { return select(expm1(min(z, 0.0)), z, z > 0.0); }
        case 6u: { return z * 0.5 * (1.0 + erf(z * RSQRT_2)); }
        case 7u: { return z * sigmoid(z); }
        case 8u: { return softplus(z); }
        default: { return z; }
    }
}

// f'(z), from what the forward pass kept: y where that is enough, z for gelu and silu.
fn activation_derivative(kept: f32) -> f32 {
    switch (ACTIVATION) {
        case 1u: { return kept * (1.0 - kept); }
        case 2u: { return 1.0 - kept * kept; }
        case 3u: { return select(0.0, 1.0, kept > 0.0); }
        case 4u: { return select(0.01, 1.0, kept > 0.0); }
        case 5u: { return select(kept + 1.0, 1.0, kept > 0.0); }
        case 6u: {
            let phi = RSQRT_2_PI * exp(-0.5 * kept * kept);
            return 0.5 * (1.0 + erf(kept * RSQRT_2)) + kept * phi;
        }
        case 7u: {
            let s = sigmoid(kept);
            return s * (1.0 + kept * (1.0 - s));
        }
        // sigmoid(z) = 1 - e^-softplus(z)
        case 8u: { return -expm1(-kept); }
        default: { return 1.0; }
    }
}
