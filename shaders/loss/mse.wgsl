// The mean squared error, value and gradient together, for one row. With the identity the score is
// the row's sum of squared errors (for R²); with the sigmoid it is the share of outputs on the
// right side of 1/2.
override SIGMOID_OUTPUT: bool; // the output is sigmoid(z), not z itself

fn loss_row(row: u32, rows: u32, outputs: u32) -> vec2<f32> {
    let scale = 2.0 / (f32(rows) * f32(outputs));
    var squares = 0.0;
    var right = 0.0;
    for (var o = 0u; o < outputs; o++) {
        let element = row * outputs + o;
        let t = bitcast<f32>(load_target(row, outputs, o));
        var y = load_z(element);
        var slope = 1.0;
        if (SIGMOID_OUTPUT) {
            y = sigmoid(y);
            slope = y * (1.0 - y);
        }
        squares += (y - t) * (y - t);
        right += select(0.0, 1.0, (y > 0.5) == (t > 0.5));
        store_d_z(element, (y - t) * slope * scale);
    }
    let count = f32(outputs);
    return vec2<f32>(squares / count, select(squares, right / count, SIGMOID_OUTPUT));
}
