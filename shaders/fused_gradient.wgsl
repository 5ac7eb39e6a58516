// A batch through all layers of a narrow network and back. A workgroup has a strand of the batch's
// rows, and takes it in tiles of ROWS rows: each goes forward, through the loss and backward before the
// next one. A layer's output for the tile stays in workgroup memory, where the next layer reads it; a
// copy of every layer's y in storage memory is for the backward pass. Each strand leaves a gradient;
// `fused_update` adds them up.
//
// For each float of y that goes to memory and comes back, the products of the layer above do 6 O
// operations: with 64 units arithmetic bounds it, or rather what a thread can read from workgroup
// memory meanwhile. With 2 x 2 quads it does 4 multiply-adds for each float forward and to the input,
// 2.7 to the weights.
struct Immediates {
    count: u32,   // rows in the data set, N
    batch: u32,   // rows in a full batch, B
    strands: u32, // S
    seed: u32,    // of the order
}
var<immediate> p: Immediates;

override QUADS_M: u32;   // quads of rows that a thread has, 1 or 2
override QUADS_N: u32;   // quads of units, 1 or 2
override ROWS: u32;      // 4 QUADS_M THREADS_M
override ROW_QUADS: u32; // a quarter of it
override UNITS: u32;     // 4 QUADS_N THREADS_N: as many as the widest layer has, or more
override DEPTH: u32;     // a product's weights are staged for so many of what it sums over: a part
                         // of the threads;
override CHUNK: u32;     // a layer's inputs for so many rows: a part of ROWS
override TILE: u32;      // quads of workgroup memory for the tile
override STAGE: u32;     // and for what is staged
override COUNT: u32;     // parameters of the network, P
override KEPT: u32;      // units that storage memory has room for: x, y of hidden layers, perhaps z
override HIDDEN: u32;    // units of the hidden layers
override KEEP_Z: bool;   // the activation's derivative needs z
override SHUFFLE: bool;
override TRAIN: bool;    // forward and backward, not only forward

@group(0) @binding(0) var<storage, read> control: Control;
@group(0) @binding(1) var<storage, read> data_x: array<f32>;                   // [N, I]
@group(0) @binding(2) var<storage, read> data_t: array<u32>;                   // [N, T]
@group(0) @binding(3) var<storage, read> parameters: array<f32>;               // W, b, W, b, …
@group(0) @binding(4) var<storage, read_write> gradients: array<f32>;          // [S, P]
@group(0) @binding(5) var<storage, read_write> row_metrics: array<vec2<f32>>;  // [S]: sums of loss, score
@group(0) @binding(6) var<storage, read_write> scratch: array<vec4<f32>>;      // [S, ROW_QUADS, KEPT]

// Four rows of a unit to a quad. A row of quads is one longer than it must be, so that threads side
// by side read from different banks along rows and along columns.
var<workgroup> tile: array<vec4<f32>, TILE>;   // [UNITS, ROW_QUADS + 1]: x or y, and then d_z
var<workgroup> stage: array<vec4<f32>, STAGE>; // [DEPTH, UNITS / 4 + 1] or [UNITS, CHUNK / 4 + 1]
var<workgroup> sources: array<u32, ROWS>;      // the tile's rows in the data set
var<workgroup> sums_of_quads: array<vec2<f32>, ROW_QUADS>; // loss and score

// Where a thread stands.
struct Thread {
    local: u32,
    m: u32,       // which of THREADS_M, along the rows
    n: u32,       // which of THREADS_N, along the units
    strand: u32,
    scratch: u32, // where the strand's part of the scratch memory begins
}

// The layer that a pass is at: where its parameters begin, and where storage memory has its input.
struct Dense {
    inputs: u32,
    outputs: u32,
    w: u32,
    kept: u32,
}

// A thread's sums: units down, rows across, a quad of each a block.
struct Sums {
    c00: mat4x4<f32>,
    c10: mat4x4<f32>, // the other quad of rows
    c01: mat4x4<f32>, // the other quad of units
    c11: mat4x4<f32>,
}

fn threads() -> u32 {
    return THREADS_M * THREADS_N;
}

fn tile_stride() -> u32 {
    return ROW_QUADS + 1u;
}

// What the loss asks for. Where it has stored a d_z, it does not ask for that z again.
var<private> outputs_before: u32; // the first element of the row
var<private> row_in_tile: u32;

fn load_z(element: u32) -> f32 {
    let o = element - outputs_before;
    return tile[o * tile_stride() + row_in_tile / 4u][row_in_tile % 4u];
}

fn load_target(row: u32, columns: u32, column: u32) -> u32 {
    return data_t[sources[row_in_tile] * columns + column];
}

