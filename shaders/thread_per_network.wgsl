// Many steps of many networks of one shape in one dispatch, one network per thread: for software
// adapters, and for the smallest networks on GPUs. Threads share nothing, so there are no barriers,
// and on llvmpipe eight networks fill a SIMD vector. Every parameter, gradient, number of the
// optimizer's state and unit of a row is a variable with a name, because llvmpipe keeps such variables
// in registers or on the stack, where a load is one instruction; a load through a computed index is a
// loop over the vector's lanes, a hundred times as long. `kernels/thread_per_network.rs` therefore
// writes out `clear`, `learn_row`, `update` and `shift` for the shape. Bound by arithmetic (a single
// network uses one lane of eight); the text, and the time to compile it, grow with the parameters.

var<private> source: u32; // the row of the data set
var<private> z_last: array<f32, OUTPUTS>;
var<private> d_z_last: array<f32, OUTPUTS>;

// What the loss asks for: its row 0 is the thread's row.
fn load_z(element: u32) -> f32 {
    return z_last[element];
}

fn load_target(row: u32, columns: u32, column: u32) -> u32 {
    return data_t[source * columns + column];
}

fn store_d_z(element: u32, value: f32) {
    d_z_last[element] = value;
}

// Variables cannot be indexed, so parameters are loaded and stored as through a shift register:
// `shift` moves every parameter to the next variable, puts a new one into the first, and returns what
// was in the last.
fn load_parameters(me: Member) {
    for (var i = me.count; i > 0u; i--) {
        var before = vec2<f32>();
        if (STATE_TENSORS > 0u) {
            before.x = state[state_at(me, 0u, i - 1u)];
        }
        if (STATE_TENSORS > 1u) {
            before.y = state[state_at(me, 1u, i - 1u)];
        }
        _ = shift(Stepped(parameters[me.parameters_at + i - 1u], before));
    }
}

fn store_parameters(me: Member) {
    for (var i = me.count; i > 0u; i--) {
        let last = shift(Stepped());
        parameters[me.parameters_at + i - 1u] = last.parameter;
        if (STATE_TENSORS > 0u) {
            state[state_at(me, 0u, i - 1u)] = last.state.x;
        }
        if (STATE_TENSORS > 1u) {
            state[state_at(me, 1u, i - 1u)] = last.state.y;
        }
    }
}

@compute @workgroup_size(THREADS)
fn thread_per_network(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let member = unfold(group, groups) * THREADS + local;
    if (member >= p.members) {
        return;
    }
    let begun = controls[member];
    if (begun.rows == 0u) { // at rest
        return;
    }
    let me = described(member * p.stride);
    load_parameters(me);
    var at_step = control_at(begun.step, begun.slot, me.rows, me.batch);
    for (var k = 0u; k < p.steps; k++) {
        var metrics = vec2<f32>();
        clear();
        let rows = at_step.rows;
        for (var b = 0u; b < rows; b++) {
            source = source_at(me, at_step.first + b, at_step.epoch);
            metrics += learn_row(rows);
        }
        if (at_step.slot < p.capacity) {
            history[at_step.slot * p.members + member] = metrics / f32(rows);
        }
        update(at_step.step, me.lr * rate_at(at_step.step, rate));
        at_step = advanced(at_step, me.rows, me.batch, p.capacity);
    }
    store_parameters(me);
    controls[member] = at_step;
}
