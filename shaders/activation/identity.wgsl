// No activation: y = z.
fn activation(z: f32) -> f32 {
    return z;
}

fn activation_derivative(kept: f32) -> f32 {
    return 1.0;
}
