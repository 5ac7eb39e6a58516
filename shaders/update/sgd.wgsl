// The update of plain gradient descent, which has no state.
@group(0) @binding(UPDATED) var<storage, read_write> parameters: array<f32>; // W[O, I], then b[O]

fn optimize_at(index: u32, g: f32) {
    let none = vec2<f32>();
    let lr = p.lr * control.schedule;
    let after = optimize(parameters[index], g, none, control.step, lr, p.hyper);
    parameters[index] = after.parameter;
}
