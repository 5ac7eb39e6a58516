// d_z of the layer below = (d_z[B,O] W) o f'(kept): the gradient of the input, with the derivative
// of the activation that made that input as its epilogue.
// 2 B O I operations over 4 (B O + O I + 2 B I) bytes.
struct Immediates {
    inputs: u32,  // I
    outputs: u32, // O
}
var<immediate> p: Immediates;

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> d_z: array<f32>;              // [B, O]
@group(0) @binding(2) var<storage, read> parameters: array<f32>;       // W[O, I], then b[O]
@group(0) @binding(3) var<storage, read> kept: array<f32>;             // [B, I]: y, or z
@group(0) @binding(4) var<storage, read_write> d_z_below: array<f32>;  // [B, I]

fn load_a(row: u32, k: u32) -> f32 {
    if (row < control.rows && k < p.outputs) {
        return d_z[row * p.outputs + k];
    }
    return 0.0;
}

fn load_b(k: u32, column: u32) -> f32 {
    if (k < p.outputs && column < p.inputs) {
        return parameters[k * p.inputs + column];
    }
    return 0.0;
}

fn start(row: u32, column: u32) -> f32 {
    return 0.0;
}

fn store(row: u32, column: u32, sum: f32) {
    if (row < control.rows && column < p.inputs) {
        let element = row * p.inputs + column;
        d_z_below[element] = sum * activation_derivative(kept[element]);
    }
}

@compute @workgroup_size(THREADS_N, THREADS_M)
fn dense_backward_input(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let tile = tile_of(unfold(group, groups), control.rows, p.inputs);
    if (tile.inside) {
        store_tile(tile, local, matmul(tile, p.outputs, local));
    }
}
