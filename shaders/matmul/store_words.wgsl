// Four sums of a row, stored one by one: whoever imports this says how, `store_one(row, column, sum)`,
// and guards it. Through a binding of words, so that nobody writes into a vector of which another
// thread writes the rest.
fn store(row: u32, column: u32, sums: vec4<f32>) {
    store_one(row, column, sums.x);
    store_one(row, column + 1u, sums.y);
    store_one(row, column + 2u, sums.z);
    store_one(row, column + 3u, sums.w);
}
