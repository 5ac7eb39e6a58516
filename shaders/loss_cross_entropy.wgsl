// Softmax and the negative log-likelihood of the true class, value and gradient together, a row a
// thread. The log of the sum is shifted by the row's maximum. The score is 1 where the largest z,
// the first of them on a tie, is the true class's.
struct Immediates {
    outputs: u32, // O
}
var<immediate> p: Immediates;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> z: array<f32>;                  // [B, O]
@group(0) @binding(2) var<storage, read> targets: array<u32>;            // [B]: the class
@group(0) @binding(3) var<storage, read_write> d_z: array<f32>;          // [B, O]
@group(0) @binding(4) var<storage, read_write> row_metrics: array<vec2<f32>>; // [B]: loss, score

@compute @workgroup_size(WORKGROUP)
fn loss_cross_entropy(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = unfold(group, groups) * WORKGROUP + local;
    if (row >= control.rows) {
        return;
    }
    let first = row * p.outputs;
    // A class past the outputs would read out of bounds; the host refuses it, and so does this.
    let target_class = min(targets[row], p.outputs - 1u);
    var largest = z[first];
    var largest_class = 0u;
    for (var o = 1u; o < p.outputs; o++) {
        if (z[first + o] > largest) {
            largest = z[first + o];
            largest_class = o;
        }
    }
    var sum = 0.0;
    for (var o = 0u; o < p.outputs; o++) {
        sum += exp(z[first + o] - largest);
    }
    let loss = log(sum) - (z[first + target_class] - largest);
    let scale = 1.0 / f32(control.rows);
    for (var o = 0u; o < p.outputs; o++) {
        let probability = exp(z[first + o] - largest) / sum;
        d_z[first + o] = (probability - select(0.0, 1.0, o == target_class)) * scale;
    }
    row_metrics[row] = vec2<f32>(loss, select(0.0, 1.0, largest_class == target_class));
}
