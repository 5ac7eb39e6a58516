// No update: the gradient is kept for whoever wants to see it.
@group(0) @binding(UPDATED) var<storage, read_write> gradient: array<f32>; // W[O, I], then b[O]

fn sum_so_far(index: u32) -> f32 {
    return gradient[index];
}

fn update(index: u32, d_parameter: f32) {
    gradient[index] = d_parameter;
}
