// The batch cut into ranges of rows, each with a partial sum of d_W = d_z^T x and of d_b of its own: a
// layer of few weights has too few tiles to fill a device otherwise. `dense_join_weight`
// adds them up.
// 2 B O (I + 1) operations over 4 (B O + B I + S O (I + 1)) bytes.
struct Immediates {
    inputs: u32,  // I
    outputs: u32, // O
    splits: u32,  // S
    range: u32,   // rows of a range, a multiple of a tile's depth
}
var<immediate> p: Immediates;

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> d_z: array<vec4<f32>>;          // [B, O]
@group(0) @binding(2) var<storage, read> x: array<vec4<f32>>;            // [B, I]
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;     // [S, W[O, I] then b[O]]

var<private> first_partial: u32;

fn so_far(index: u32) -> f32 {
    return 0.0;
}

fn take(index: u32, sum: f32) {
    partials[first_partial + index] = sum;
}

@compute @workgroup_size(THREADS_N, THREADS_M, SLICES)
fn dense_split_weight(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = unfold(group, groups);
    let each = tiles(p.outputs, p.inputs);
    let split = index / each;
    if (split < p.splits) {
        first_partial = split * p.outputs * (p.inputs + 1u);
        let first = min(split * p.range, control.rows);
        let depth = vec2<u32>(first, min(first + p.range, control.rows));
        matmul(index % each, p.outputs, p.inputs, depth, local);
    }
}
