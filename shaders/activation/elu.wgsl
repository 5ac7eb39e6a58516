// y = z above 0, and e^z - 1 below.
fn activation(z: f32) -> f32 {
    return select(expm1(min(z, 0.0)), z, z > 0.0);
}

fn activation_derivative(kept: f32) -> f32 {
    return select(kept + 1.0, 1.0, kept > 0.0);
}