fn store_d_z(element: u32, value: f32) {
    let o = element - outputs_before;
    tile[o * tile_stride() + row_in_tile / 4u][row_in_tile % 4u] = value;
}

// The rows of a tile that begins at `first` in the batch and has `rows`. The last of them stands for
// those that are missing, and their d_z will be 0.
fn gather(at: Thread, first: u32, rows: u32) {
    for (var row = at.local; row < ROWS; row += threads()) {
        let position = control.first + first + min(row, rows - 1u);
        sources[row] = row_at(position, p.count, p.seed, control.epoch, SHUFFLE);
    }
    workgroupBarrier();
    for (var e = at.local; e < WIDTH_0 * ROW_QUADS; e += threads()) {
        let i = e % WIDTH_0;
        let quad = e / WIDTH_0;
        let row = 4u * quad;
        let x = vec4<f32>(
            data_x[sources[row] * WIDTH_0 + i], data_x[sources[row + 1u] * WIDTH_0 + i],
            data_x[sources[row + 2u] * WIDTH_0 + i], data_x[sources[row + 3u] * WIDTH_0 + i],
        );
        tile[i * tile_stride() + quad] = x;
        if (TRAIN) {
            scratch[at.scratch + quad * KEPT + i] = x;
        }
    }
}

// Four weights, `apart` from one another, of which there are so many; zeros stand for the others.
fn weights(begin: u32, apart: u32, count: u32) -> vec4<f32> {
    if (count >= 4u) {
        return vec4<f32>(
            parameters[begin], parameters[begin + apart],
            parameters[begin + 2u * apart], parameters[begin + 3u * apart],
        );
    }
    var four = vec4<f32>();
    if (count > 0u) {
        four.x = parameters[begin];
    }
    if (count > 1u) {
        four.y = parameters[begin + apart];
    }
    if (count > 2u) {
        four.z = parameters[begin + 2u * apart];
    }
    return four;
}

// How many of a quad's units there are, at a place that is there at all.
fn present(unit: u32, units: u32, there: bool) -> u32 {
    return select(0u, units - unit, there && unit < units);
}

// Weights that the forward pass needs next, of the inputs from `first` on: threads side by side read
// side by side.
fn stage_for_outputs(at: Thread, layer: Dense, first: u32) {
    let i = at.local % DEPTH;
    let there = first + i < layer.inputs;
    for (var o = 4u * (at.local / DEPTH); o < UNITS; o += 4u * (threads() / DEPTH)) {
        let begin = layer.w + o * layer.inputs + first + i;
        let count = present(o, layer.outputs, there);
        stage[i * (UNITS / 4u + 1u) + o / 4u] = weights(begin, layer.inputs, count);
    }
}

// And those that the backward pass needs, of the outputs from `first` on.
fn stage_for_inputs(at: Thread, layer: Dense, first: u32) {
    let quads = UNITS / 4u;
    let i = 4u * (at.local % quads);
    for (var o = at.local / quads; o < DEPTH; o += threads() / quads) {
        let begin = layer.w + (first + o) * layer.inputs + i;
        let count = present(i, layer.inputs, first + o < layer.outputs);
        stage[o * (quads + 1u) + i / 4u] = weights(begin, 1u, count);
    }
}

// What the tile holds times a layer's weights: its x, forward, or else its d_z. Whoever comes here has
// passed a barrier since the stage was last read.
fn product(at: Thread, layer: Dense, start: Sums, forward: bool) -> Sums {
    var sums = start;
    let depth = select(layer.outputs, layer.inputs, forward);
    let width = select(layer.inputs, layer.outputs, forward);
    let two = QUADS_N > 1u && width > 4u * THREADS_N;
    for (var first = 0u; first < depth; first += DEPTH) {
        if (first > 0u) {
            workgroupBarrier();
        }
        if (forward) {
            stage_for_outputs(at, layer, first);
        } else {
            stage_for_inputs(at, layer, first);
        }
        workgroupBarrier();
        var a = first * tile_stride() + at.m;
        var b = at.n;
        let end = b + min(DEPTH, depth - first) * (UNITS / 4u + 1u);
        for (; b < end; b += UNITS / 4u + 1u) {
            let a0 = tile[a];
            let b0 = stage[b];
            sums.c00 += outer(b0, a0);
            var a1 = vec4<f32>();
            if (QUADS_M > 1u) {
                a1 = tile[a + THREADS_M];
                sums.c10 += outer(b0, a1);
            }
            if (two) {
                let b1 = stage[b + THREADS_N];
                sums.c01 += outer(b1, a0);
                if (QUADS_M > 1u) {
                    sums.c11 += outer(b1, a1);
                }
            }
            a += tile_stride();
        }
    }
    return sums;
}

