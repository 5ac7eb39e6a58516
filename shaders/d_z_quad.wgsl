// Four of d_z[B,O] that follow each other in a row, zero outside. Where the rows are multiples of
// four long it is one load.
fn d_z_quad(b: u32, o: u32) -> vec4<f32> {
    if (b >= control.rows || o >= p.outputs) {
        return vec4<f32>();
    }
    let at = b * p.outputs + o;
    if (OUTPUTS_BY_FOUR) {
        return d_z[at / 4u];
    }
    return vec4<f32>(
        d_z_quad_at(at, o),
        d_z_quad_at(at + 1u, o + 1u),
        d_z_quad_at(at + 2u, o + 2u),
        d_z_quad_at(at + 3u, o + 3u),
    );
}

fn d_z_quad_at(at: u32, o: u32) -> f32 {
    if (o < p.outputs) {
        return d_z[at / 4u][at % 4u];
    }
    return 0.0;
}
