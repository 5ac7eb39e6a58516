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

fn operand_quad(operand: u32, index: u32) -> vec4<f32> {
    if (operand == A) {
        return d_z[index];
    }
    return parameters[index];
}

fn operand_element(operand: u32, index: u32) -> f32 {
    if (operand == A) {
        return d_z[index / 4u][index % 4u];
    }
    return parameters[index / 4u][index % 4u];
}

fn d_z_quad(b: u32, o: u32) -> vec4<f32> {
    return quad(A, b, o, control.rows, p.outputs, OUTPUTS_BY_FOUR);
}

fn weight_quad(o: u32, i: u32) -> vec4<f32> {
    return quad(B, o, i, p.outputs, p.inputs, INPUTS_BY_FOUR);
}

fn load_a(b: u32, o: u32) -> mat4x4<f32> {
    return mat4x4<f32>(d_z_quad(b, o), d_z_quad(b + 1u, o), d_z_quad(b + 2u, o), d_z_quad(b + 3u, o));
}

fn load_b(o: u32, i: u32) -> mat4x4<f32> {
    return mat4x4<f32>(
        weight_quad(o, i), weight_quad(o + 1u, i), weight_quad(o + 2u, i), weight_quad(o + 3u, i),
    );
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
