// The update of an optimizer that remembers its momentum.
@group(0) @binding(UPDATED) var<storage, read_write> parameters: array<f32>; // W[O, I], then b[O]
@group(0) @binding(UPDATED + 1u) var<storage, read_write> momentum: array<f32>; // the same

fn optimize_at(index: u32, g: f32) {
    let before = vec2<f32>(momentum[index], 0.0);
    let lr = p.lr * control.schedule;
    let after = optimize(parameters[index], g, before, control.step, lr, p.hyper);
    parameters[index] = after.parameter;
    momentum[index] = after.memory.x;
}
