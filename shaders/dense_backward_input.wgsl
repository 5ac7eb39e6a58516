// d_z of the layer below = (d_z[B,O] W) o f'(kept): the gradient of the input, with the derivative
// of the activation that made that input as its epilogue.
// 2 B O I operations over 4 (B O + O I + 2 B I) bytes.
struct Immediates {
    inputs: u32,  // I
    outputs: u32, // O
}
var<immediate> p: Immediates;

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> d_z: array<vec4<f32>>;              // [B, O]
@group(0) @binding(2) var<storage, read> parameters: array<vec4<f32>>;       // W[O, I], then b[O]
@group(0) @binding(3) var<storage, read> kept: array<vec4<f32>>;             // [B, I]: y, or z
@group(0) @binding(4) var<storage, read_write> d_z_below: array<vec4<f32>>;  // [B, I]

fn load_a(b: u32, o: u32) -> mat4x4<f32> {
    return mat4x4<f32>(d_z_quad(b, o), d_z_quad(b + 1u, o), d_z_quad(b + 2u, o), d_z_quad(b + 3u, o));
}

fn load_b(o: u32, i: u32) -> mat4x4<f32> {
    return mat4x4<f32>(
        weight_quad(o, i), weight_quad(o + 1u, i), weight_quad(o + 2u, i), weight_quad(o + 3u, i),
    );
}

fn store(b: u32, i: u32, sums: vec4<f32>) {
    if (b >= control.rows || i >= p.inputs) {
        return;
    }
    let at = b * p.inputs + i;
    if (INPUTS_BY_FOUR) {
        let before = kept[at / 4u];
        d_z_below[at / 4u] = sums * vec4<f32>(
            activation_derivative(before.x),
            activation_derivative(before.y),
            activation_derivative(before.z),
            activation_derivative(before.w),
        );
    } else {
        store_one(at, i, sums.x);
        store_one(at + 1u, i + 1u, sums.y);
        store_one(at + 2u, i + 2u, sums.z);
        store_one(at + 3u, i + 3u, sums.w);
    }
}

fn store_one(at: u32, i: u32, sum: f32) {
    if (i < p.inputs) {
        d_z_below[at / 4u][at % 4u] = sum * activation_derivative(kept[at / 4u][at % 4u]);
    }
}

@compute @workgroup_size(THREADS_N, THREADS_M, SLICES)
fn dense_backward_input(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let depth = vec2<u32>(0u, p.outputs);
    matmul(unfold(group, groups), control.rows, p.inputs, depth, local);
}
