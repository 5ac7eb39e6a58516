// The activations and their derivatives. ACTIVATION is one of the numbers that
// `kernels/activation.rs` gives out; the switch is on a constant and costs nothing but its
// compilation. A derivative comes from what the forward pass kept: y where that is enough, z for
// gelu and silu.
override ACTIVATION: u32;

const RSQRT_2: f32 = 0.70710678118654752;     // 1 / sqrt(2)
const RSQRT_2_PI: f32 = 0.39894228040143268;  // 1 / sqrt(2 pi)

fn identity(z: f32) -> f32 {
    return z;
}

fn identity_derivative(kept: f32) -> f32 {
    return 1.0;
}

// `sigmoid` itself is a piece of `math.wgsl`.
fn sigmoid_derivative(kept: f32) -> f32 {
    return kept * (1.0 - kept);
}

// Past 10 it is 1 in float32; some drivers overflow in their own formula.
fn bounded_tanh(z: f32) -> f32 {
    return tanh(clamp(z, -10.0, 10.0));
}

fn bounded_tanh_derivative(kept: f32) -> f32 {
    return 1.0 - kept * kept;
}

// Not max(z, 0), which would make 0 of NaN and hide that training has diverged.
fn relu(z: f32) -> f32 {
    return select(z, 0.0, z < 0.0);
}

fn relu_derivative(kept: f32) -> f32 {
    return select(0.0, 1.0, kept > 0.0);
}

fn leaky_relu(z: f32) -> f32 {
    return select(0.01 * z, z, z > 0.0);
}

fn leaky_relu_derivative(kept: f32) -> f32 {
    return select(0.01, 1.0, kept > 0.0);
}

fn elu(z: f32) -> f32 {
    return select(expm1(min(z, 0.0)), z, z > 0.0);
}

fn elu_derivative(kept: f32) -> f32 {
    return select(kept + 1.0, 1.0, kept > 0.0);
}

fn gelu(z: f32) -> f32 {
    return z * 0.5 * (1.0 + erf(z * RSQRT_2));
}

fn gelu_derivative(kept: f32) -> f32 {
    let phi = RSQRT_2_PI * exp(-0.5 * kept * kept);
    return 0.5 * (1.0 + erf(kept * RSQRT_2)) + kept * phi;
}

fn silu(z: f32) -> f32 {
    return z * sigmoid(z);
}

fn silu_derivative(kept: f32) -> f32 {
    let s = sigmoid(kept);
    return s * (1.0 + kept * (1.0 - s));
}

// Softplus itself is a piece of `math.wgsl`: sigmoid(z) = 1 - e^-softplus(z)
fn softplus_derivative(kept: f32) -> f32 {
    return -expm1(-kept);
}

// y = f(z)
fn activation(z: f32) -> f32 {
    switch (ACTIVATION) {
        case 1u: { return sigmoid(z); }
        case 2u: { return bounded_tanh(z); }
        case 3u: { return relu(z); }
        case 4u: { return leaky_relu(z); }
        case 5u: { return elu(z); }
        case 6u: { return gelu(z); }
        case 7u: { return silu(z); }
        case 8u: { return softplus(z); }
        default: { return identity(z); }
    }
}

// f'(z)
fn activation_derivative(kept: f32) -> f32 {
    switch (ACTIVATION) {
        case 1u: { return sigmoid_derivative(kept); }
        case 2u: { return bounded_tanh_derivative(kept); }
        case 3u: { return relu_derivative(kept); }
        case 4u: { return leaky_relu_derivative(kept); }
        case 5u: { return elu_derivative(kept); }
        case 6u: { return gelu_derivative(kept); }
        case 7u: { return silu_derivative(kept); }
        case 8u: { return softplus_derivative(kept); }
        default: { return identity_derivative(kept); }
    }
}
