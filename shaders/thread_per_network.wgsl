// Many steps of many networks of one shape in one dispatch, for the software adapters, and for the
// tiniest on GPUs: a thread trains a network of its own, alone. Nothing is shared, so nobody waits,
// and eight networks fill a vector of the CPU. Parameters, their gradients, what the optimizer
// remembers and a row's units are variables of their own: llvmpipe keeps them in registers or on the stack, where a load is
// one instruction. Through an index it would be a loop over the vector's lanes, a hundred times as
// long. So the passes are written out for the shape by `kernels/thread_per_network.rs`: `learn_row`, `update`,
// `shift` and the like are there. Bound by arithmetic, one lane in eight for a network alone; and
// the text grows with the parameters, and the time to compile it.

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

// In and out through one end, as no parameter can be reached by its number: `shift` pushes one in
// at the front, and the last one out.
fn bring(me: Member) {
    for (var i = me.count; i > 0u; i--) {
        var remembered = vec2<f32>();
        if (STATE_TENSORS > 0u) {
            remembered.x = state[state_at(me, 0u, i - 1u)];
        }
        if (STATE_TENSORS > 1u) {
            remembered.y = state[state_at(me, 1u, i - 1u)];
        }
        _ = shift(Stepped(parameters[me.parameters_at + i - 1u], remembered));
    }
}

fn take_back(me: Member) {
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
    let me = described(member * p.stride);
    bring(me);
    let begun = controls[member];
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
        update(at_step.step, me.lr * rate_at(at_step.step, p.rate));
        at_step = advanced(at_step, me.rows, me.batch, p.capacity);
    }
    take_back(me);
    controls[member] = at_step;
}
