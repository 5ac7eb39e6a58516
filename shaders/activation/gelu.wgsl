// y = z Phi(z), with the normal distribution Phi. The derivative is from z.
const RSQRT_2: f32 = 0.70710678118654752;    // 1 / sqrt(2)
const RSQRT_2_PI: f32 = 0.39894228040143268; // 1 / sqrt(2 pi)

fn activation(z: f32) -> f32 {
    return z * 0.5 * (1.0 + erf(z * RSQRT_2));
}

fn activation_derivative(kept: f32) -> f32 {
    let phi = RSQRT_2_PI * exp(-0.5 * kept * kept);
    return 0.5 * (1.0 + erf(kept * RSQRT_2)) + kept * phi;
}
