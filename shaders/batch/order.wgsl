// The order of the rows in an epoch, as a keyed permutation: a small Feistel network over the
// row's number, walked until it lands inside the data set (Black & Rogaway 2002). Nothing is
// stored and nothing is uploaded; `kernels/order.rs` computes the same integers.

// Three multiplications and shifts that spread every bit over the word (after C. Wellons' hash
// prospector).
fn mix(word: u32, key: u32, round: u32) -> u32 {
    var h = word * 0x9E3779B1u + key + round * 0x85EBCA6Bu;
    h = (h ^ (h >> 16u)) * 0x7FEB352Du;
    h = (h ^ (h >> 15u)) * 0x846CA68Bu;
    return h ^ (h >> 16u);
}

// The source row at `position` of an epoch over `count` rows.
fn permute(position: u32, count: u32, seed: u32, epoch: u32) -> u32 {
    if (count < 2u) {
        return position;
    }
    let key = mix(epoch, seed, 0u);
    let bits = max(2u, 32u - countLeadingZeros(count - 1u));
    let low_bits = bits / 2u;
    let low_mask = (1u << low_bits) - 1u;
    let high_mask = (1u << (bits - low_bits)) - 1u;
    var x = position;
    loop {
        var high = x >> low_bits;
        var low = x & low_mask;
        for (var round = 1u; round < 7u; round += 2u) {
            high = high ^ (mix(low, key, round) & high_mask);
            low = low ^ (mix(high, key, round + 1u) & low_mask);
        }
        x = (high << low_bits) | low;
        if (x < count) {
            break;
        }
    }
    return x;
}

// The row at `position` of an epoch over `count` rows, shuffled or as they stand.
fn row_at(position: u32, count: u32, seed: u32, epoch: u32, shuffled: bool) -> u32 {
    if (shuffled) {
        return permute(position, count, seed, epoch);
    }
    return position;
}
