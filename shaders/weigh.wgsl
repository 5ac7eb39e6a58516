// How much each row of a batch counts: its weight over the mean of the batch's, so that a mean over
// the rows becomes a weighted mean. One workgroup: thread i sums rows i, i + WORKGROUP, …, a tree
// adds the threads, and each divides its rows.
struct Immediates {
    most: u32, // rows in a full batch
}
var<immediate> p: Immediates;
override WORKGROUP: u32; // a power of two

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> weights: array<f32>;      // [B]
@group(0) @binding(2) var<storage, read_write> shares: array<f32>; // [B]

var<workgroup> sums: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn weigh(@builtin(local_invocation_index) local: u32) {
    let rows = min(control.rows, p.most);
    var sum = 0.0;
    for (var row = local; row < rows; row += WORKGROUP) {
        sum += weights[row];
    }
    sums[local] = sum;
    workgroupBarrier();
    for (var stride = WORKGROUP / 2u; stride > 0u; stride /= 2u) {
        if (local < stride) {
            sums[local] += sums[local + stride];
        }
        workgroupBarrier();
    }
    let mean = sums[0] / f32(rows);
    for (var row = local; row < rows; row += WORKGROUP) {
        shares[row] = select(0.0, weights[row] / mean, mean > 0.0);
    }
}
