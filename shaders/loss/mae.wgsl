// The mean absolute error, value and gradient together, for one row. PyTorch's slope of |e| at 0 is
// 0. The score is the row's sum of squared errors (for R²).
fn loss_row(row: u32, rows: u32, outputs: u32) -> vec2<f32> {
    let scale = 1.0 / (f32(rows) * f32(outputs));
    var sizes = 0.0;
    var squares = 0.0;
    for (var o = 0u; o < outputs; o++) {
        let element = row * outputs + o;
        let e = load_z(element) - bitcast<f32>(load_target(row, outputs, o));
        sizes += abs(e);
        squares += e * e;
        store_d_z(element, sign(e) * scale);
    }
    return vec2<f32>(sizes / f32(outputs), squares);
}
