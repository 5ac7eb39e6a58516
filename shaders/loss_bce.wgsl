// Binary cross-entropy after the sigmoid, value and gradient together, a row a thread. Both come
// from z: ln p = min(z, 0) - ln(1 + e^-|z|) keeps its digits where p itself would round to 0 or 1.
// Each logarithm is clamped at -100, as torch.nn.BCELoss does. The score is the share of the row's
// outputs on the right side of 1/2.
struct Immediates {
    outputs: u32, // O
}
var<immediate> p: Immediates;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> z: array<f32>;                  // [B, O]
@group(0) @binding(2) var<storage, read> targets: array<f32>;            // [B, O]
@group(0) @binding(3) var<storage, read_write> d_z: array<f32>;          // [B, O]
@group(0) @binding(4) var<storage, read_write> row_metrics: array<vec2<f32>>; // [B]: loss, score

@compute @workgroup_size(WORKGROUP)
fn loss_bce(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = unfold(group, groups) * WORKGROUP + local;
    if (row >= control.rows) {
        return;
    }
    let scale = 1.0 / (f32(control.rows) * f32(p.outputs));
    var loss = 0.0;
    var score = 0.0;
    for (var o = 0u; o < p.outputs; o++) {
        let element = row * p.outputs + o;
        let logit = z[element];
        let t = targets[element];
        let tail = log1p(exp(-abs(logit)));
        let ln_p = max(min(logit, 0.0) - tail, -100.0);
        let ln_not_p = max(min(-logit, 0.0) - tail, -100.0);
        loss -= t * ln_p + (1.0 - t) * ln_not_p;
        score += select(0.0, 1.0, (sigmoid(logit) > 0.5) == (t > 0.5));
        // p - t, with 1 - p as sigmoid(-z): the difference would cancel where the network is right.
        d_z[element] = ((1.0 - t) * sigmoid(logit) - t * sigmoid(-logit)) * scale;
    }
    row_metrics[row] = vec2<f32>(loss, score) / f32(p.outputs);
}
