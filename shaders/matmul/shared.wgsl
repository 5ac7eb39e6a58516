// A tile of a product by a workgroup: tiles of A and B pass through workgroup memory, TILE_K deep,
// and each thread holds QUADS_M x QUADS_N blocks of 4 x 4 sums in registers.
//
// For each float that comes from memory a tile of M x N does M N / (M + N) multiply-adds: 64 with
// 128 x 128, where arithmetic bounds it; 8 with 16 x 16, where memory does. For each float that
// comes from workgroup memory a thread does 2 of them, 4 with 2 x 2 blocks, 5 with 2 x 4, and in
// large tiles that is what bounds it: an NVIDIA H200, which could do 60 TFLOP/s, does 30 with 2 x 2
// and 33 to 41 with 2 x 4. But 2 x 2 is as much as the registers of all vendors hold without
// spilling: 64 sums, 16 operands, what was prefetched, and addresses.
//
// While a thread works on one step along K, it prefetches its part of the next into registers.
// Where a product has fewer tiles than the device has room for, SLICES groups of threads share a
// tile: each takes its part of every step, and in the end their sums are added up, slice by slice.
override TILE_K: u32;  // of all slices
override DEPTH: u32;   // of one
override QUADS_M: u32; // 1 or 2
override QUADS_N: u32; // 1, 2 or 4
// An expression as an array's length makes naga 30 panic, so the products come from outside too.
override BLOCKS_A: u32; // TILE_K TILE_M / 16
override BLOCKS: u32;   // with those of B, TILE_K TILE_N / 16: two a thread at most
override ARENA: u32;    // room for them, and for the slices' sums

// [TILE_K, TILE_M / 4] of A, 4 rows each, then [TILE_K, TILE_N / 4] of B, 4 columns each.
var<workgroup> arena: array<vec4<f32>, ARENA>;

// Which block of a tile with so many quads across a thread loads: its quad, and its first k. Eight
// threads side by side have eight quads, so that they store to different banks; the next eight
// have the next four of K, so that where K is contiguous whole cache lines are read, too.
fn place(i: u32, quads: u32) -> vec2<u32> {
    let near = min(quads, 8u);
    let parts = TILE_K / 4u;
    return vec2<u32>(i % near + near * (i / (near * parts)), 4u * (i / near % parts));
}

// A block of the step that begins at `first`, four of K times four rows of A or columns of B.
fn bring(i: u32, tile: Tile, first: u32) -> mat4x4<f32> {
    if (i < BLOCKS_A) {
        let at = place(i, TILE_M / 4u);
        return transpose(load_a(tile.row + 4u * at.x, first + at.y));
    }
    if (i < BLOCKS) {
        let at = place(i - BLOCKS_A, TILE_N / 4u);
        return load_b(first + at.y, tile.column + 4u * at.x);
    }
    return mat4x4<f32>();
}

fn put(i: u32, block: mat4x4<f32>) {
    if (i >= BLOCKS) {
        return;
    }
    var across = TILE_M / 4u;
    var begin = 0u;
    var j = i;
    if (i >= BLOCKS_A) {
        across = TILE_N / 4u;
        begin = 4u * BLOCKS_A;
        j -= BLOCKS_A;
    }
    let at = place(j, across);
    let to = begin + at.y * across + at.x;
    arena[to] = block[0];
    arena[to + across] = block[1];
    arena[to + 2u * across] = block[2];
    arena[to + 3u * across] = block[3];
}

// One of four rows of sums, of all slices.
fn joined(row: u32, thread: u32) -> vec4<f32> {
    var sum = arena[row * THREADS_M * THREADS_N + thread];
    for (var slice = 1u; slice < SLICES; slice++) {
        sum += arena[(4u * slice + row) * THREADS_M * THREADS_N + thread];
    }
    return sum;
}

// Hands a block over; the slices' sums are added up and shared out by rows.
fn hand_over(row: u32, column: u32, sums: mat4x4<f32>, slice: u32, thread: u32) {
    if (SLICES == 1u) {
        store_block(row, column, sums);
        return;
    }
    let each = THREADS_M * THREADS_N;
    let at = 4u * slice * each + thread;
    workgroupBarrier();
    arena[at] = sums[0];
    arena[at + each] = sums[1];
    arena[at + 2u * each] = sums[2];
    arena[at + 3u * each] = sums[3];
    workgroupBarrier();
    for (var i = slice; i < 4u; i += SLICES) {
        store(row + i, column, joined(i, thread));
    }
}

// The same for the blocks that a thread has side by side.
fn hand_over_row(
    row: u32,
    column: u32,
    c0: mat4x4<f32>,
    c1: mat4x4<f32>,
    c2: mat4x4<f32>,
    c3: mat4x4<f32>,
    slice: u32,
    thread: u32,
) {
    hand_over(row, column, c0, slice, thread);
    if (QUADS_N > 1u) {
        hand_over(row, column + 4u * THREADS_N, c1, slice, thread);
    }
    if (QUADS_N > 2u) {
        hand_over(row, column + 8u * THREADS_N, c2, slice, thread);
        hand_over(row, column + 12u * THREADS_N, c3, slice, thread);
    }
}

