// Four elements of an operand A[M,K] or B[K,N] that follow each other in a row of it as it is stored,
// [rows, columns] from the buffer's first element on; zero outside. Where rows are a multiple of
// four long it is one load.
//
// Whoever imports this says where the operands are: `operand_quad(operand, index)` is four elements
// at once, `operand_element(operand, index)` one of them. `operand` is a constant in every call, so
// that nothing is left of the choice once the driver has compiled it.
const A: u32 = 0u;
const B: u32 = 1u;

fn quad(operand: u32, row: u32, column: u32, rows: u32, columns: u32, by_four: bool) -> vec4<f32> {
    if (row >= rows || column >= columns) {
        return vec4<f32>();
    }
    let at = row * columns + column;
    if (by_four) {
        return operand_quad(operand, at / 4u);
    }
    return vec4<f32>(
        element_or_zero(operand, at, column, columns),
        element_or_zero(operand, at + 1u, column + 1u, columns),
        element_or_zero(operand, at + 2u, column + 2u, columns),
        element_or_zero(operand, at + 3u, column + 3u, columns),
    );
}

fn element_or_zero(operand: u32, at: u32, column: u32, columns: u32) -> f32 {
    if (column < columns) {
        return operand_element(operand, at);
    }
    return 0.0;
}
