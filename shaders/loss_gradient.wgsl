// A loss with its gradient d_z[B,O], a row a thread; which loss is up to the piece that comes with
// it (`loss/bce` and its like), and how much the row counts, too (`loss/weights_none`, `loss/weights_rows`).
// Of a micro-batch, the loss is still the mean over the whole batch, whose metrics and weights
// stand together. Bound by memory: 12 bytes an output.
struct Immediates {
    outputs: u32,      // O
    weight_scale: f32, // what weights of rows are multiplied by
}
var<immediate> p: Immediates;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> z: array<f32>;                       // [B, O]
@group(0) @binding(2) var<storage, read> targets: array<u32>;                 // [B, O], or [B] classes
@group(0) @binding(3) var<storage, read_write> d_z: array<f32>;               // [B, O]
@group(0) @binding(4) var<storage, read_write> row_metrics: array<vec2<f32>>; // [B]: loss, score

var<private> weight: f32; // how much the row counts

fn load_z(element: u32) -> f32 {
    return z[element];
}

fn load_target(row: u32, columns: u32, column: u32) -> u32 {
    return targets[row * columns + column];
}

fn store_d_z(element: u32, value: f32) {
    d_z[element] = value * weight;
}

@compute @workgroup_size(WORKGROUP)
fn loss_gradient(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = unfold(group, groups) * WORKGROUP + local;
    if (row < control.rows) {
        let of_batch = control.before + row;
        weight = weight_of(of_batch);
        let rows = control.before + control.rows + control.after;
        let metrics = loss_row(row, rows, p.outputs);
        row_metrics[of_batch] = vec2<f32>(metrics.x * weight, metrics.y);
    }
}
