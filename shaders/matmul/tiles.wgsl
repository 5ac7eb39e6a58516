// How a product C[M,N] = A[M,K] B[K,N] is cut: a tile of C a workgroup. `matmul/shared` or `matmul/lanes`
// does one.
//
// Whoever has a product brings its operands in blocks of 4 x 4, zero outside: `load_a(row, k)`
// gives four rows, each with four of K, `load_b(k, column)` four of K, each with four columns. It
// says what four sums of a row start from, `start(row, column)`, and guards them when they are
// handed back: `store(row, column, sums)`. Where ROW_SUMS is true, `start_row_sums(row)` and
// `store_row_sums(row, sums)` are the same for the sums over K of four rows of A. Every slice of a
// sum goes through K in its order.
override TILE_M: u32;
override TILE_N: u32;
override SLICES: u32; // groups of threads that share a tile
override INPUTS_BY_FOUR: bool;  // whether I is a multiple of 4,
override OUTPUTS_BY_FOUR: bool; // and O: their rows are then read four at a time

// The first row and column of a tile; `inside` is false for the workgroups that folding the grid
// has added.
struct Tile {
    row: u32,
    column: u32,
    inside: bool,
}

fn tiles(rows: u32, columns: u32) -> u32 {
    return ((rows + TILE_M - 1u) / TILE_M) * ((columns + TILE_N - 1u) / TILE_N);
}

fn tile_of(group: u32, rows: u32, columns: u32) -> Tile {
    let tiles_n = (columns + TILE_N - 1u) / TILE_N;
    let row = (group / tiles_n) * TILE_M;
    return Tile(row, (group % tiles_n) * TILE_N, row < rows);
}

fn start_block(row: u32, column: u32) -> mat4x4<f32> {
    return mat4x4<f32>(
        start(row, column), start(row + 1u, column), start(row + 2u, column), start(row + 3u, column),
    );
}

fn store_block(row: u32, column: u32, sums: mat4x4<f32>) {
    store(row, column, sums[0]);
    store(row + 1u, column, sums[1]);
    store(row + 2u, column, sums[2]);
    store(row + 3u, column, sums[3]);
}
