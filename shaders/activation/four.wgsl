// An activation and its derivative, four at a time.
fn activations(z: vec4<f32>) -> vec4<f32> {
    return vec4<f32>(activation(z.x), activation(z.y), activation(z.z), activation(z.w));
}

fn derivatives(kept: vec4<f32>) -> vec4<f32> {
    return vec4<f32>(
        activation_derivative(kept.x),
        activation_derivative(kept.y),
        activation_derivative(kept.z),
        activation_derivative(kept.w),
    );
}
