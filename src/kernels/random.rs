//! Random numbers by counting: the twin of `shaders/common/random.wgsl`.

/// Philox4x32-10 (Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3"): four random
/// words for each counter and key.
pub(crate) fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    philox_lanes(counter.map(|word| [word]), key).map(|[word]| word)
}

/// The same for counters side by side, for callers that are compiled for SIMD.
#[inline(always)]
pub(crate) fn philox_lanes<const N: usize>(
    mut counter: [[u32; N]; 4],
    mut key: [u32; 2],
) -> [[u32; N]; 4] {
    for round in 0..10 {
        if round > 0 {
            key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
        }
        let [c0, c1, c2, c3] = &mut counter;
        for lane in 0..N {
            let wide = |factor: u64, word: u32| {
                let product = factor * u64::from(word);
                ((product >> 32) as u32, product as u32)
            };
            let (high0, low0) = wide(0xD251_1F53, c0[lane]);
            let (high2, low2) = wide(0xCD9E_8D57, c2[lane]);
            (c0[lane], c1[lane]) = (high2 ^ c1[lane] ^ key[0], low2);
            (c2[lane], c3[lane]) = (high0 ^ c3[lane] ^ key[1], low0);
        }
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::philox;

    /// The known answers of the authors' own library, Random123 (`kat_vectors`, philox4x32 10).
    #[test]
    fn gives_the_known_answers() {
        let ones = u32::MAX;
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]);
        assert_eq!(
            philox([ones; 4], [ones; 2]),
            [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]
        );
        assert_eq!(
            philox(
                [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344],
                [0xA409_3822, 0x299F_31D0]
            ),
            [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1]
        );
    }
}
