// How much each row of a batch counts: its weight over the mean of the batch's, so that a mean over
// the rows becomes a weighted mean. One workgroup: thread i sums rows i, i + WORKGROUP, …, a tree
// adds the threads, and each divides its rows.
struct Immediates {
    most: u32, // rows in a full batch
}
var<immediate> p: Immediates;

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> weights: array<f32>;      // [B]
@group(0) @binding(2) var<storage, read_write> shares: array<f32>; // [B]

@compute @workgroup_size(WORKGROUP)
fn weigh(@builtin(local_invocation_index) local: u32) {
    let rows = min(control.rows, p.most);
    var sum = 0.0;
    for (var row = local; row < rows; row += WORKGROUP) {
        sum += weights[row];
    }
    let mean = shared_sums(local, vec2<f32>(sum, 0.0)).x / f32(rows);
    for (var row = local; row < rows; row += WORKGROUP) {
        shares[row] = select(0.0, weights[row] / mean, mean > 0.0);
    }
}
