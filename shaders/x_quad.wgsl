// Four of x[B,I] that follow each other in a row, zero outside. Where the rows are multiples of
// four long it is one load.
fn x_quad(b: u32, i: u32) -> vec4<f32> {
    if (b >= control.rows || i >= p.inputs) {
        return vec4<f32>();
    }
    let at = b * p.inputs + i;
    if (INPUTS_BY_FOUR) {
        return x[at / 4u];
    }
    return vec4<f32>(
        x_quad_at(at, i),
        x_quad_at(at + 1u, i + 1u),
        x_quad_at(at + 2u, i + 2u),
        x_quad_at(at + 3u, i + 3u),
    );
}

fn x_quad_at(at: u32, i: u32) -> f32 {
    if (i < p.inputs) {
        return x[at / 4u][at % 4u];
    }
    return 0.0;
}
