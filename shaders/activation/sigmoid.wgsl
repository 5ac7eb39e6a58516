// y = sigmoid(z), which is a piece of `common/math.wgsl`.
fn activation(z: f32) -> f32 {
    return sigmoid(z);
}

fn activation_derivative(kept: f32) -> f32 {
    return kept * (1.0 - kept);
}
