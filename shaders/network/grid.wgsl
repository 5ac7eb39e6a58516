// The bindings of `resident` and `thread_per_network`: the networks of a grid, each with a description
// and its part of the buffers.

struct Immediates {
    steps: u32,    // steps in this dispatch; the host sets it anew each time
    members: u32,  // networks
    stride: u32,   // words in a network's description
    capacity: u32, // steps in the history, a ring
}
var<immediate> p: Immediates;

override THREADS: u32;
override SHUFFLE: bool;
override STATE_TENSORS: u32; // of the optimizer's state: 0, 1 or 2

@group(0) @binding(0) var<storage, read_write> controls: array<Control>;      // [members]
@group(0) @binding(1) var<storage, read> members: array<u32>;                 // [members, stride]
@group(0) @binding(2) var<storage, read> data_x: array<f32>;                  // [N, I]
@group(0) @binding(3) var<storage, read> data_t: array<u32>;                  // [N, T], then weights [N]
@group(0) @binding(4) var<storage, read_write> parameters: array<f32>;        // members' W, b, W, b, …
@group(0) @binding(5) var<storage, read_write> state: array<f32>;             // STATE_TENSORS as long
@group(0) @binding(6) var<storage, read_write> history: array<vec2<f32>>;     // [capacity, members]
@group(0) @binding(7) var<storage, read_write> scratch: array<f32>;           // of `resident`

// The network's description, in the order in which the host writes it.
struct Member {
    parameters_at: u32, // where its parameters begin
    count: u32,         // how many they are
    first_row: u32,     // its rows of the data set
    rows: u32,
    batch: u32,
    seed: u32,          // of its order
    lr: f32,
    scratch_at: u32,
    weights_at: u32,    // where the weights of rows begin in data_t
    weight_scale: f32,  // what they are multiplied by in an evaluation
    clip_norm: f32,     // the norm of all gradients is at most this; 0: as they are
}
const LAYERS_AT: u32 = 11u; // then how many layers it has,
const MASKS_AT: u32 = 12u;  // the two words of its dropout's seed,
const HYPER_AT: u32 = 14u;  // its optimizer's settings,
const RATE_AT: u32 = 27u;   // its schedule's numbers,
const WIDTHS: u32 = 34u;    // its widths, input first, and two words of dropout for each hidden layer

// Settings of the network that a thread is at.
var<private> hyper: Hyper;
var<private> rate: RateTerms;

fn number(at: u32) -> f32 {
    return bitcast<f32>(members[at]);
}

fn described(at: u32) -> Member {
    let h = at + HYPER_AT;
    hyper = Hyper(
        number(h), number(h + 1u), members[h + 2u], members[h + 3u], number(h + 4u),
        number(h + 5u), number(h + 6u), number(h + 7u), number(h + 8u), number(h + 9u),
        number(h + 10u), number(h + 11u), number(h + 12u),
    );
    let r = at + RATE_AT;
    rate = RateTerms(
        members[r], members[r + 1u], members[r + 2u], number(r + 3u), number(r + 4u),
        number(r + 5u), number(r + 6u),
    );
    return Member(
        members[at], members[at + 1u], members[at + 2u], members[at + 3u], members[at + 4u],
        members[at + 5u], number(at + 6u), members[at + 7u], members[at + 8u], number(at + 9u),
        number(at + 10u),
    );
}

// The row of the data set at `position` of the network's epoch. A batch of all its rows stays in
// their order, whatever the others do.
fn source_at(me: Member, position: u32, epoch: u32) -> u32 {
    let shuffled = SHUFFLE && me.batch < me.rows;
    return me.first_row + row_at(position, me.rows, me.seed, epoch, shuffled);
}

// Where a parameter's element of a state tensor stands: each network has its tensors one after another.
fn state_at(me: Member, tensor: u32, index: u32) -> u32 {
    return STATE_TENSORS * me.parameters_at + tensor * me.count + index;
}
