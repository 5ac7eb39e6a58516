// y = f(z), for the activations whose backward pass needs z as well: dense_forward keeps z, and
// this makes y. Bound by memory: 8 bytes a thread.
struct Immediates {
    columns: u32,
}
var<immediate> p: Immediates;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> z: array<f32>;       // [B, columns]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [B, columns]

@compute @workgroup_size(WORKGROUP)
fn activate(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let element = unfold(group, groups) * WORKGROUP + local;
    if (element < control.rows * p.columns) {
        y[element] = activation(z[element]);
    }
}
