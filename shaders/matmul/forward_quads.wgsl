// What `dense_forward` stores, where O is a multiple of four: four at a time.
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>; // [B, O]

fn store(b: u32, o: u32, sums: vec4<f32>) {
    if (b >= control.rows || o >= p.outputs) {
        return;
    }
    let z = sums + parameters[(p.outputs * p.inputs + o) / 4u];
    y[(b * p.outputs + o) / 4u] = activations(z);
}
