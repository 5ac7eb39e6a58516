// The partial sums that `dense_split_weight` has left, added up from the first to the last and
// handed to the update, a parameter a thread. Bound by memory: 4 S bytes a parameter, and those of
// the update.
struct Immediates {
    inputs: u32,  // I
    outputs: u32, // O
    splits: u32,  // S
    lr: f32,
    hyper: Hyper,
}
var<immediate> p: Immediates;
override WORKGROUP: u32;
const UPDATED: u32 = 2u; // the first binding that the update writes

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> partials: array<f32>; // [S, W[O, I] then b[O]]

fn term(split: u32, index: u32) -> f32 {
    return partials[split * p.outputs * (p.inputs + 1u) + index];
}

@compute @workgroup_size(WORKGROUP)
fn dense_join_weight(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = unfold(group, groups) * WORKGROUP + local;
    if (index < p.outputs * (p.inputs + 1u)) {
        var sum = 0.0;
        // The micro-batches of a batch go on where the one before has stopped.
        if (control.before > 0u) {
            sum = sum_so_far(index);
        }
        update(index, ordered_sum(sum, 0u, p.splits, index));
    }
}
