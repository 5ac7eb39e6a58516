// The product of two matrices, one tile a workgroup: C[M,N] = A[M,K] B[K,N].
//
// Whoever imports this says where A and B are: `load_a(row, k)` and `load_b(k, column)` return
// zero outside; and what each sum starts from: `start(row, column)`. Each thread holds 4 x 4 sums in registers; tiles of A and B pass through workgroup
// memory, TILE_K deep. A tile of 64 x 64 does 16 multiply-adds for each float it loads; with
// small tiles the loads bound it.
override THREADS_M: u32;
override THREADS_N: u32;
override TILE_K: u32;
// An expression as an array's length makes naga 30 panic, so the products come from outside too.
override TILE_A: u32; // THREADS_M TILE_K
override TILE_B: u32; // THREADS_N TILE_K

var<workgroup> tile_a: array<vec4<f32>, TILE_A>; // [TILE_K, THREADS_M], 4 rows each
var<workgroup> tile_b: array<vec4<f32>, TILE_B>; // [TILE_K, THREADS_N], 4 columns each

// The first row and column of this workgroup's tile; `inside` is false for the workgroups that
// folding the grid has added.
struct Tile {
    row: u32,
    column: u32,
    inside: bool,
}

fn tile_of(group: u32, rows: u32, columns: u32) -> Tile {
    let tiles_n = (columns + 4u * THREADS_N - 1u) / (4u * THREADS_N);
    let row = (group / tiles_n) * 4u * THREADS_M;
    return Tile(row, (group % tiles_n) * 4u * THREADS_N, row < rows);
}

// The thread's 4 x 4 sums, one row of C in each column of the result. All threads of the workgroup
// must come here together: it has barriers.
fn matmul(tile: Tile, depth: u32, local: u32) -> mat4x4<f32> {
    let m = local / THREADS_N;
    let n = local % THREADS_N;
    let row = tile.row + 4u * m;
    let column = tile.column + 4u * n;
    var c0 = start_row(row, column);
    var c1 = start_row(row + 1u, column);
    var c2 = start_row(row + 2u, column);
    var c3 = start_row(row + 3u, column);
    for (var first = 0u; first < depth; first += TILE_K) {
        for (var i = local; i < TILE_A; i += THREADS_M * THREADS_N) {
            let k = i % TILE_K;
            let quad = i / TILE_K;
            let row = tile.row + 4u * quad;
            tile_a[k * THREADS_M + quad] = vec4<f32>(
                load_a(row, first + k),
                load_a(row + 1u, first + k),
                load_a(row + 2u, first + k),
                load_a(row + 3u, first + k),
            );
        }
        for (var i = local; i < TILE_B; i += THREADS_M * THREADS_N) {
            let k = i % TILE_K;
            let quad = i / TILE_K;
            let column = tile.column + 4u * quad;
            tile_b[k * THREADS_N + quad] = vec4<f32>(
                load_b(first + k, column),
                load_b(first + k, column + 1u),
                load_b(first + k, column + 2u),
                load_b(first + k, column + 3u),
            );
        }
        workgroupBarrier();
        for (var k = 0u; k < TILE_K; k++) {
            let a = tile_a[k * THREADS_M + m];
            let b = tile_b[k * THREADS_N + n];
            c0 += a.x * b;
            c1 += a.y * b;
            c2 += a.z * b;
            c3 += a.w * b;
        }
        workgroupBarrier();
    }
    return mat4x4<f32>(c0, c1, c2, c3);
}

fn start_row(row: u32, column: u32) -> vec4<f32> {
    return vec4<f32>(
        start(row, column),
        start(row, column + 1u),
        start(row, column + 2u),
        start(row, column + 3u),
    );
}

// Hands the thread's sums to `store(row, column, sum)` of whoever imports this, which guards.
fn store_tile(tile: Tile, local: u32, sums: mat4x4<f32>) {
    let row = tile.row + 4u * (local / THREADS_N);
    let column = tile.column + 4u * (local % THREADS_N);
    store_row(row, column, sums[0]);
    store_row(row + 1u, column, sums[1]);
    store_row(row + 2u, column, sums[2]);
    store_row(row + 3u, column, sums[3]);
}

fn store_row(row: u32, column: u32, sums: vec4<f32>) {
    store(row, column, sums.x);
    store(row, column + 1u, sums.y);
    store(row, column + 2u, sums.z);
    store(row, column + 3u, sums.w);
}
