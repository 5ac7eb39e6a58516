// The gradient of what a layer norm takes: with n = (z - mean) / sigma and g = d_n gamma,
// d_z = (g - mean(g) - n mean(g n)) / sigma, means over the units of a row. LANES threads share one.
// 12 B O operations over 4 (3 B O + 2 B + O) bytes.
struct Immediates {
    columns: u32, // O
}
var<immediate> p: Immediates;

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> d_n: array<f32>;            // [B, O]
@group(0) @binding(2) var<storage, read> z: array<f32>;              // [B, O]
@group(0) @binding(3) var<storage, read> moments: array<vec2<f32>>;  // [B]: mean, 1 / sigma
@group(0) @binding(4) var<storage, read> parameters: array<f32>;     // gamma[O], then beta[O]
@group(0) @binding(5) var<storage, read_write> d_z: array<f32>;      // [B, O]

@compute @workgroup_size(WORKGROUP)
fn layer_norm_backward_input(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = unfold(group, groups) * (WORKGROUP / LANES) + local / LANES;
    let lane = local % LANES;
    // Threads past the last row go along to the barriers, and touch nothing.
    let columns = select(0u, p.columns, row < control.rows);
    let first = row * p.columns;
    var moment = vec2<f32>();
    if (columns > 0u) {
        moment = moments[row];
    }
    var part = vec2<f32>();
    for (var o = lane; o < columns; o += LANES) {
        let g = d_n[first + o] * parameters[o];
        part += vec2<f32>(g, g * ((z[first + o] - moment.x) * moment.y));
    }
    let means = shared_sums(local, part) / f32(p.columns);
    for (var o = lane; o < columns; o += LANES) {
        let g = d_n[first + o] * parameters[o];
        let n = (z[first + o] - moment.x) * moment.y;
        d_z[first + o] = (g - means.x - n * means.y) * moment.y;
    }
}
