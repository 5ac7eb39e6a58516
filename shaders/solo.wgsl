// Many steps of many networks of one shape in one dispatch, for the software adapters: a thread
// trains a network of its own, alone. Nothing is shared, so nobody waits, and eight networks fill a
// vector of the CPU. Parameters, their gradients, what the optimizer remembers and a row's units
// are variables of their own: llvmpipe keeps them in registers or on the stack, where a load is
// one instruction. Through an index it would be a loop over the vector's lanes, a hundred times as
// long. So the passes are written out for the shape by `kernels/solo.rs`: `learn_row`, `update`,
// `shift` and the like are there. Bound by arithmetic, one lane in eight for a network alone; and
// the text grows with the parameters, and the time to compile it.
struct Immediates {
    steps: u32,    // steps in this dispatch; the host sets it anew each time
    members: u32,  // networks
    stride: u32,   // words in a network's description
    capacity: u32, // steps in the history, a ring
    hyper: Hyper,
    rate: Course,
}
var<immediate> p: Immediates;

override THREADS: u32;
override SHUFFLE: bool;
override MEMORIES: u32; // tensors that the optimizer remembers: 0, 1 or 2

@group(0) @binding(0) var<storage, read_write> controls: array<Control>;      // [members]
@group(0) @binding(1) var<storage, read> members: array<u32>;                 // [members, stride]
@group(0) @binding(2) var<storage, read> data_x: array<f32>;                  // [N, I]
@group(0) @binding(3) var<storage, read> data_t: array<u32>;                  // [N, T]
@group(0) @binding(4) var<storage, read_write> parameters: array<f32>;        // members' W, b, W, b, …
@group(0) @binding(5) var<storage, read_write> memory: array<f32>;            // MEMORIES as long
@group(0) @binding(6) var<storage, read_write> history: array<vec2<f32>>;     // [capacity, members]
@group(0) @binding(7) var<storage, read_write> scratch: array<f32>;           // for `resident`

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

// Where the memory of a parameter stands, of a network whose parameters begin at `first`.
fn memory_at(tensor: u32, first: u32, count: u32, index: u32) -> u32 {
    return MEMORIES * first + tensor * count + index;
}

// In and out through one end, as no parameter can be reached by its number: `shift` pushes one in
// at the front, and the last one out.
fn bring(first: u32, count: u32) {
    for (var i = count; i > 0u; i--) {
        var remembered = vec2<f32>();
        if (MEMORIES > 0u) {
            remembered.x = memory[memory_at(0u, first, count, i - 1u)];
        }
        if (MEMORIES > 1u) {
            remembered.y = memory[memory_at(1u, first, count, i - 1u)];
        }
        _ = shift(Stepped(parameters[first + i - 1u], remembered));
    }
}

fn take_back(first: u32, count: u32) {
    for (var i = count; i > 0u; i--) {
        let last = shift(Stepped());
        parameters[first + i - 1u] = last.parameter;
        if (MEMORIES > 0u) {
            memory[memory_at(0u, first, count, i - 1u)] = last.memory.x;
        }
        if (MEMORIES > 1u) {
            memory[memory_at(1u, first, count, i - 1u)] = last.memory.y;
        }
    }
}

@compute @workgroup_size(THREADS)
fn solo(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let member = unfold(group, groups) * THREADS + local;
    if (member >= p.members) {
        return;
    }
    // The network's description, in the order in which the host writes it.
    let at = member * p.stride;
    let first_parameter = members[at];
    let parameter_count = members[at + 1u];
    let first_row = members[at + 2u];
    let row_count = members[at + 3u];
    let batch = members[at + 4u];
    let seed = members[at + 5u];
    let lr = bitcast<f32>(members[at + 6u]);

    bring(first_parameter, parameter_count);
    let per_epoch = (row_count + batch - 1u) / batch;
    var step = controls[member].step;
    var slot = controls[member].slot;
    var number = step % per_epoch;
    var epoch = step / per_epoch;
    var first = number * batch;
    var rows = min(batch, row_count - first);
    for (var k = 0u; k < p.steps; k++) {
        var metrics = vec2<f32>();
        clear();
        for (var b = 0u; b < rows; b++) {
            var position = first + b;
            if (SHUFFLE) {
                position = permute(position, row_count, seed, epoch);
            }
            source = first_row + position;
            metrics += learn_row(rows);
        }
        if (slot < p.capacity) {
            history[slot * p.members + member] = metrics / f32(rows);
        }
        update(step, lr * rate_at(step, p.rate));
        slot = (slot + 1u) % p.capacity;
        step += 1u;
        number += 1u;
        if (number == per_epoch) {
            number = 0u;
            epoch += 1u;
        }
        first = number * batch;
        rows = min(batch, row_count - first);
    }
    take_back(first_parameter, parameter_count);
    controls[member] = Control(step, epoch, number, first, rows, 0u, 0u, slot, 1.0);
}
