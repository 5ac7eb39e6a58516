// Gradient descent: p -= lr (g + weight_decay p).
@group(0) @binding(3) var<storage, read_write> parameters: array<f32>; // W[O, I], then b[O]

fn update(index: u32, d_parameter: f32) {
    let w = parameters[index];
    parameters[index] = w - p.lr * (d_parameter + p.weight_decay * w);
}