// What the sums of a block start from, where there is such a block.
fn start_if(there: bool, row: u32, column: u32) -> mat4x4<f32> {
    if (there) {
        return start_block(row, column);
    }
    return mat4x4<f32>();
}

// All threads of the workgroup must come here together: it has barriers.
fn matmul(group: u32, rows: u32, columns: u32, depth: vec2<u32>, local: u32) {
    let tile = tile_of(group, rows, columns);
    if (!tile.inside) {
        return;
    }
    let across_a = TILE_M / 4u;
    let across_b = TILE_N / 4u;
    let threads = SLICES * THREADS_M * THREADS_N;
    let slice = local / (THREADS_M * THREADS_N);
    let thread = local % (THREADS_M * THREADS_N);
    let here = standing(thread);
    let m = here.x;
    let n = here.y;
    // A thread's next quad stands THREADS away from the one before: side by side, threads read side by
    // side.
    let row = tile.row + 4u * m;
    let column = tile.column + 4u * n;
    let row1 = row + 4u * THREADS_M;
    let column1 = column + 4u * THREADS_N;
    let column2 = column1 + 4u * THREADS_N;
    let column3 = column2 + 4u * THREADS_N;
    // The sums of the other slices are added to those of the first.
    let first_slice = slice == 0u;
    var c00 = start_if(first_slice, row, column);
    var c01 = start_if(first_slice && QUADS_N > 1u, row, column1);
    var c02 = start_if(first_slice && QUADS_N > 2u, row, column2);
    var c03 = start_if(first_slice && QUADS_N > 2u, row, column3);
    var c10 = start_if(first_slice && QUADS_M > 1u, row1, column);
    var c11 = start_if(first_slice && QUADS_M > 1u && QUADS_N > 1u, row1, column1);
    var c12 = start_if(first_slice && QUADS_M > 1u && QUADS_N > 2u, row1, column2);
    var c13 = start_if(first_slice && QUADS_M > 1u && QUADS_N > 2u, row1, column3);
    let summing = ROW_SUMS && tile.column == 0u;
    var sums0 = vec4<f32>();
    var sums1 = vec4<f32>();
    if (summing && n == 0u && first_slice) {
        sums0 = start_row_sums(row);
        if (QUADS_M > 1u) {
            sums1 = start_row_sums(row1);
        }
    }
    var next0 = bring(local, tile, depth.x);
    var next1 = mat4x4<f32>();
    if (BLOCKS > threads) {
        next1 = bring(local + threads, tile, depth.x);
    }
    let at_a = slice * DEPTH * across_a + m;
    let at_b = 4u * BLOCKS_A + slice * DEPTH * across_b + n;
    for (var first = depth.x; first < depth.y; first += TILE_K) {
        put(local, next0);
        if (BLOCKS > threads) {
            put(local + threads, next1);
        }
        workgroupBarrier();
        if (first + TILE_K < depth.y) {
            next0 = bring(local, tile, first + TILE_K);
            if (BLOCKS > threads) {
                next1 = bring(local + threads, tile, first + TILE_K);
            }
        }
        for (var k = 0u; k < DEPTH; k++) {
            let a0 = arena[at_a + k * across_a];
            let b0 = arena[at_b + k * across_b];
            var a1 = vec4<f32>();
            c00 += outer(a0, b0);
            if (QUADS_M > 1u) {
                a1 = arena[at_a + k * across_a + THREADS_M];
                c10 += outer(a1, b0);
            }
            if (QUADS_N > 1u) {
                let b1 = arena[at_b + k * across_b + THREADS_N];
                c01 += outer(a0, b1);
                if (QUADS_M > 1u) {
                    c11 += outer(a1, b1);
                }
            }
            if (QUADS_N > 2u) {
                let b2 = arena[at_b + k * across_b + 2u * THREADS_N];
                let b3 = arena[at_b + k * across_b + 3u * THREADS_N];
                c02 += outer(a0, b2);
                c03 += outer(a0, b3);
                if (QUADS_M > 1u) {
                    c12 += outer(a1, b2);
                    c13 += outer(a1, b3);
                }
            }
        }
        if (summing && n == 0u) {
            for (var k = 0u; k < DEPTH; k++) {
                sums0 += arena[at_a + k * across_a];
                if (QUADS_M > 1u) {
                    sums1 += arena[at_a + k * across_a + THREADS_M];
                }
            }
        }
        workgroupBarrier();
    }
    hand_over_row(row, column, c00, c01, c02, c03, slice, thread);
    if (QUADS_M > 1u) {
        hand_over_row(row1, column, c10, c11, c12, c13, slice, thread);
    }
    if (summing) {
        hand_over_row_sums(row, sums0, slice, m, n);
        if (QUADS_M > 1u) {
            hand_over_row_sums(row1, sums1, slice, m, n);
        }
    }
}

fn hand_over_row_sums(row: u32, sums: vec4<f32>, slice: u32, m: u32, n: u32) {
    var all = sums;
    if (SLICES > 1u) {
        workgroupBarrier();
        if (n == 0u) {
            arena[slice * THREADS_M + m] = sums;
        }
        workgroupBarrier();
        for (var other = 1u; other < SLICES; other++) {
            all += arena[other * THREADS_M + m];
        }
    }
    if (n == 0u && slice == 0u) {
        store_row_sums(row, all);
    }
}
