// Random numbers by counting: Philox4x32-10 (Salmon et al. 2011). The same counter and key give the
// same four words on every device; `kernels/random.rs` has the known answers.
struct Product {
    high: u32,
    low: u32,
}

// All 64 bits of a product, from halves of 16 bits.
fn wide_product(a: u32, b: u32) -> Product {
    let a_low = a & 0xFFFFu;
    let a_high = a >> 16u;
    let b_low = b & 0xFFFFu;
    let b_high = b >> 16u;
    let low = a_low * b_low;
    let middle = a_high * b_low + (low >> 16u); // no overflow: (2^16 - 1)^2 + 2^16 - 1 < 2^32
    let other = a_low * b_high + (middle & 0xFFFFu);
    return Product(a_high * b_high + (middle >> 16u) + (other >> 16u), a * b);
}

fn philox(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
    var c = counter;
    var k = key;
    for (var round = 0u; round < 10u; round++) {
        let first = wide_product(0xD2511F53u, c.x);
        let second = wide_product(0xCD9E8D57u, c.z);
        c = vec4<u32>(second.high ^ c.y ^ k.x, second.low, first.high ^ c.w ^ k.y, first.low);
        k += vec2<u32>(0x9E3779B9u, 0xBB67AE85u);
    }
    return c;
}
