// The update of gradient descent with momentum.
@group(0) @binding(UPDATED) var<storage, read_write> parameters: array<f32>; // W[O, I], then b[O]
@group(0) @binding(UPDATED + 1u) var<storage, read_write> momentum_buffer: array<f32>; // the same

fn optimize_at(index: u32, g: f32) {
    let before = vec2<f32>(momentum_buffer[index], 0.0);
    let lr = p.lr * control.schedule;
    let after = optimize(parameters[index], g, before, control.step, lr, p.hyper);
    parameters[index] = after.parameter;
    momentum_buffer[index] = after.state.x;
}
