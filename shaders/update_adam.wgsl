// The update of an optimizer that remembers the means of g and of g^2.
@group(0) @binding(3) var<storage, read_write> parameters: array<f32>; // W[O, I], then b[O]
@group(0) @binding(4) var<storage, read_write> m: array<f32>;          // mean of g
@group(0) @binding(5) var<storage, read_write> v: array<f32>;          // mean of g^2

fn optimize_at(index: u32, g: f32) {
    let before = vec2<f32>(m[index], v[index]);
    let lr = p.lr * control.schedule;
    let after = optimize(parameters[index], g, before, control.step, lr, p.hyper);
    parameters[index] = after.parameter;
    m[index] = after.memory.x;
    v[index] = after.memory.y;
}
