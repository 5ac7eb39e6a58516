// Ends a step: sums the losses and scores of the rows, or of parts of them, in a fixed order, appends
// their means to the history, and advances the step counter. One workgroup: thread i sums those of
// i, i + WORKGROUP, …, then a tree adds the threads.
struct Immediates {
    count: u32,    // rows in the data set
    batch: u32,    // rows in a full batch
    capacity: u32, // entries of the history, a ring
    parts: u32,    // of which there are sums; 0: of each row
}
var<immediate> p: Immediates;

@group(0) @binding(0) var<storage, read_write> control: Control;
@group(0) @binding(1) var<storage, read> row_metrics: array<vec2<f32>>;      // [B], or [parts]: loss, score
@group(0) @binding(2) var<storage, read_write> history: array<vec2<f32>>;    // [capacity]

@compute @workgroup_size(WORKGROUP)
fn metrics(@builtin(local_invocation_index) local: u32) {
    let rows = control.rows;
    let terms = select(p.parts, rows, p.parts == 0u);
    var part = vec2<f32>();
    var row = local;
    // Eight loads at once, added in the same order.
    for (; row + 7u * WORKGROUP < terms; row += 8u * WORKGROUP) {
        let a = row_metrics[row];
        let b = row_metrics[row + WORKGROUP];
        let c = row_metrics[row + 2u * WORKGROUP];
        let d = row_metrics[row + 3u * WORKGROUP];
        let e = row_metrics[row + 4u * WORKGROUP];
        let f = row_metrics[row + 5u * WORKGROUP];
        let g = row_metrics[row + 6u * WORKGROUP];
        let h = row_metrics[row + 7u * WORKGROUP];
        part = (((((((part + a) + b) + c) + d) + e) + f) + g) + h;
    }
    for (; row < terms; row += WORKGROUP) {
        part += row_metrics[row];
    }
    let sum = shared_sums(local, part);
    if (local == 0u) {
        if (control.slot < p.capacity) {
            history[control.slot] = sum / f32(rows);
        }
        control = advanced(control, p.count, p.batch, p.capacity);
    }
}
