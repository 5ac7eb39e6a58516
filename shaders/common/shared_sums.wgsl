// Sums that LANES threads share: each adds up its part, then a tree adds the threads.
override WORKGROUP: u32;
override LANES: u32; // a power of two that divides WORKGROUP

var<workgroup> sums: array<vec2<f32>, WORKGROUP>;

// All threads of the workgroup ask together.
fn shared_sums(local: u32, part: vec2<f32>) -> vec2<f32> {
    if (LANES == 1u) {
        return part;
    }
    let lane = local % LANES;
    sums[local] = part;
    workgroupBarrier();
    for (var stride = LANES / 2u; stride > 0u; stride /= 2u) {
        if (lane < stride) {
            sums[local] += sums[local + stride];
        }
        workgroupBarrier();
    }
    let sum = sums[local - lane];
    // Nobody writes the next sums before all have these.
    workgroupBarrier();
    return sum;
}
