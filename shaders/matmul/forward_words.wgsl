// What `dense_forward` stores for any O: word by word.
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // [B, O]

fn store_one(b: u32, o: u32, sum: f32) {
    if (b < control.rows && o < p.outputs) {
        let bias = p.outputs * p.inputs + o;
        y[b * p.outputs + o] = activation(sum + parameters[bias / 4u][bias % 4u]);
    }
}
