// Many steps of many networks in one dispatch, one network per workgroup. Parameters, the optimizer's
// state and the batch's activations are in workgroup memory as far as they fit, and otherwise in
// storage memory; the code is the same. Bound by latency: there is a barrier after every layer, or,
// where barriers are slow, each thread takes one row through all layers (BY_ROWS). On llvmpipe a load
// from either memory takes a hundred cycles, because it is a loop over the lanes of a vector:
// `thread_per_network.wgsl` avoids it for small networks.

override BY_ROWS: bool;           // a thread takes a row through the layers, not elements of all rows
override KEEP: bool;              // the backward pass needs more than the next layer's x:
override KEEP_Z: bool;            // z, or else y before dropout
override DROPS: bool;             // some units are left out
override WEIGHTED: bool;          // some rows count more than others
override CLIPS: bool;             // gradients are clipped by their norm
override CLIPPERS: u32;           // THREADS, or 1 where none are
override PARAMETERS_INSIDE: bool; // in workgroup memory, not in storage
override STATE_INSIDE: bool;
override ROWS_INSIDE: bool;
override ROWS_AT: u32;            // where the rows begin in the arena, after the parameters
override ARENA: u32;              // words of workgroup memory
// Where all networks have one shape, it is known to the compiler, which unrolls the loops.
override KNOWN: bool;
override BATCH: u32;
override WHOLE: bool;             // every batch is as long as the others

var<workgroup> arena: array<f32, ARENA>;
var<workgroup> begin: vec3<u32>;
var<workgroup> squares: array<f32, CLIPPERS>; // of the gradients that each thread has

var<private> me: Member;
var<private> widths_at: u32;
// Offsets into the batch's rows: y[B, width] of every layer, x first; what is kept; d_z; loss and score;
// how much each row counts.
var<private> kept_at: u32;
var<private> d_at: u32;
var<private> metrics_at: u32;
var<private> weights_at: u32;
var<private> epoch: u32;
var<private> first: u32;
var<private> step: u32;
var<private> d_z_at: u32;
var<private> last_z_at: u32;
var<private> share: f32; // how much the row counts that the loss is at

fn describe(at: u32) {
    me = described(at);
    widths_at = at + WIDTHS;
}

fn width(layer: u32) -> u32 {
    if (KNOWN) {
        return known_width(layer);
    }
    return members[widths_at + layer];
}

// e / n, exact for e below 2^22: e + 1/2 is never nearer to a multiple of n than the quotient's
// rounding. An integer division costs many times as much.
fn quotient(e: u32, n: u32) -> u32 {
    return u32((f32(e) + 0.5) / f32(n));
}

fn parameter(index: u32) -> f32 {
    if (PARAMETERS_INSIDE) {
        return arena[index];
    }
    return parameters[me.parameters_at + index];
}

fn set_parameter(index: u32, value: f32) {
    if (PARAMETERS_INSIDE) {
        arena[index] = value;
    } else {
        parameters[me.parameters_at + index] = value;
    }
}

fn state_of(tensor: u32, index: u32) -> f32 {
    if (tensor >= STATE_TENSORS) {
        return 0.0;
    }
    if (STATE_INSIDE) {
        return arena[(1u + tensor) * me.count + index];
    }
    return state[state_at(me, tensor, index)];
}

fn set_state(tensor: u32, index: u32, value: f32) {
    if (tensor >= STATE_TENSORS) {
        return;
    }
    if (STATE_INSIDE) {
        arena[(1u + tensor) * me.count + index] = value;
    } else {
        state[state_at(me, tensor, index)] = value;
    }
}

fn row_word(index: u32) -> f32 {
    if (ROWS_INSIDE) {
        return arena[ROWS_AT + index];
    }
    return scratch[me.scratch_at + index];
}

fn set_row_word(index: u32, value: f32) {
    if (ROWS_INSIDE) {
        arena[ROWS_AT + index] = value;
    } else {
        scratch[me.scratch_at + index] = value;
    }
}

// Iterations in which the threads together go over so many elements.
fn iterations(elements: u32) -> u32 {
    return (elements + THREADS - 1u) / THREADS;
}

// The same for [rows, columns], where BY_ROWS gives each row a thread.
fn row_iterations(rows: u32, columns: u32) -> u32 {
    if (BY_ROWS) {
        return columns;
    }
    return iterations(rows * columns);
}

