// What `dense_backward_input` stores for any I: word by word.
@group(0) @binding(4) var<storage, read_write> d_z_below: array<f32>; // [B, I]

fn store_one(b: u32, i: u32, sum: f32) {
    if (b < control.rows && i < p.inputs) {
        let at = b * p.inputs + i;
        d_z_below[at] = sum * activation_derivative(kept[at / 4u][at % 4u]);
    }
}