// A layer's z of one unit and four rows to its y: y goes into the tile, and where the layers above
// it will need it. The last layer's z stays what it is.
fn take_z(at: Thread, layer: Dense, unit: u32, quad: u32, z: vec4<f32>, last: bool) {
    if (unit >= layer.outputs) {
        return;
    }
    var y = z;
    if (!last) {
        y = activations(z);
        if (TRAIN) {
            let to = at.scratch + quad * KEPT + layer.kept + layer.inputs + unit;
            scratch[to] = y;
            if (KEEP_Z) {
                scratch[to + HIDDEN] = z;
            }
        }
    }
    tile[unit * tile_stride() + quad] = y;
}

fn take_z_block(at: Thread, layer: Dense, unit: u32, quad: u32, z: mat4x4<f32>, last: bool) {
    take_z(at, layer, unit, quad, z[0], last);
    take_z(at, layer, unit + 1u, quad, z[1], last);
    take_z(at, layer, unit + 2u, quad, z[2], last);
    take_z(at, layer, unit + 3u, quad, z[3], last);
}

// The gradient of a layer's input times f', the d_z of the layer below.
fn take_d_x(at: Thread, layer: Dense, unit: u32, quad: u32, d_x: vec4<f32>) {
    if (unit >= layer.inputs) {
        return;
    }
    var source = at.scratch + quad * KEPT + layer.kept + unit;
    if (KEEP_Z) {
        source += HIDDEN;
    }
    tile[unit * tile_stride() + quad] = d_x * derivatives(scratch[source]);
}

fn take_d_x_block(at: Thread, layer: Dense, unit: u32, quad: u32, d_x: mat4x4<f32>) {
    take_d_x(at, layer, unit, quad, d_x[0]);
    take_d_x(at, layer, unit + 1u, quad, d_x[1]);
    take_d_x(at, layer, unit + 2u, quad, d_x[2]);
    take_d_x(at, layer, unit + 3u, quad, d_x[3]);
}

fn bias(at: u32, o: u32, outputs: u32) -> vec4<f32> {
    return vec4<f32>(parameters[select(0u, at + o, o < outputs)]);
}

fn biases(at: u32, o: u32, outputs: u32) -> mat4x4<f32> {
    return mat4x4<f32>(
        bias(at, o, outputs), bias(at, o + 1u, outputs),
        bias(at, o + 2u, outputs), bias(at, o + 3u, outputs),
    );
}

fn forward(at: Thread) {
    let unit = 4u * at.n;
    let unit1 = unit + 4u * THREADS_N;
    let quad1 = at.m + THREADS_M;
    var layer = Dense(WIDTH_0, WIDTH_1, 0u, 0u);
    for (var l = 0u; l < LAYERS; l++) {
        layer.inputs = known_width(l);
        layer.outputs = known_width(l + 1u);
        let b = layer.w + layer.outputs * layer.inputs;
        let b0 = biases(b, unit, layer.outputs);
        let b1 = biases(b, unit1, layer.outputs);
        let z = product(at, layer, Sums(b0, b0, b1, b1), true);
        // Everyone has read the tile.
        workgroupBarrier();
        let last = l + 1u == LAYERS;
        take_z_block(at, layer, unit, at.m, z.c00, last);
        if (QUADS_M > 1u) {
            take_z_block(at, layer, unit, quad1, z.c10, last);
        }
        if (QUADS_N > 1u) {
            take_z_block(at, layer, unit1, at.m, z.c01, last);
        }
        if (QUADS_M > 1u && QUADS_N > 1u) {
            take_z_block(at, layer, unit1, quad1, z.c11, last);
        }
        layer.w += layer.outputs * (layer.inputs + 1u);
        layer.kept += layer.inputs;
    }
}

// The sums of loss and score over four of the tile's rows, which nobody else writes to, and d_z in
// the place of the last layer's z.
fn losses(at: Thread, first: u32, rows: u32) -> vec2<f32> {
    let outputs = known_width(LAYERS);
    var sums = vec2<f32>();
    for (var row = 4u * at.local; row < 4u * at.local + 4u; row++) {
        row_in_tile = row;
        outputs_before = (first + row) * outputs;
        if (row < rows) {
            sums += loss_row(first + row, control.rows, outputs);
        } else {
            for (var o = 0u; o < outputs; o++) {
                store_d_z(outputs_before + o, 0.0);
            }
        }
    }
    return sums;
}

