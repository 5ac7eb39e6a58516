// The Huber loss, value and gradient together, for one row: a parabola out to DELTA, straight lines
// from there on. Over DELTA it is PyTorch's SmoothL1Loss. The score is the row's sum of squared
// errors (for R²).
override DELTA: f32;
override LOSS_SCALE: f32; // 1, or 1 / DELTA

fn loss_row(row: u32, rows: u32, outputs: u32) -> vec2<f32> {
    let scale = LOSS_SCALE / (f32(rows) * f32(outputs));
    var loss = 0.0;
    var squares = 0.0;
    for (var o = 0u; o < outputs; o++) {
        let element = row * outputs + o;
        let e = load_z(element) - bitcast<f32>(load_target(row, outputs, o));
        let size = abs(e);
        let parabola = size <= DELTA;
        loss += select(DELTA * (size - 0.5 * DELTA), 0.5 * e * e, parabola);
        squares += e * e;
        store_d_z(element, select(DELTA * sign(e), e, parabola) * scale);
    }
    return vec2<f32>(loss * LOSS_SCALE / f32(outputs), squares);
}
