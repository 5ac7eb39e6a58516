// The squares of a layer's gradient, L1 and L2 added, summed in parts: a workgroup sums WORKGROUP
// EACH of them, each thread those at distances of WORKGROUP, then a tree adds the threads. Bound by
// memory: 8 bytes a number.
struct Immediates {
    inputs: u32,  // I
    outputs: u32, // O
    first: u32,   // where the layer's parts begin
    hyper: Hyper,
}
var<immediate> p: Immediates;
override EACH: u32;

@group(0) @binding(0) var<storage, read> gradient: array<f32>;       // W[O, I], then b[O]
@group(0) @binding(1) var<storage, read> parameters: array<f32>;     // the same
@group(0) @binding(2) var<storage, read_write> partials: array<f32>; // [P]

@compute @workgroup_size(WORKGROUP)
fn square_sum(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let weights = p.outputs * p.inputs;
    let count = weights + p.outputs;
    let part = unfold(group, groups);
    var sum = 0.0;
    for (var iteration = 0u; iteration < EACH; iteration++) {
        let index = (part * EACH + iteration) * WORKGROUP + local;
        if (index < count) {
            let g = regularized(gradient[index], parameters[index], index < weights, p.hyper);
            sum += g * g;
        }
    }
    let squares = shared_sums(local, vec2<f32>(sum, 0.0)).x;
    let parts = (count + WORKGROUP * EACH - 1u) / (WORKGROUP * EACH);
    if (local == 0u && part < parts) {
        partials[p.first + part] = squares;
    }
}
