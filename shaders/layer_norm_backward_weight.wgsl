// d_gamma = the sum of d_n n over the batch, n = (z - mean) / sigma, and d_beta = the sum of d_n,
// handed straight to the update. A workgroup has UNITS units: all its threads bring the terms of
// a few rows, then two threads a unit add them, in the order of the rows.
// 5 B O operations over 4 (2 B O + 2 B + 4 O) bytes, the optimizer's state added.
struct Immediates {
    inputs: u32,  // 0: gamma is no weight to L1 and L2, as little as beta
    outputs: u32, // O
    lr: f32,
    hyper: Hyper,
}
var<immediate> p: Immediates;
override WORKGROUP: u32; // at least 2 UNITS
override UNITS: u32;
override TERMS: u32; // UNITS times the rows of a turn, a multiple of WORKGROUP
const UPDATED: u32 = 4u; // the first binding that the update writes

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> d_n: array<f32>;           // [B, O]
@group(0) @binding(2) var<storage, read> z: array<f32>;             // [B, O]
@group(0) @binding(3) var<storage, read> moments: array<vec2<f32>>; // [B]: mean, 1 / sigma

var<workgroup> of_gamma: array<f32, TERMS>; // [rows, UNITS]
var<workgroup> of_beta: array<f32, TERMS>;

@compute @workgroup_size(WORKGROUP)
fn layer_norm_backward_weight(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let first = unfold(group, groups) * UNITS;
    let rows = TERMS / UNITS;
    // What this thread adds up: of the first 2 UNITS threads, one half gamma's gradient, the other
    // beta's.
    let unit = first + local % UNITS;
    let beta = local / UNITS == 1u;
    let adds = local < 2u * UNITS && unit < p.outputs;
    let index = select(unit, p.outputs + unit, beta);
    var sum = 0.0;
    // The micro-batches of a batch go on where the one before has stopped.
    if (adds && control.before > 0u) {
        sum = sum_so_far(index);
    }
    for (var begin = 0u; begin < control.rows; begin += rows) {
        for (var term = local; term < TERMS; term += WORKGROUP) {
            let row = begin + term / UNITS;
            let own = first + term % UNITS;
            if (row < control.rows && own < p.outputs) {
                let element = row * p.outputs + own;
                let moment = moments[row];
                let d = d_n[element];
                of_gamma[term] = d * ((z[element] - moment.x) * moment.y);
                of_beta[term] = d;
            }
        }
        workgroupBarrier();
        if (adds) {
            let live = min(rows, control.rows - begin);
            for (var row = 0u; row < live; row++) {
                let term = row * UNITS + local % UNITS;
                sum += select(of_gamma[term], of_beta[term], beta);
            }
        }
        // Nobody brings the next terms before these are added.
        workgroupBarrier();
    }
    if (adds) {
        update(index, sum);
    }
}
