// p = softmax(z), a row a thread, shifted by the row's maximum so that nothing overflows.
struct Immediates {
    outputs: u32, // O
}
var<immediate> p: Immediates;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> z: array<f32>;                   // [B, O]
@group(0) @binding(2) var<storage, read_write> probability: array<f32>;   // [B, O]

@compute @workgroup_size(WORKGROUP)
fn softmax(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = unfold(group, groups) * WORKGROUP + local;
    if (row >= control.rows) {
        return;
    }
    let first = row * p.outputs;
    var largest = z[first];
    for (var o = 1u; o < p.outputs; o++) {
        largest = max(largest, z[first + o]);
    }
    var sum = 0.0;
    for (var o = 0u; o < p.outputs; o++) {
        sum += exp(z[first + o] - largest);
    }
    for (var o = 0u; o < p.outputs; o++) {
        probability[first + o] = exp(z[first + o] - largest) / sum;
    }
}
