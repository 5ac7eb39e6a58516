// The mean squared error, value and gradient together, a row a thread. With the identity the score
// is the row's sum of squared errors (for R²); with the sigmoid it is the share of outputs on the
// right side of 1/2.
struct Immediates {
    outputs: u32, // O
    sigmoid: u32, // 1: the output is sigmoid(z), 0: z itself
}
var<immediate> p: Immediates;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> z: array<f32>;                  // [B, O]
@group(0) @binding(2) var<storage, read> targets: array<f32>;            // [B, O]
@group(0) @binding(3) var<storage, read_write> d_z: array<f32>;          // [B, O]
@group(0) @binding(4) var<storage, read_write> row_metrics: array<vec2<f32>>; // [B]: loss, score

@compute @workgroup_size(WORKGROUP)
fn loss_mse(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = unfold(group, groups) * WORKGROUP + local;
    if (row >= control.rows) {
        return;
    }
    let scale = 2.0 / (f32(control.rows) * f32(p.outputs));
    var squares = 0.0;
    var right = 0.0;
    for (var o = 0u; o < p.outputs; o++) {
        let element = row * p.outputs + o;
        let t = targets[element];
        var y = z[element];
        var slope = 1.0;
        if (p.sigmoid == 1u) {
            y = sigmoid(y);
            slope = y * (1.0 - y);
        }
        squares += (y - t) * (y - t);
        right += select(0.0, 1.0, (y > 0.5) == (t > 0.5));
        d_z[element] = (y - t) * slope * scale;
    }
    let count = f32(p.outputs);
    row_metrics[row] = vec2<f32>(squares / count, select(squares, right / count, p.sigmoid == 1u));
}
