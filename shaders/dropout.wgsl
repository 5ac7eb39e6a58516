// y = x o mask / (1 - p): a share p of the units is left out, another each step, and the others
// grow to make up for it. A thread does four units of a row, which share a draw of random words;
// the draw's counter is (step, layer, row of the batch, place in the row), so that nothing is
// stored and the backward pass finds the same mask. Bound by memory: 32 bytes a thread.
struct Immediates {
    columns: u32,   // O
    layer: u32,
    threshold: u32, // a unit is left out where its random word is below
    scale: f32,     // 1 / (1 - p)
    seed_low: u32,
    seed_high: u32,
}
var<immediate> p: Immediates;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> x: array<f32>;       // [B, O]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [B, O]

@compute @workgroup_size(WORKGROUP)
fn dropout(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let blocks = (p.columns + 3u) / 4u;
    let thread = unfold(group, groups) * WORKGROUP + local;
    let row = thread / blocks;
    if (row >= control.rows) {
        return;
    }
    let block = thread % blocks;
    let counter = vec4<u32>(control.step, p.layer, control.before + row, block);
    let words = philox(counter, vec2<u32>(p.seed_low, p.seed_high));
    for (var unit = 0u; unit < 4u; unit++) {
        let column = 4u * block + unit;
        if (column < p.columns) {
            let element = row * p.columns + column;
            y[element] = select(x[element] * p.scale, 0.0, words[unit] < p.threshold);
        }
    }
}