// Row and column of a thread's element in an iteration. Past the last element the row is past the
// last row.
fn element_at(iteration: u32, local: u32, columns: u32) -> vec2<u32> {
    if (BY_ROWS) {
        return vec2<u32>(local, iteration);
    }
    let e = iteration * THREADS + local;
    let row = quotient(e, columns);
    return vec2<u32>(row, e - row * columns);
}

// All threads, and all that they have written.
fn barrier() {
    workgroupBarrier();
    if (!(PARAMETERS_INSIDE && STATE_INSIDE && ROWS_INSIDE)) {
        storageBarrier();
    }
}

// After what a row needs only of itself: no barrier where a row is one thread's.
fn barrier_between_rows() {
    if (!BY_ROWS) {
        barrier();
    }
}

// The row of the data set at a place of the batch.
fn source(b: u32) -> u32 {
    return source_at(me, first + b, epoch);
}

// What dropout multiplies a unit of a hidden layer by, in a row of the batch: 0, or 1 / (1 - p). It is
// never stored: the same step, layer, row and unit draw the same random word.
fn dropout_factor(layers: u32, layer: u32, row: u32, unit: u32) -> f32 {
    let at = widths_at + layers + 1u + 2u * layer;
    let threshold = members[at];
    if (threshold == 0u) {
        return 1.0;
    }
    let masks = widths_at - WIDTHS + MASKS_AT;
    let key = vec2<u32>(members[masks], members[masks + 1u]);
    let words = philox(vec4<u32>(step, layer, row, unit / 4u), key);
    return select(number(at + 1u), 0.0, words[unit % 4u] < threshold);
}

// What the loss asks for.
fn load_z(element: u32) -> f32 {
    return row_word(last_z_at + element);
}

fn load_target(row: u32, columns: u32, column: u32) -> u32 {
    return data_t[source(row) * columns + column];
}

fn store_d_z(element: u32, value: f32) {
    set_row_word(d_z_at + element, value * share);
}

// How much a row counts beside the others of its batch, or, in an evaluation, beside all others.
fn share_of(row: u32, rows: u32) -> f32 {
    if (!WEIGHTED) {
        return 1.0;
    }
    let own = row_word(weights_at + row);
    if (OPTIMIZER == 0u) {
        return own * me.weight_scale;
    }
    var sum = 0.0;
    for (var b = 0u; b < rows; b++) {
        sum += row_word(weights_at + b);
    }
    let mean = sum / f32(rows);
    return select(0.0, own / mean, mean > 0.0);
}

fn gather(local: u32, rows: u32) {
    let inputs = width(0u);
    for (var iteration = 0u; iteration < row_iterations(rows, inputs); iteration++) {
        let at = element_at(iteration, local, inputs);
        if (at.x >= rows) {
            break;
        }
        let row = source(at.x);
        set_row_word(at.x * inputs + at.y, data_x[row * inputs + at.y]);
        if (WEIGHTED && at.y == 0u) {
            set_row_word(weights_at + at.x, bitcast<f32>(data_t[me.weights_at + row]));
        }
    }
}

fn forward(local: u32, rows: u32, layers: u32) {
    var w = 0u;
    var y = 0u;
    var kept = kept_at;
    for (var layer = 0u; layer < layers; layer++) {
        let inputs = width(layer);
        let outputs = width(layer + 1u);
        let y_next = y + me.batch * inputs;
        for (var iteration = 0u; iteration < row_iterations(rows, outputs); iteration++) {
            let at = element_at(iteration, local, outputs);
            if (at.x >= rows) {
                break;
            }
            let b = at.x;
            let o = at.y;
            let e = b * outputs + o;
            var z = parameter(w + outputs * inputs + o);
            for (var i = 0u; i < inputs; i++) {
                z += parameter(w + o * inputs + i) * row_word(y + b * inputs + i);
            }
            if (layer + 1u == layers) {
                set_row_word(y_next + e, z);
                continue;
            }
            var unit = activation(z);
            if (KEEP) {
                set_row_word(kept + e, select(unit, z, KEEP_Z));
            }
            if (DROPS) {
                unit *= dropout_factor(layers, layer, b, o);
            }
            set_row_word(y_next + e, unit);
        }
        barrier_between_rows();
        w += outputs * (inputs + 1u);
        y = y_next;
        kept += me.batch * outputs;
    }
}