// Those of the whole strand.
fn take_metrics(at: Thread, own: vec2<f32>) {
    if (at.local < ROW_QUADS) {
        sums_of_quads[at.local] = own;
    }
    workgroupBarrier();
    if (at.local == 0u) {
        var sums = own;
        for (var quad = 1u; quad < ROW_QUADS; quad++) {
            sums += sums_of_quads[quad];
        }
        row_metrics[at.strand] = sums;
    }
}

fn take_gradient(at: Thread, index: u32, sum: f32, fresh: bool) {
    let to = at.strand * COUNT + index;
    if (fresh) {
        gradients[to] = sum;
    } else {
        gradients[to] += sum;
    }
}

// The layer's inputs of CHUNK rows, zero past the last input.
fn stage_inputs(at: Thread, layer: Dense, first_quad: u32) {
    for (var e = at.local; e < UNITS * (CHUNK / 4u); e += threads()) {
        let i = e % UNITS;
        let quad = e / UNITS;
        let source = at.scratch + (first_quad + quad) * KEPT + layer.kept + min(i, layer.inputs - 1u);
        stage[i * (CHUNK / 4u + 1u) + quad] = select(vec4<f32>(), scratch[source], i < layer.inputs);
    }
}

// Where the tile has a unit; the last stands for those past it.
fn unit_at(unit: u32) -> u32 {
    return min(unit, UNITS - 1u) * tile_stride();
}

// Four sums over four rows, of one unit above and four below.
fn add_rows(sums: vec4<f32>, a: vec4<f32>, x: mat4x4<f32>) -> vec4<f32> {
    let by_row = transpose(x);
    var c = sums;
    c += a.x * by_row[0];
    c += a.y * by_row[1];
    c += a.z * by_row[2];
    c += a.w * by_row[3];
    return c;
}

// Gradients of the weights of four inputs, THREADS_N from one another.
fn take_weights(at: Thread, layer: Dense, o: u32, i: u32, sums: vec4<f32>, fresh: bool) {
    if (o >= layer.outputs) {
        return;
    }
    let inputs = layer.inputs;
    let index = layer.w + o * inputs;
    if (i < inputs) {
        take_gradient(at, index + i, sums.x, fresh);
    }
    if (i + THREADS_N < inputs) {
        take_gradient(at, index + i + THREADS_N, sums.y, fresh);
    }
    if (i + 2u * THREADS_N < inputs) {
        take_gradient(at, index + i + 2u * THREADS_N, sums.z, fresh);
    }
    if (i + 3u * THREADS_N < inputs) {
        take_gradient(at, index + i + 3u * THREADS_N, sums.w, fresh);
    }
}

// Those of four outputs, THREADS_M from one another.
fn take_weight_block(at: Thread, layer: Dense, o: u32, i: u32, sums: mat4x4<f32>, fresh: bool) {
    take_weights(at, layer, o, i, sums[0], fresh);
    take_weights(at, layer, o + THREADS_M, i, sums[1], fresh);
    take_weights(at, layer, o + 2u * THREADS_M, i, sums[2], fresh);
    take_weights(at, layer, o + 3u * THREADS_M, i, sums[3], fresh);
}

// d_W = d_z^T x of 4 THREADS_M outputs from `top` on and all inputs, over the rows of the tile, where
// d_z stands.
fn weight_block(at: Thread, layer: Dense, top: u32, fresh: bool) {
    let o = top + at.m;
    let two = QUADS_N > 1u && layer.inputs > 4u * THREADS_N;
    let four = layer.outputs - top > THREADS_M;
    var c0 = vec4<f32>();
    var c1 = vec4<f32>();
    var c2 = vec4<f32>();
    var c3 = vec4<f32>();
    var d0 = vec4<f32>();
    var d1 = vec4<f32>();
    var d2 = vec4<f32>();
    var d3 = vec4<f32>();
    let stride = CHUNK / 4u + 1u;
    let at0 = unit_at(o);
    let at1 = unit_at(o + THREADS_M);
    let at2 = unit_at(o + 2u * THREADS_M);
    let at3 = unit_at(o + 3u * THREADS_M);
    for (var first = 0u; first < ROW_QUADS; first += CHUNK / 4u) {
        // Where all rows are staged at once, they stay for all outputs.
        if (ROWS > CHUNK || top == 0u) {
            workgroupBarrier();
            stage_inputs(at, layer, first);
            workgroupBarrier();
        }
        for (var quad = 0u; quad < CHUNK / 4u; quad++) {
            let a0 = tile[at0 + first + quad];
            var a1 = vec4<f32>();
            var a2 = vec4<f32>();
            var a3 = vec4<f32>();
            if (four) {
                a1 = tile[at1 + first + quad];
                a2 = tile[at2 + first + quad];
                a3 = tile[at3 + first + quad];
            }
            let i = at.n * stride + quad;
            let x = mat4x4<f32>(
                stage[i], stage[i + THREADS_N * stride],
                stage[i + 2u * THREADS_N * stride], stage[i + 3u * THREADS_N * stride],
            );
            c0 = add_rows(c0, a0, x);
            if (four) {
                c1 = add_rows(c1, a1, x);
                c2 = add_rows(c2, a2, x);
                c3 = add_rows(c3, a3, x);
            }
            if (two) {
                let y = mat4x4<f32>(
                    stage[i + 4u * THREADS_N * stride], stage[i + 5u * THREADS_N * stride],
                    stage[i + 6u * THREADS_N * stride], stage[i + 7u * THREADS_N * stride],
                );
                d0 = add_rows(d0, a0, y);
                if (four) {
                    d1 = add_rows(d1, a1, y);
                    d2 = add_rows(d2, a2, y);
                    d3 = add_rows(d3, a3, y);
                }
            }
        }
    }
    take_weight_block(at, layer, o, at.n, mat4x4<f32>(c0, c1, c2, c3), fresh);
    if (two) {
        let d = mat4x4<f32>(d0, d1, d2, d3);
        take_weight_block(at, layer, o, at.n + 4u * THREADS_N, d, fresh);
    }
}

