// Copies a batch's rows out of one chunk of the resident data set, as words, so that features (f32)
// and classes (u32) are copied alike. Bound by memory: a thread reads and writes a part of a row, of
// four words or one.
struct Immediates {
    count: u32,       // rows in the data set
    columns: u32,     // words in a row
    chunk_first: u32, // the chunk's first row in the data set
    chunk_rows: u32,  // rows in the chunk
    shuffle: u32,     // 1: in the epoch's order; 0: as the rows stand
    seed: u32,        // of the order
}
var<immediate> p: Immediates;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> data: array<Part>;        // [chunk_rows, columns]
@group(0) @binding(2) var<storage, read_write> batch: array<Part>; // [B, columns]

@compute @workgroup_size(WORKGROUP)
fn gather(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let across = p.columns / WORDS;
    let element = unfold(group, groups) * WORKGROUP + local;
    let row = element / across;
    if (row >= control.rows) {
        return;
    }
    let source = row_at(control.first + row, p.count, p.seed, control.epoch, p.shuffle == 1u);
    // A row of another chunk wraps around to a large number here, and is left to that chunk.
    let chunk_row = source - p.chunk_first;
    if (chunk_row < p.chunk_rows) {
        batch[element] = data[chunk_row * across + element % across];
    }
}
