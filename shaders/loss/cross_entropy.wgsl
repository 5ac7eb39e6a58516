// Softmax and the negative log-likelihood of the true class, value and gradient together, for one
// row. The log of the sum is shifted by the row's maximum. The score is 1 where the largest z, the
// first of them on a tie, is the true class's.
override LABEL_SMOOTHING: f32; // the share of the truth that is spread evenly over all classes

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
    var sum = 0.0;
    var all = 0.0;
    for (var o = 0u; o < outputs; o++) {
        sum += exp(load_z(at + o) - largest);
        all += load_z(at + o) - largest;
    }
    var log_truth = load_z(at + target_class) - largest;
    if (LABEL_SMOOTHING > 0.0) {
        log_truth = (1.0 - LABEL_SMOOTHING) * log_truth + LABEL_SMOOTHING * (all / f32(outputs));
    }
    let scale = 1.0 / f32(rows);
    let spread = LABEL_SMOOTHING / f32(outputs);
    for (var o = 0u; o < outputs; o++) {
        let probability = exp(load_z(at + o) - largest) / sum;
        let truth = select(0.0, 1.0 - LABEL_SMOOTHING, o == target_class) + spread;
        store_d_z(at + o, (probability - truth) * scale);
    }
    return vec2<f32>(log(sum) - log_truth, select(0.0, 1.0, largest_class == target_class));
}