// d_z of every layer but the last, from the top down.
fn backward(local: u32, rows: u32, layers: u32) {
    var w = me.count;
    var d = metrics_at;
    var kept = kept_at;
    if (KEEP) {
        kept = d_at;
    }
    for (var layer = layers - 1u; layer > 0u; layer--) {
        let inputs = width(layer);
        let outputs = width(layer + 1u);
        w -= outputs * (inputs + 1u);
        d -= me.batch * outputs;
        if (!KEEP && layer + 1u == layers) {
            kept -= me.batch * outputs; // y of the last layer is no activation
        }
        kept -= me.batch * inputs;
        let d_below = d - me.batch * inputs;
        for (var iteration = 0u; iteration < row_iterations(rows, inputs); iteration++) {
            let at = element_at(iteration, local, inputs);
            if (at.x >= rows) {
                break;
            }
            let b = at.x;
            let i = at.y;
            let e = b * inputs + i;
            var d_x = 0.0;
            for (var o = 0u; o < outputs; o++) {
                d_x += row_word(d + b * outputs + o) * parameter(w + o * inputs + i);
            }
            if (DROPS) {
                d_x *= dropout_factor(layers, layer - 1u, b, i);
            }
            set_row_word(d_below + e, d_x * activation_derivative(row_word(kept + e)));
        }
        barrier_between_rows();
    }
}

// Each thread goes over its elements of every layer. Where it `steps`, they are updated by their gradients, which
// shrink by `clip`; else it only adds up the gradients' squares.
fn update(local: u32, rows: u32, layers: u32, lr: f32, steps: bool, clip: f32) -> f32 {
    var w = 0u;
    var y = 0u;
    var d = d_at;
    var sum = 0.0;
    for (var layer = 0u; layer < layers; layer++) {
        let inputs = width(layer);
        let outputs = width(layer + 1u);
        for (var iteration = 0u; iteration < iterations(outputs * (inputs + 1u)); iteration++) {
            let e = iteration * THREADS + local;
            if (e >= outputs * (inputs + 1u)) {
                break;
            }
            let o = quotient(e, inputs + 1u);
            let i = e - o * (inputs + 1u);
            var gradient = 0.0;
            var index = w + outputs * inputs + o;
            if (i < inputs) {
                index = w + o * inputs + i;
                for (var b = 0u; b < rows; b++) {
                    gradient += row_word(d + b * outputs + o) * row_word(y + b * inputs + i);
                }
            } else {
                for (var b = 0u; b < rows; b++) {
                    gradient += row_word(d + b * outputs + o);
                }
            }
            let w_before = parameter(index);
            gradient = regularized(gradient, w_before, i < inputs, hyper);
            if (!steps) {
                sum += gradient * gradient;
                continue;
            }
            let before = vec2<f32>(state_of(0u, index), state_of(1u, index));
            let after = optimize(w_before, gradient * clip, before, step, lr, hyper);
            set_parameter(index, after.parameter);
            set_state(0u, index, after.state.x);
            set_state(1u, index, after.state.y);
        }
        w += outputs * (inputs + 1u);
        y += me.batch * inputs;
        d += me.batch * outputs;
    }
    return sum;
}

// How much all gradients shrink so that their norm is at most the network's, as `clip_norm.wgsl` has it.
// The gradients themselves are computed twice: there is no room for them.
fn clip_of(local: u32, rows: u32, layers: u32) -> f32 {
    squares[local % CLIPPERS] = update(local, rows, layers, 0.0, false, 1.0);
    workgroupBarrier();
    var sum = 0.0;
    for (var thread = 0u; thread < CLIPPERS; thread++) {
        sum += squares[thread];
    }
    let scale = me.clip_norm / (sqrt(sum) + 1e-6);
    // Not min(scale, 1), which may make 1 of NaN.
    return select(scale, 1.0, me.clip_norm == 0.0 || scale > 1.0);
}

