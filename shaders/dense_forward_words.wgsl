// What `dense_forward` stores for any O: word by word, so that nobody writes into a vector of which
// another thread writes the rest.
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // [B, O]

fn store(b: u32, o: u32, sums: vec4<f32>) {
    store_one(b, o, sums.x);
    store_one(b, o + 1u, sums.y);
    store_one(b, o + 2u, sums.z);
    store_one(b, o + 3u, sums.w);
}

fn store_one(b: u32, o: u32, sum: f32) {
    if (b < control.rows && o < p.outputs) {
        let bias = p.outputs * p.inputs + o;
        y[b * p.outputs + o] = activation(sum + parameters[bias / 4u][bias % 4u]);
    }
}
