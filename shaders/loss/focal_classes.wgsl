// The focal loss after a softmax, value and gradient together, for one row: the cross-entropy -ln q
// times (1 - q)^GAMMA, q the true class's share (Lin et al. 2017). The score is 1 where the largest
// z, the first of them on a tie, is the true class's.
override GAMMA: f32;

fn loss_row(row: u32, rows: u32, outputs: u32) -> vec2<f32> {
    let at = row * outputs;
    // A class past the outputs would read out of bounds; the host refuses it, and so does this.
    let target_class = min(load_target(row, 1u, 0u), outputs - 1u);
    var largest = load_z(at);
    var largest_class = 0u;
    for (var o = 1u; o < outputs; o++) {
        if (load_z(at + o) > largest) {
            largest = load_z(at + o);
            largest_class = o;
        }
    }
    let target_z = load_z(at + target_class) - largest;
    let own = exp(target_z);
    // 1 - q comes from the others' sum: the difference would cancel where the network is right.
    var others = 0.0;
    for (var o = 0u; o < outputs; o++) {
        others += select(exp(load_z(at + o) - largest), 0.0, o == target_class);
    }
    let sum = own + others;
    let q = own / sum;
    let not_q = others / sum;
    var ln_q = target_z - log(sum);
    if (others < own) {
        ln_q = -log1p(others / own);
    }
    // ln q / (1 - q) and (1 - q)^GAMMA, and where they tend as q comes to 1.
    var ratio = -1.0;
    var power = select(0.0, 1.0, GAMMA == 0.0);
    if (not_q > 0.0) {
        ratio = ln_q / not_q;
        power = exp(GAMMA * log(not_q));
    }
    let slope = power * (1.0 - GAMMA * q * ratio) / f32(rows);
    for (var o = 0u; o < outputs; o++) {
        let probability = exp(load_z(at + o) - largest) / sum;
        store_d_z(at + o, select(probability, -not_q, o == target_class) * slope);
    }
    return vec2<f32>(-power * ln_q, select(0.0, 1.0, largest_class == target_class));
}
