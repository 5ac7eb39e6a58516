// y = z above 0, and a hundredth of it below.
fn activation(z: f32) -> f32 {
    return select(0.01 * z, z, z > 0.0);
}

fn activation_derivative(kept: f32) -> f32 {
    return select(0.01, 1.0, kept > 0.0);
}
