// y = ln(1 + e^z), a piece of `common/math.wgsl`; sigmoid(z) = 1 - e^-y.
fn activation(z: f32) -> f32 {
    return softplus(z);
}

fn activation_derivative(kept: f32) -> f32 {
    return -expm1(-kept);
}
