// The update of an optimizer that remembers its momentum.
@group(0) @binding(3) var<storage, read_write> parameters: array<f32>; // W[O, I], then b[O]
@group(0) @binding(4) var<storage, read_write> momentum: array<f32>;   // the same

fn update(index: u32, d_parameter: f32) {
    let before = vec2<f32>(momentum[index], 0.0);
    let after = optimize(parameters[index], d_parameter, before, control.step, p.lr, p.hyper);
    parameters[index] = after.parameter;
    momentum[index] = after.memory.x;
}
