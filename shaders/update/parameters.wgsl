// The update by a gradient as it comes from its sum.
fn update(index: u32, d_parameter: f32) {
    let weight = index < p.outputs * p.inputs;
    optimize_at(index, regularized(d_parameter, parameters[index], weight, p.hyper));
}

// Only a gradient that is kept is summed in parts.
fn sum_so_far(index: u32) -> f32 {
    return 0.0;
}