// From storage into workgroup memory at the start, and back at the end.
fn load_parameters(local: u32) {
    for (var i = local; i < me.count; i += THREADS) {
        if (PARAMETERS_INSIDE) {
            arena[i] = parameters[me.parameters_at + i];
        }
        if (STATE_INSIDE) {
            for (var tensor = 0u; tensor < STATE_TENSORS; tensor++) {
                let at = STATE_TENSORS * me.parameters_at + tensor * me.count + i;
                arena[(1u + tensor) * me.count + i] = state[at];
            }
        }
    }
}

fn store_parameters(local: u32) {
    for (var i = local; i < me.count; i += THREADS) {
        if (PARAMETERS_INSIDE) {
            parameters[me.parameters_at + i] = arena[i];
        }
        if (STATE_INSIDE) {
            for (var tensor = 0u; tensor < STATE_TENSORS; tensor++) {
                let at = STATE_TENSORS * me.parameters_at + tensor * me.count + i;
                state[at] = arena[(1u + tensor) * me.count + i];
            }
        }
    }
}

// The batch's mean loss and score. One thread adds them up: batches are tiny here.
fn record(member: u32, slot: u32, rows: u32) {
    var sum = vec2<f32>();
    for (var b = 0u; b < rows; b++) {
        sum += vec2<f32>(row_word(metrics_at + 2u * b), row_word(metrics_at + 2u * b + 1u));
    }
    if (slot < p.capacity) {
        history[slot * p.members + member] = sum / f32(rows);
    }
}

@compute @workgroup_size(THREADS)
fn resident(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let member = unfold(group, groups);
    if (member >= p.members) {
        return;
    }
    // Whatever decides about a barrier comes straight from the description: private variables
    // count as different in each thread.
    let at = member * p.stride;
    describe(at);
    let count = members[at + 3u];
    var batch = members[at + 4u];
    var layers = members[at + LAYERS_AT];
    if (KNOWN) {
        batch = BATCH;
        layers = LAYERS;
        me.batch = BATCH;
    }
    var units = 0u;
    for (var layer = 1u; layer <= layers; layer++) {
        units += width(layer);
    }
    let outputs = width(layers);
    kept_at = me.batch * (width(0u) + units);
    d_at = kept_at;
    if (KEEP) {
        d_at += me.batch * (units - outputs);
    }
    metrics_at = d_at + me.batch * units;
    weights_at = metrics_at + 2u * me.batch;
    d_z_at = metrics_at - me.batch * outputs;
    last_z_at = kept_at - me.batch * outputs;

    if (local == 0u) {
        begin = vec3<u32>(controls[member].step, controls[member].slot, controls[member].rows);
    }
    let start = workgroupUniformLoad(&begin);
    if (start.z == 0u) { // at rest
        return;
    }
    load_parameters(local);
    barrier();
    var at_step = control_at(start.x, start.y, count, batch);
    for (var k = 0u; k < p.steps; k++) {
        epoch = at_step.epoch;
        first = at_step.first;
        step = at_step.step;
        var rows = at_step.rows;
        if (KNOWN && WHOLE) {
            rows = BATCH;
        }
        // Where a batch is all rows, the first iteration has gathered it.
        if (k == 0u || batch < count) {
            gather(local, rows);
            if (WEIGHTED) {
                barrier();
            } else {
                barrier_between_rows();
            }
        }
        forward(local, rows, layers);
        for (var row = local; row < rows; row += THREADS) {
            share = share_of(row, rows);
            let metrics = loss_row(row, rows, outputs);
            set_row_word(metrics_at + 2u * row, metrics.x * share);
            set_row_word(metrics_at + 2u * row + 1u, metrics.y);
        }
        barrier_between_rows();
        if (OPTIMIZER != 0u) {
            backward(local, rows, layers);
        }
        if (BY_ROWS) {
            barrier();
        }
        if (local == 0u) {
            record(member, at_step.slot, rows);
        }
        if (OPTIMIZER != 0u) {
            let lr = me.lr * rate_at(at_step.step, rate);
            var clip = 1.0;
            if (CLIPS) {
                clip = clip_of(local, rows, layers);
            }
            _ = update(local, rows, layers, lr, true, clip);
        }
        barrier();
        at_step = advanced(at_step, count, batch, p.capacity);
    }
    store_parameters(local);
    if (local == 0u) {
        controls[member] = at_step;
    }
}
