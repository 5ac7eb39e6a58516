// The update by a gradient as it comes from its sum.
fn update(index: u32, d_parameter: f32) {
    let weight = index < p.outputs * p.inputs;
    optimize_at(index, regularized(d_parameter, parameters[index], weight, p.hyper));
}
