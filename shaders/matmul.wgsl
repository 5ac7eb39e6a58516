// A tile of a product by a workgroup: tiles of A and B pass through workgroup memory, TILE_K deep,
// and each thread holds QUADS x QUADS blocks of 4 x 4 sums in registers.
//
// For each float that comes from memory a tile of M x N does M N / (M + N) multiply-adds: 64 with
// 128 x 128, where arithmetic bounds it; 8 with 16 x 16, where memory does. For each float that
// comes from workgroup memory a thread does 2 QUADS multiply-adds; with QUADS = 2 that is as much as
// the registers of all vendors hold without spilling: 64 sums, 16 operands, and addresses.
//
// There is no second buffer to load into meanwhile: other workgroups on the same compute unit
// fill the wait, and the portable 16 KiB hold one deep tile or two shallow ones.
override THREADS_M: u32;
override THREADS_N: u32;
override TILE_K: u32;
override QUADS: u32; // 1 or 2
// An expression as an array's length makes naga 30 panic, so the products come from outside too.
override TILE_A: u32; // TILE_K TILE_M / 4
override TILE_B: u32; // TILE_K TILE_N / 4

var<workgroup> tile_a: array<vec4<f32>, TILE_A>; // [TILE_K, TILE_M / 4], 4 rows each
var<workgroup> tile_b: array<vec4<f32>, TILE_B>; // [TILE_K, TILE_N / 4], 4 columns each

// Which block of a tile with so many quads across a thread loads: its quad, and its first k. Eight
// threads side by side have eight quads, so that they store to different banks; the next eight
// have the next four of K, so that where K is contiguous whole cache lines are read, too.
fn place(i: u32, quads: u32) -> vec2<u32> {
    let near = min(quads, 8u);
    let parts = TILE_K / 4u;
    return vec2<u32>(i % near + near * (i / (near * parts)), 4u * (i / near % parts));
}

// The products of four rows and four columns.
fn outer(a: vec4<f32>, b: vec4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(a.x * b, a.y * b, a.z * b, a.w * b);
}

// All threads of the workgroup must come here together: it has barriers.
fn matmul(group: u32, rows: u32, columns: u32, depth: vec2<u32>, local: u32) {
    let tile = tile_of(group, rows, columns);
    if (!tile.inside) {
        return;
    }
    let across_a = TILE_M / 4u;
    let across_b = TILE_N / 4u;
    let m = local / THREADS_N;
    let n = local % THREADS_N;
    // A thread's second quad stands THREADS away from its first: side by side, threads read side by
    // side.
    let row = tile.row + 4u * m;
    let column = tile.column + 4u * n;
    let row1 = row + 4u * THREADS_M;
    let column1 = column + 4u * THREADS_N;
    var c00 = start_block(row, column);
    var c01 = mat4x4<f32>();
    var c10 = mat4x4<f32>();
    var c11 = mat4x4<f32>();
    var sums0 = vec4<f32>();
    var sums1 = vec4<f32>();
    if (QUADS == 2u) {
        c01 = start_block(row, column1);
        c10 = start_block(row1, column);
        c11 = start_block(row1, column1);
    }
    if (ROW_SUMS && column == 0u) {
        sums0 = start_row_sums(row);
        if (QUADS == 2u) {
            sums1 = start_row_sums(row1);
        }
    }
    for (var first = depth.x; first < depth.y; first += TILE_K) {
        for (var i = local; i < TILE_A / 4u; i += THREADS_M * THREADS_N) {
            let at = place(i, across_a);
            let block = transpose(load_a(tile.row + 4u * at.x, first + at.y));
            tile_a[at.y * across_a + at.x] = block[0];
            tile_a[(at.y + 1u) * across_a + at.x] = block[1];
            tile_a[(at.y + 2u) * across_a + at.x] = block[2];
            tile_a[(at.y + 3u) * across_a + at.x] = block[3];
        }
        for (var i = local; i < TILE_B / 4u; i += THREADS_M * THREADS_N) {
            let at = place(i, across_b);
            let block = load_b(first + at.y, tile.column + 4u * at.x);
            tile_b[at.y * across_b + at.x] = block[0];
            tile_b[(at.y + 1u) * across_b + at.x] = block[1];
            tile_b[(at.y + 2u) * across_b + at.x] = block[2];
            tile_b[(at.y + 3u) * across_b + at.x] = block[3];
        }
        workgroupBarrier();
        for (var k = 0u; k < TILE_K; k++) {
            let a0 = tile_a[k * across_a + m];
            let b0 = tile_b[k * across_b + n];
            c00 += outer(a0, b0);
            sums0 += a0;
            if (QUADS == 2u) {
                let a1 = tile_a[k * across_a + THREADS_M + m];
                let b1 = tile_b[k * across_b + THREADS_N + n];
                c01 += outer(a0, b1);
                c10 += outer(a1, b0);
                c11 += outer(a1, b1);
                sums1 += a1;
            }
        }
        workgroupBarrier();
    }
    store_block(row, column, c00);
    if (QUADS == 2u) {
        store_block(row, column1, c01);
        store_block(row1, column, c10);
        store_block(row1, column1, c11);
    }
    if (ROW_SUMS && column == 0u) {
        store_row_sums(row, sums0);
        if (QUADS == 2u) {
            store_row_sums(row1, sums1);
        }
    }
}
