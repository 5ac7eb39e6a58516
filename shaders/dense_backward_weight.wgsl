// d_W = d_z^T x and d_b = the sum of d_z over the batch, handed straight to the update: the
// gradient itself is never stored unless the update is `gradient`.
// 2 B O (I + 1) operations over 4 (B O + B I + 2 O (I + 1)) bytes, the optimizer's state added.
struct Immediates {
    inputs: u32,  // I
    outputs: u32, // O
    lr: f32,
    hyper: Hyper,
}
var<immediate> p: Immediates;
const UPDATED: u32 = 3u; // the first binding that the update writes

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> d_z: array<vec4<f32>>; // [B, O]
@group(0) @binding(2) var<storage, read> x: array<vec4<f32>>;   // [B, I]

// The micro-batches of a batch go on where the one before has stopped.
fn so_far(index: u32) -> f32 {
    if (control.before > 0u) {
        return sum_so_far(index);
    }
    return 0.0;
}

fn take(index: u32, sum: f32) {
    update(index, sum);
}

@compute @workgroup_size(THREADS_N, THREADS_M, SLICES)
fn dense_backward_weight(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let depth = vec2<u32>(0u, control.rows);
    matmul(unfold(group, groups), p.outputs, p.inputs, depth, local);
}
