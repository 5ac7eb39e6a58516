// y = tanh(z)
// Past 10 it is 1 in float32; some drivers overflow in their own formula.
fn activation(z: f32) -> f32 {
    return tanh(clamp(z, -10.0, 10.0));
}

fn activation_derivative(kept: f32) -> f32 {
    return 1.0 - kept * kept;
}
