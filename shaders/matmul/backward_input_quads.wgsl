// What `dense_backward_input` stores, where I is a multiple of four: four at a time.
@group(0) @binding(4) var<storage, read_write> d_z_below: array<vec4<f32>>; // [B, I]

fn store(b: u32, i: u32, sums: vec4<f32>) {
    if (b >= control.rows || i >= p.inputs) {
        return;
    }
    let at = (b * p.inputs + i) / 4u;
    d_z_below[at] = sums * derivatives(kept[at]);
}
