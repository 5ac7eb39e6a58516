// The strands' gradients added up and the optimizer's update, COLUMNS parameters a workgroup: every
// slice of its threads adds up a part of the strands, then one of them the slices, all in their order.
// Bound by memory: 4 S bytes a parameter, and those of the update.
struct Immediates {
    strands: u32, // S
    lr: f32,
    hyper: Hyper,
}
var<immediate> p: Immediates;
override COLUMNS: u32;
override SLICES: u32;
override THREADS: u32;  // COLUMNS SLICES
override COUNT: u32;    // P
override STATE_TENSORS: u32; // of the optimizer's state: 0, 1 or 2

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read_write> gradients: array<f32>;  // [S, P]: the first gets the sum
@group(0) @binding(2) var<storage, read_write> parameters: array<f32>; // W, b, W, b, …
@group(0) @binding(3) var<storage, read_write> state: array<f32>;      // [STATE_TENSORS, P]

var<workgroup> parts: array<f32, THREADS>;

fn term(strand: u32, index: u32) -> f32 {
    return gradients[strand * COUNT + index];
}

// Whether a parameter is a weight, not a bias.
fn is_weight(index: u32) -> bool {
    var at = index;
    for (var layer = 0u; layer < LAYERS; layer++) {
        let outputs = known_width(layer + 1u);
        let weights = outputs * known_width(layer);
        if (at < weights + outputs) {
            return at < weights;
        }
        at -= weights + outputs;
    }
    return false;
}

fn state_of(tensor: u32, index: u32) -> f32 {
    if (tensor < STATE_TENSORS) {
        return state[tensor * COUNT + index];
    }
    return 0.0;
}

fn set_state(tensor: u32, index: u32, value: f32) {
    if (tensor < STATE_TENSORS) {
        state[tensor * COUNT + index] = value;
    }
}

@compute @workgroup_size(COLUMNS, SLICES)
fn fused_update(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = unfold(group, groups) * COLUMNS + local % COLUMNS;
    let slice = local / COLUMNS;
    let each = (p.strands + SLICES - 1u) / SLICES;
    var part = 0.0;
    if (index < COUNT) {
        part = ordered_sum(0.0, slice * each, min((slice + 1u) * each, p.strands), index);
    }
    if (SLICES > 1u) {
        parts[local] = part;
        workgroupBarrier();
    }
    if (slice > 0u || index >= COUNT) {
        return;
    }
    var sum = part;
    for (var other = 1u; other < SLICES; other++) {
        sum += parts[other * COLUMNS + local];
    }
    let w = parameters[index];
    if (REGULARIZED) {
        sum = regularized(sum, w, is_weight(index), p.hyper);
    }
    gradients[index] = sum;
    let before = vec2<f32>(state_of(0u, index), state_of(1u, index));
    let lr = p.lr * control.schedule;
    let after = optimize(w, sum, before, control.step, lr, p.hyper);
    parameters[index] = after.parameter;
    set_state(0u, index, after.state.x);
    set_state(1u, index, after.state.y);
}
