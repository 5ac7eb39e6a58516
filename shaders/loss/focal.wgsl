// The focal loss after the sigmoid, value and gradient together, for one row: each label's
// cross-entropy -ln q times (1 - q)^GAMMA, q the probability of the truth (Lin et al. 2017). The
// power comes from ln(1 - q), which keeps its digits. The score is the share of the row's outputs
// on the right side of 1/2.
override GAMMA: f32;
override WEIGHT_NO: f32;
override WEIGHT_YES: f32;

fn loss_row(row: u32, rows: u32, outputs: u32) -> vec2<f32> {
    let scale = 1.0 / (f32(rows) * f32(outputs));
    var loss = 0.0;
    var score = 0.0;
    for (var o = 0u; o < outputs; o++) {
        let element = row * outputs + o;
        let z = load_z(element);
        let t = bitcast<f32>(load_target(row, outputs, o));
        let tail = log1p(exp(-abs(z)));
        let ln_p = select(-tail, z - tail, z < 0.0);
        let ln_not_p = select(-tail, -z - tail, z > 0.0);
        let p = sigmoid(z);
        let not_p = sigmoid(-z);
        let yes = t * WEIGHT_YES * exp(GAMMA * ln_not_p);
        let no = (1.0 - t) * WEIGHT_NO * exp(GAMMA * ln_p);
        loss -= yes * ln_p + no * ln_not_p;
        score += select(0.0, 1.0, (p > 0.5) == (t > 0.5));
        // The derivatives of -(1-p)^g ln p and of -p^g ln(1-p): no term takes from another.
        let slope = no * (p - GAMMA * not_p * ln_not_p) - yes * (not_p - GAMMA * p * ln_p);
        store_d_z(element, slope * scale);
    }
    return vec2<f32>(loss, score) / f32(outputs);
}
