// A tile of a product by one subgroup, which is the whole workgroup: no workgroup memory, no
// barriers. Each lane holds four columns of all rows of the tile, loads four rows of A that the
// others have from it by `subgroupShuffle`, and four columns of B that it keeps for itself.
//
// A tile of 32 x 32 does 16 multiply-adds for each float that comes from memory. It is meant for
// software adapters, where a lane is a lane of a SIMD register: a load takes as many scalar loads as
// there are lanes, a barrier changes coroutines, but a shuffle is one instruction, and what does
// not fit in registers is still in the cache. Loads bound it.
override THREADS_M: u32; // 1
override THREADS_N: u32; // lanes
// Blocks of four rows in the tile, which divide the lanes; with fewer blocks than lanes, the lanes
// left over load what comes later in K.
override BLOCKS: u32;

// The block that a lane has loaded.
fn from_lane(block: mat4x4<f32>, lane: u32) -> mat4x4<f32> {
    return mat4x4<f32>(
        subgroupShuffle(block[0], lane),
        subgroupShuffle(block[1], lane),
        subgroupShuffle(block[2], lane),
        subgroupShuffle(block[3], lane),
    );
}

// Four rows times four columns on top of what the sums are, k after k, so that it makes no
// difference where a block begins.
fn add(sums: mat4x4<f32>, a: mat4x4<f32>, b: mat4x4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(
        add_row(sums[0], a[0], b),
        add_row(sums[1], a[1], b),
        add_row(sums[2], a[2], b),
        add_row(sums[3], a[3], b),
    );
}

fn add_row(sums: vec4<f32>, a: vec4<f32>, b: mat4x4<f32>) -> vec4<f32> {
    return (((sums + a.x * b[0]) + a.y * b[1]) + a.z * b[2]) + a.w * b[3];
}

fn matmul(group: u32, rows: u32, columns: u32, depth: vec2<u32>, lane: u32) {
    let tile = tile_of(group, rows, columns);
    if (!tile.inside) {
        return;
    }
    let parts = THREADS_N / BLOCKS;
    let column = tile.column + 4u * lane;
    var c0 = start_block(tile.row, column);
    var c1 = mat4x4<f32>();
    var c2 = mat4x4<f32>();
    var c3 = mat4x4<f32>();
    var c4 = mat4x4<f32>();
    var c5 = mat4x4<f32>();
    var c6 = mat4x4<f32>();
    var c7 = mat4x4<f32>();
    if (BLOCKS > 1u) {
        c1 = start_block(tile.row + 4u, column);
    }
    if (BLOCKS > 2u) {
        c2 = start_block(tile.row + 8u, column);
        c3 = start_block(tile.row + 12u, column);
    }
    if (BLOCKS > 4u) {
        c4 = start_block(tile.row + 16u, column);
        c5 = start_block(tile.row + 20u, column);
        c6 = start_block(tile.row + 24u, column);
        c7 = start_block(tile.row + 28u, column);
    }
    // Lanes past the blocks have the same sums as those that store them.
    let summed = lane % BLOCKS;
    var sums = vec4<f32>();
    if (ROW_SUMS && tile.column == 0u) {
        sums = start_row_sums(tile.row + 4u * summed);
    }
    for (var first = depth.x; first < depth.y; first += 4u * parts) {
        let a = load_a(tile.row + 4u * summed, first + 4u * (lane / BLOCKS));
        for (var part = 0u; part < parts; part++) {
            let b = load_b(first + 4u * part, column);
            let owner = part * BLOCKS;
            if (ROW_SUMS) {
                let rows = transpose(from_lane(a, owner + summed));
                sums = (((sums + rows[0]) + rows[1]) + rows[2]) + rows[3];
            }
            c0 = add(c0, from_lane(a, owner), b);
            if (BLOCKS > 1u) {
                c1 = add(c1, from_lane(a, owner + 1u), b);
            }
            if (BLOCKS > 2u) {
                c2 = add(c2, from_lane(a, owner + 2u), b);
                c3 = add(c3, from_lane(a, owner + 3u), b);
            }
            if (BLOCKS > 4u) {
                c4 = add(c4, from_lane(a, owner + 4u), b);
                c5 = add(c5, from_lane(a, owner + 5u), b);
                c6 = add(c6, from_lane(a, owner + 6u), b);
                c7 = add(c7, from_lane(a, owner + 7u), b);
            }
        }
    }
    store_block(tile.row, column, c0);
    if (BLOCKS > 1u) {
        store_block(tile.row + 4u, column, c1);
    }
    if (BLOCKS > 2u) {
        store_block(tile.row + 8u, column, c2);
        store_block(tile.row + 12u, column, c3);
    }
    if (BLOCKS > 4u) {
        store_block(tile.row + 16u, column, c4);
        store_block(tile.row + 20u, column, c5);
        store_block(tile.row + 24u, column, c6);
        store_block(tile.row + 28u, column, c7);
    }
    if (ROW_SUMS && tile.column == 0u && lane < BLOCKS) {
        store_row_sums(tile.row + 4u * lane, sums);
    }
}
