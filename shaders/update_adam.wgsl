// The update of an optimizer that remembers the means of g and of g^2.
@group(0) @binding(UPDATED) var<storage, read_write> parameters: array<f32>; // W[O, I], then b[O]
@group(0) @binding(UPDATED + 1u) var<storage, read_write> m: array<f32>; // mean of g
@group(0) @binding(UPDATED + 2u) var<storage, read_write> v: array<f32>; // mean of g^2

fn optimize_at(index: u32, g: f32) {
    let before = vec2<f32>(m[index], v[index]);
    let lr = p.lr * control.schedule;
    let after = optimize(parameters[index], g, before, control.step, lr, p.hyper);
    parameters[index] = after.parameter;
    m[index] = after.memory.x;
    v[index] = after.memory.y;
}
