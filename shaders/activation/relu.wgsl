// y = z above 0, and 0 below.
// Not max(z, 0), which would make 0 of NaN and hide that training has diverged.
fn activation(z: f32) -> f32 {
    return select(z, 0.0, z < 0.0);
}

fn activation_derivative(kept: f32) -> f32 {
    return select(0.0, 1.0, kept > 0.0);
}
