// y[B,O] = f(x[B,I] W^T + b): the product, with bias and activation as its epilogue.
// 2 B O I operations over 4 (B I + O I + B O) bytes.
struct Immediates {
    inputs: u32,  // I
    outputs: u32, // O
}
var<immediate> p: Immediates;

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> x: array<f32>;          // [B, I]
@group(0) @binding(2) var<storage, read> parameters: array<f32>; // W[O, I], then b[O]
@group(0) @binding(3) var<storage, read_write> y: array<f32>;    // [B, O]

fn load_a(row: u32, k: u32) -> f32 {
    if (row < control.rows && k < p.inputs) {
        return x[row * p.inputs + k];
    }
    return 0.0;
}

fn load_b(k: u32, column: u32) -> f32 {
    if (k < p.inputs && column < p.outputs) {
        return parameters[column * p.inputs + k];
    }
    return 0.0;
}

fn start(row: u32, column: u32) -> f32 {
    return 0.0;
}

fn store(row: u32, column: u32, sum: f32) {
    if (row < control.rows && column < p.outputs) {
        let z = sum + parameters[p.outputs * p.inputs + column];
        y[row * p.outputs + column] = activation(z);
    }
}

@compute @workgroup_size(THREADS_N, THREADS_M)
fn dense_forward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let tile = tile_of(unfold(group, groups), control.rows, p.outputs);
    if (tile.inside) {
        store_tile(tile, local, matmul(tile, p.inputs, local));
    }
}
