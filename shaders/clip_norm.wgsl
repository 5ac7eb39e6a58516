// How much all gradients shrink so that their norm over all layers is at most `most`: as
// torch.nn.utils.clip_grad_norm_ has it. One workgroup: thread i adds the sums of squares i,
// i + WORKGROUP, …, then a tree adds the threads.
struct Immediates {
    parts: u32,
    most: f32,
}
var<immediate> p: Immediates;

@group(0) @binding(0) var<storage, read> partials: array<f32>;   // [P]
@group(0) @binding(1) var<storage, read_write> clip: array<f32>; // the scale, and the norm

@compute @workgroup_size(WORKGROUP)
fn clip_norm(@builtin(local_invocation_index) local: u32) {
    var sum = 0.0;
    for (var part = local; part < p.parts; part += WORKGROUP) {
        sum += partials[part];
    }
    let squares = shared_sums(local, vec2<f32>(sum, 0.0)).x;
    if (local == 0u) {
        let norm = sqrt(squares);
        let scale = p.most / (norm + 1e-6);
        // Not min(scale, 1), which may make 1 of NaN.
        clip[0] = select(scale, 1.0, scale > 1.0);
        clip[1] = norm;
    }
}
