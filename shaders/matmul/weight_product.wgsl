// d_W[O,I] = d_z^T x as a product over the rows of a batch, and with it d_b, the sums of d_z: the
// bias is a weight whose input is always 1. Whoever imports this says what a sum starts from,
// `so_far(index)`, and takes it by `take(index, sum)`, indexed as in the layer's parameters: W[O, I],
// then b[O].
const ROW_SUMS: bool = true;

fn operand_quad(operand: u32, index: u32) -> vec4<f32> {
    if (operand == A) {
        return d_z[index];
    }
    return x[index];
}

fn operand_element(operand: u32, index: u32) -> f32 {
    if (operand == A) {
        return d_z[index / 4u][index % 4u];
    }
    return x[index / 4u][index % 4u];
}

fn d_z_quad(b: u32, o: u32) -> vec4<f32> {
    return quad(A, b, o, control.rows, p.outputs, OUTPUTS_BY_FOUR);
}

fn x_quad(b: u32, i: u32) -> vec4<f32> {
    return quad(B, b, i, control.rows, p.inputs, INPUTS_BY_FOUR);
}

fn load_a(o: u32, b: u32) -> mat4x4<f32> {
    return transpose(mat4x4<f32>(
        d_z_quad(b, o), d_z_quad(b + 1u, o), d_z_quad(b + 2u, o), d_z_quad(b + 3u, o),
    ));
}

fn load_b(b: u32, i: u32) -> mat4x4<f32> {
    return mat4x4<f32>(x_quad(b, i), x_quad(b + 1u, i), x_quad(b + 2u, i), x_quad(b + 3u, i));
}

fn start(o: u32, i: u32) -> vec4<f32> {
    return vec4<f32>(
        start_weight(o, i), start_weight(o, i + 1u), start_weight(o, i + 2u), start_weight(o, i + 3u),
    );
}

fn start_weight(o: u32, i: u32) -> f32 {
    if (o < p.outputs && i < p.inputs) {
        return so_far(o * p.inputs + i);
    }
    return 0.0;
}

fn start_row_sums(o: u32) -> vec4<f32> {
    return vec4<f32>(start_bias(o), start_bias(o + 1u), start_bias(o + 2u), start_bias(o + 3u));
}

fn start_bias(o: u32) -> f32 {
    if (o < p.outputs) {
        return so_far(p.outputs * p.inputs + o);
    }
    return 0.0;
}

fn store_one(o: u32, i: u32, sum: f32) {
    if (o < p.outputs && i < p.inputs) {
        take(o * p.inputs + i, sum);
    }
}

fn store_row_sums(o: u32, sums: vec4<f32>) {
    take_bias(o, sums.x);
    take_bias(o + 1u, sums.y);
    take_bias(o + 2u, sums.z);
    take_bias(o + 3u, sums.w);
}

fn take_bias(o: u32, sum: f32) {
    if (o < p.outputs) {
        take(p.outputs * p.inputs + o, sum);
    }
}
