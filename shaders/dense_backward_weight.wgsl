// d_W = d_z^T x and d_b = the sum of d_z over the batch, handed straight to the update: the
// gradient itself is never stored unless the update is `gradient`. The bias is one more column of
// W whose input is always 1, so one product serves both.
// 2 B O (I + 1) operations over 4 (B O + B I + 2 O (I + 1)) bytes, the optimizer's state added.
struct Immediates {
    inputs: u32,  // I
    outputs: u32, // O
    lr: f32,
    hyper: Hyper,
}
var<immediate> p: Immediates;

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> d_z: array<f32>; // [B, O]
@group(0) @binding(2) var<storage, read> x: array<f32>;   // [B, I]

fn load_a(row: u32, k: u32) -> f32 {
    if (row < p.outputs && k < control.rows) {
        return d_z[k * p.outputs + row];
    }
    return 0.0;
}

fn load_b(k: u32, column: u32) -> f32 {
    if (k < control.rows && column < p.inputs) {
        return x[k * p.inputs + column];
    }
    return select(0.0, 1.0, column == p.inputs);
}

// Where a parameter stands.
fn index_of(row: u32, column: u32) -> u32 {
    return select(row * p.inputs + column, p.outputs * p.inputs + row, column == p.inputs);
}

// The micro-batches of a batch go on where the one before has stopped: in the order of the rows.
fn start(row: u32, column: u32) -> f32 {
    if (row < p.outputs && column <= p.inputs && control.before > 0u) {
        return sum_so_far(index_of(row, column));
    }
    return 0.0;
}

fn store(row: u32, column: u32, sum: f32) {
    if (row < p.outputs && column <= p.inputs) {
        update(index_of(row, column), sum);
    }
}

@compute @workgroup_size(THREADS_N, THREADS_M)
fn dense_backward_weight(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let tile = tile_of(unfold(group, groups), p.outputs, p.inputs + 1u);
    if (tile.inside) {
        store_tile(tile, local, matmul(tile, control.rows, local));
    }
}
