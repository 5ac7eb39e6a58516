// y[B,O] = f(x[B,I] W^T + b): the product, with bias and activation as its epilogue.
// 2 B O I operations over 4 (B I + O I + B O) bytes.
struct Immediates {
    inputs: u32,  // I
    outputs: u32, // O
}
var<immediate> p: Immediates;

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;          // [B, I]
@group(0) @binding(2) var<storage, read> parameters: array<vec4<f32>>; // W[O, I], then b[O]

fn operand_quad(operand: u32, index: u32) -> vec4<f32> {
    if (operand == A) {
        return x[index];
    }
    return parameters[index];
}

fn operand_element(operand: u32, index: u32) -> f32 {
    if (operand == A) {
        return x[index / 4u][index % 4u];
    }
    return parameters[index / 4u][index % 4u];
}

fn x_quad(b: u32, i: u32) -> vec4<f32> {
    return quad(A, b, i, control.rows, p.inputs, INPUTS_BY_FOUR);
}

fn weight_quad(o: u32, i: u32) -> vec4<f32> {
    return quad(B, o, i, p.outputs, p.inputs, INPUTS_BY_FOUR);
}

fn load_a(b: u32, i: u32) -> mat4x4<f32> {
    return mat4x4<f32>(x_quad(b, i), x_quad(b + 1u, i), x_quad(b + 2u, i), x_quad(b + 3u, i));
}

fn load_b(i: u32, o: u32) -> mat4x4<f32> {
    return transpose(mat4x4<f32>(
        weight_quad(o, i), weight_quad(o + 1u, i), weight_quad(o + 2u, i), weight_quad(o + 3u, i),
    ));
}

@compute @workgroup_size(THREADS_N, THREADS_M, SLICES)
fn dense_forward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let depth = vec2<u32>(0u, p.inputs);
    matmul(unfold(group, groups), control.rows, p.outputs, depth, local);
}
