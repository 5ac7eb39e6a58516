// The update of Adam and AdamW.
@group(0) @binding(UPDATED) var<storage, read_write> parameters: array<f32>; // W[O, I], then b[O]
@group(0) @binding(UPDATED + 1u) var<storage, read_write> exp_avg: array<f32>; // mean of g
@group(0) @binding(UPDATED + 2u) var<storage, read_write> exp_avg_sq: array<f32>; // mean of g^2

fn optimize_at(index: u32, g: f32) {
    let before = vec2<f32>(exp_avg[index], exp_avg_sq[index]);
    let lr = p.lr * control.schedule;
    let after = optimize(parameters[index], g, before, control.step, lr, p.hyper);
    parameters[index] = after.parameter;
    exp_avg[index] = after.state.x;
    exp_avg_sq[index] = after.state.y;
}