// d_b, the sums of d_z over the rows, a unit a thread.
fn bias_gradient(at: Thread, layer: Dense, fresh: bool) {
    let b = layer.w + layer.outputs * layer.inputs;
    for (var o = at.local; o < layer.outputs; o += threads()) {
        var sums = vec4<f32>();
        for (var quad = 0u; quad < ROW_QUADS; quad++) {
            sums += tile[o * tile_stride() + quad];
        }
        take_gradient(at, b + o, (sums.x + sums.y) + (sums.z + sums.w), fresh);
    }
}

fn backward(at: Thread, fresh: bool) {
    let unit = 4u * at.n;
    let unit1 = unit + 4u * THREADS_N;
    let quad1 = at.m + THREADS_M;
    var layer = Dense(WIDTH_0, WIDTH_1, COUNT, WIDTH_0 + HIDDEN);
    for (var l = LAYERS; l > 0u; l--) {
        layer.inputs = known_width(l - 1u);
        layer.outputs = known_width(l);
        layer.w -= layer.outputs * (layer.inputs + 1u);
        layer.kept -= layer.inputs;
        for (var top = 0u; top < layer.outputs; top += 4u * THREADS_M) {
            weight_block(at, layer, top, fresh);
        }
        bias_gradient(at, layer, fresh);
        if (l == 1u) {
            break;
        }
        workgroupBarrier();
        let d_x = product(at, layer, Sums(), false);
        workgroupBarrier();
        take_d_x_block(at, layer, unit, at.m, d_x.c00);
        if (QUADS_M > 1u) {
            take_d_x_block(at, layer, unit, quad1, d_x.c10);
        }
        if (QUADS_N > 1u) {
            take_d_x_block(at, layer, unit1, at.m, d_x.c01);
        }
        if (QUADS_M > 1u && QUADS_N > 1u) {
            take_d_x_block(at, layer, unit1, quad1, d_x.c11);
        }
    }
}

// A strand of no rows has no gradient.
fn nothing(at: Thread) {
    for (var index = at.local; index < COUNT; index += threads()) {
        take_gradient(at, index, 0.0, true);
    }
}

@compute @workgroup_size(THREADS_N, THREADS_M)
fn fused_gradient(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let strand = unfold(group, groups);
    if (strand >= p.strands) {
        return;
    }
    let here = standing(local);
    let at = Thread(local, here.x, here.y, strand, strand * ROW_QUADS * KEPT);
    let each = (p.batch + p.strands - 1u) / p.strands;
    let begin = min(strand * each, control.rows);
    let end = min(begin + each, control.rows);
    if (TRAIN && begin == end) {
        nothing(at);
    }
    var metrics = vec2<f32>();
    for (var first = begin; first < end; first += ROWS) {
        let rows = min(ROWS, end - first);
        gather(at, first, rows);
        forward(at);
        workgroupBarrier();
        if (local < ROW_QUADS) {
            metrics += losses(at, first, rows);
        }
        if (TRAIN) {
            storageBarrier();
            workgroupBarrier();
            backward(at, first == begin);
            storageBarrier();
        }
        workgroupBarrier();
    }
    take_metrics(at, metrics);
}
