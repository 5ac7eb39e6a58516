// Binary cross-entropy after the sigmoid, value and gradient together, for one row. Both come from
// z: ln p = min(z, 0) - ln(1 + e^-|z|) keeps its digits where p itself would round to 0 or 1. Each
// logarithm is clamped at -100, as torch.nn.BCELoss does. The score is the share of the row's
// outputs on the right side of 1/2.
override LABEL_SMOOTHING: f32; // a label t becomes (1 - it) t + it / 2

// At least -100, and NaN where it is NaN: max would hide that training has diverged.
fn clamped(logarithm: f32) -> f32 {
    return select(logarithm, -100.0, logarithm < -100.0);
}

fn loss_row(row: u32, rows: u32, outputs: u32) -> vec2<f32> {
    let scale = 1.0 / (f32(rows) * f32(outputs));
    var loss = 0.0;
    var score = 0.0;
    for (var o = 0u; o < outputs; o++) {
        let element = row * outputs + o;
        let z = load_z(element);
        let label = bitcast<f32>(load_target(row, outputs, o));
        let t = label * (1.0 - LABEL_SMOOTHING) + 0.5 * LABEL_SMOOTHING;
        let tail = log1p(exp(-abs(z)));
        let ln_p = clamped(select(-tail, z - tail, z < 0.0));
        let ln_not_p = clamped(select(-tail, -z - tail, z > 0.0));
        loss -= t * ln_p + (1.0 - t) * ln_not_p;
        score += select(0.0, 1.0, (sigmoid(z) > 0.5) == (t > 0.5));
        // p - t, with 1 - p as sigmoid(-z): the difference would cancel where the network is right.
        store_d_z(element, ((1.0 - t) * sigmoid(z) - t * sigmoid(-z)) * scale);
    }
    return vec2<f32>(loss, score) / f32(outputs);
}
