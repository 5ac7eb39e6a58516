// The optimizer's update from a gradient that stands in a buffer, a parameter a thread. Bound by
// memory: 12 bytes a parameter, and 8 for each tensor of the optimizer's state.
struct Immediates {
    inputs: u32,  // I
    outputs: u32, // O
    lr: f32,
    hyper: Hyper,
}
var<immediate> p: Immediates;
override WORKGROUP: u32;
const UPDATED: u32 = 3u; // the first binding that the update writes

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> gradient: array<f32>; // W[O, I], then b[O]
@group(0) @binding(2) var<storage, read> clip: array<f32>;     // the scale of all gradients

@compute @workgroup_size(WORKGROUP)
fn apply_gradient(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = unfold(group, groups) * WORKGROUP + local;
    let weights = p.outputs * p.inputs;
    if (index < weights + p.outputs) {
        let g = regularized(gradient[index], parameters[index], index < weights, p.hyper);
        optimize_at(index, g * clip[0]);
    }
}
