// Gradient descent with momentum, as torch.optim.SGD has it: m = momentum m + g, p -= lr m, or
// p -= lr (g + momentum m) with Nesterov's look-ahead. m starts at zero, which makes the first
// step PyTorch's.
@group(0) @binding(3) var<storage, read_write> parameters: array<f32>; // W[O, I], then b[O]
@group(0) @binding(4) var<storage, read_write> momentum: array<f32>;   // the same

fn update(index: u32, d_parameter: f32) {
    let w = parameters[index];
    let g = d_parameter + p.weight_decay * w;
    let m = p.momentum * momentum[index] + g;
    momentum[index] = m;
    parameters[index] = w - p.lr * select(m, g + p.momentum * m, p.nesterov == 1u);
}
