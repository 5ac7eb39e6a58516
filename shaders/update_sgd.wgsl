// The update of an optimizer that remembers nothing.
@group(0) @binding(3) var<storage, read_write> parameters: array<f32>; // W[O, I], then b[O]

fn update(index: u32, d_parameter: f32) {
    let none = vec2<f32>();
    let after = optimize(parameters[index], d_parameter, none, control.step, p.lr, p.hyper);
    parameters[index] = after.parameter;
}
