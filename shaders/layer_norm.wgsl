// y = f(gamma (z - mean) / sigma + beta), with mean and variance of each row over its units, the
// mean first and then the squares about it. LANES threads share a row.
// 8 B O operations over 4 (2 B O + 2 B + 2 O) bytes.
struct Immediates {
    columns: u32, // O
}
var<immediate> p: Immediates;
override EPS: f32; // added to the variance

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> z: array<f32>;                    // [B, O]
@group(0) @binding(2) var<storage, read> parameters: array<f32>;           // gamma[O], then beta[O]
@group(0) @binding(3) var<storage, read_write> moments: array<vec2<f32>>;  // [B]: mean, 1 / sigma
@group(0) @binding(4) var<storage, read_write> y: array<f32>;              // [B, O]

@compute @workgroup_size(WORKGROUP)
fn layer_norm(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = unfold(group, groups) * (WORKGROUP / LANES) + local / LANES;
    let lane = local % LANES;
    // Threads past the last row go along to the barriers, and touch nothing.
    let columns = select(0u, p.columns, row < control.rows);
    let first = row * p.columns;
    let count = f32(p.columns);
    var sum = 0.0;
    for (var o = lane; o < columns; o += LANES) {
        sum += z[first + o];
    }
    let mean = shared_sums(local, vec2<f32>(sum, 0.0)).x / count;
    var squares = 0.0;
    for (var o = lane; o < columns; o += LANES) {
        let off = z[first + o] - mean;
        squares += off * off;
    }
    let scale = 1.0 / sqrt(shared_sums(local, vec2<f32>(squares, 0.0)).x / count + EPS);
    for (var o = lane; o < columns; o += LANES) {
        let n = (z[first + o] - mean) * scale;
        y[first + o] = activation(parameters[o] * n + parameters[p.columns + o]);
    }
    if (lane == 0u && columns > 0u) {
        moments[row] = vec2<f32>(mean, scale);
    }
}
