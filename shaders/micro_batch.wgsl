// Where a micro-batch of a step's batch is: the control for the kernels that take its rows through
// the layers. Of a short batch, the last micro-batches are short or empty.
struct Immediates {
    before: u32, // rows of the batch before it
    rows: u32,   // its rows, in a full batch
}
var<immediate> p: Immediates;

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read_write> micro: Control;

@compute @workgroup_size(1)
fn micro_batch() {
    let before = min(p.before, control.rows);
    let rows = min(p.rows, control.rows - before);
    micro.step = control.step;
    micro.epoch = control.epoch;
    micro.batch = control.batch;
    micro.first = control.first + before;
    micro.rows = rows;
    micro.before = before;
    micro.after = control.rows - before - rows;
    micro.slot = control.slot;
    micro.schedule = control.schedule;
}
