// Four of W[O,I] that follow each other in a row, zero outside. Where the rows are multiples of
// four long it is one load.
fn weight_quad(o: u32, i: u32) -> vec4<f32> {
    if (o >= p.outputs || i >= p.inputs) {
        return vec4<f32>();
    }
    let at = o * p.inputs + i;
    if (INPUTS_BY_FOUR) {
        return parameters[at / 4u];
    }
    return vec4<f32>(
        weight_quad_at(at, i),
        weight_quad_at(at + 1u, i + 1u),
        weight_quad_at(at + 2u, i + 2u),
        weight_quad_at(at + 3u, i + 3u),
    );
}

fn weight_quad_at(at: u32, i: u32) -> f32 {
    if (i < p.inputs) {
        return parameters[at / 4u][at % 4u];
    }
    return 0.0;
}
