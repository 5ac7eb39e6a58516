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
override TERMS: u32; // 2 UNITS times the rows of an iteration, which are a multiple of 4
const UPDATED: u32 = 4u; // the first binding that the update writes

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> d_n: array<f32>;           // [B, O]
@group(0) @binding(2) var<storage, read> z: array<f32>;             // [B, O]
@group(0) @binding(3) var<storage, read> moments: array<vec2<f32>>; // [B]: mean, 1 / sigma

var<workgroup> terms: array<f32, TERMS>; // of gamma [rows, UNITS], then of beta

@compute @workgroup_size(WORKGROUP)
fn layer_norm_backward_weight(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let first = unfold(group, groups) * UNITS;
    let half = TERMS / 2u;
    // What this thread adds up: of the first 2 UNITS threads, one half gamma's gradient, the other
    // beta's.
    let unit = first + local % UNITS;
    let beta = local / UNITS == 1u;
    let adds = local < 2u * UNITS && unit < p.outputs;
    let index = select(unit, p.outputs + unit, beta);
    let own = select(0u, half, beta) + local % UNITS;
    var sum = 0.0;
    // The micro-batches of a batch go on where the one before has stopped.
    if (adds && control.before > 0u) {
        sum = sum_so_far(index);
    }
    for (var begin = 0u; begin < control.rows; begin += half / UNITS) {
        for (var term = local; term < half; term += WORKGROUP) {
            let row = begin + term / UNITS;
            let o = first + term % UNITS;
            var d = 0.0;
            var n = 0.0;
            if (row < control.rows && o < p.outputs) {
                let element = row * p.outputs + o;
                let moment = moments[row];
                d = d_n[element];
                n = (z[element] - moment.x) * moment.y;
            }
            terms[term] = d * n;
            terms[half + term] = d;
        }
        workgroupBarrier();
        if (adds) {
            // Rows past the last are 0. Four at a time, for some drivers count a shader's loops.
            for (var term = own; term < own + half; term += 4u * UNITS) {
                sum += terms[term];
                sum += terms[term + UNITS];
                sum += terms[term + 2u * UNITS];
                sum += terms[term + 3u * UNITS];
            }
        }
        // Nobody brings the next terms before these are added.
        workgroupBarrier();
    }
    if (adds) {
        update(index, sum);
    }
}
