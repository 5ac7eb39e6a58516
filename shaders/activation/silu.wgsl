// y = z sigmoid(z). The derivative is from z.
fn activation(z: f32) -> f32 {
    return z * sigmoid(z);
}

fn activation_derivative(kept: f32) -> f32 {
    let s = sigmoid(kept);
    return s * (1.0 + kept * (1.0 - s));
}
