//! The order in which batches take the rows, shuffled by a keyed permutation: the same integers as
//! `shaders/batch/order.wgsl`.

use std::ops::Range;

use super::Control;
use crate::spec::Shuffle;

/// The order in which a network goes through its rows of the data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowOrder {
    first: usize,
    count: u32,
    shuffle: Shuffle,
    seed: u32,
}

impl RowOrder {
    /// Of these rows of the data set.
    pub(crate) fn new(rows: Range<usize>, shuffle: Shuffle, seed: u64) -> Self {
        Self { first: rows.start, count: rows.len() as u32, shuffle, seed: seed_of(seed) }
    }

    /// The row of the data set at a position of an epoch.
    #[inline]
    pub(crate) fn row(self, position: u32, epoch: u32) -> usize {
        let position = match self.shuffle {
            Shuffle::EveryEpoch => permute(position, self.count, self.seed, epoch),
            Shuffle::Never => position,
        };
        self.first + position as usize
    }

    /// The rows of the data set that rows `first..` of a batch are: as [`RowOrder::row`], all side by side.
    #[inline(always)]
    pub(crate) fn fill<const LANES: usize>(
        self,
        control: Control,
        first: u32,
        rows: &mut [u32; LANES],
    ) {
        let start = control.first + first;
        // Lanes beyond the rows that there are would be walked for ever.
        let last = self.count.saturating_sub(1);
        for (lane, row) in rows.iter_mut().enumerate() {
            *row = start.saturating_add(lane as u32).min(last);
        }
        if self.shuffle == Shuffle::EveryEpoch {
            permute_all(rows, self.count, self.seed, control.epoch);
        }
        rows.iter_mut().for_each(|row| *row += self.first as u32);
    }

    /// The rows of the data set that some rows of a batch are.
    #[inline]
    pub(crate) fn rows(self, control: Control, batch: Range<usize>) -> impl Iterator<Item = usize> {
        batch.map(move |row| self.row(control.first + row as u32, control.epoch))
    }
}

/// The source row at `position` of epoch `epoch`, over `count` rows. A bijection on 0..count.
///
/// A six-round Feistel network over the next power of two, walked until it lands inside
/// (Black & Rogaway, "Ciphers with Arbitrary Finite Domains", 2002).
pub fn permute(position: u32, count: u32, seed: u32, epoch: u32) -> u32 {
    if count < 2 {
        return position;
    }
    let Halves { key, low_bits, low_mask, high_mask } = Halves::of(count, seed, epoch);
    let mut x = position;
    loop {
        let mut high = x >> low_bits;
        let mut low = x & low_mask;
        for round in [1, 3, 5] {
            high ^= mix(low, key, round) & high_mask;
            low ^= mix(high, key, round + 1) & low_mask;
        }
        x = (high << low_bits) | low;
        if x < count {
            return x;
        }
    }
}

/// The halves that the network's rounds work on, and their key.
struct Halves {
    key: u32,
    low_bits: u32,
    low_mask: u32,
    high_mask: u32,
}

impl Halves {
    /// For at least two rows.
    #[inline(always)]
    fn of(count: u32, seed: u32, epoch: u32) -> Self {
        let bits = (32 - (count - 1).leading_zeros()).max(2);
        let low_bits = bits / 2;
        Self {
            key: mix(epoch, seed, 0),
            low_bits,
            low_mask: (1 << low_bits) - 1,
            high_mask: (1 << (bits - low_bits)) - 1,
        }
    }
}

/// [`permute`] of many positions below `count`, side by side: those that have landed wait for the others.
#[inline(always)]
fn permute_all<const LANES: usize>(x: &mut [u32; LANES], count: u32, seed: u32, epoch: u32) {
    if count < 2 {
        return;
    }
    let Halves { key, low_bits, low_mask, high_mask } = Halves::of(count, seed, epoch);
    let mut on_its_way = [true; LANES];
    loop {
        let (mut high, mut low) = ([0; LANES], [0; LANES]);
        for lane in 0..LANES {
            high[lane] = x[lane] >> low_bits;
            low[lane] = x[lane] & low_mask;
        }
        for round in [1, 3, 5] {
            for lane in 0..LANES {
                high[lane] ^= mix(low[lane], key, round) & high_mask;
            }
            for lane in 0..LANES {
                low[lane] ^= mix(high[lane], key, round + 1) & low_mask;
            }
        }
        let mut any = false;
        for lane in 0..LANES {
            let next = (high[lane] << low_bits) | low[lane];
            x[lane] = if on_its_way[lane] { next } else { x[lane] };
            on_its_way[lane] = x[lane] >= count;
            any |= on_its_way[lane];
        }
        if !any {
            return;
        }
    }
}

#[inline(always)]
fn mix(word: u32, key: u32, round: u32) -> u32 {
    let mut h = word
        .wrapping_mul(0x9E37_79B1)
        .wrapping_add(key)
        .wrapping_add(round.wrapping_mul(0x85EB_CA6B));
    h = (h ^ (h >> 16)).wrapping_mul(0x7FEB_352D);
    h = (h ^ (h >> 15)).wrapping_mul(0x846C_A68B);
    h ^ (h >> 16)
}

/// Folds a user's 64-bit seed into the permutation's key.
pub(crate) fn seed_of(seed: u64) -> u32 {
    mix(seed as u32, mix((seed >> 32) as u32, 0, 7), 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_bijection() {
        for count in [1, 2, 3, 4, 5, 7, 16, 17, 64, 1000, 1031, 4096, 60_000] {
            for epoch in 0..3 {
                let mut seen = vec![false; count as usize];
                for position in 0..count {
                    let row = permute(position, count, 777, epoch) as usize;
                    assert!(!std::mem::replace(&mut seen[row], true), "{row} twice of {count}");
                }
            }
        }
    }

    #[test]
    fn side_by_side_they_are_the_same() {
        for count in [1, 2, 3, 5, 16, 17, 100, 1031, 60_000] {
            for shuffle in [Shuffle::EveryEpoch, Shuffle::Never] {
                let order = RowOrder::new(7..7 + count, shuffle, 777);
                for (first, epoch) in [(0, 0), (count / 2, 3)] {
                    let control =
                        Control { first: first as u32, epoch, ..Control::at(0, count, 1) };
                    let mut rows = [0; 16];
                    order.fill(control, 0, &mut rows);
                    let there = rows.iter().zip(order.rows(control, 0..count - first));
                    there
                        .for_each(|(row, expected)| assert_eq!(*row as usize, expected, "{count}"));
                }
            }
        }
    }

    /// Every row should come to every tenth of the order equally often: a chi-square over
    /// 10 × 10 cells and 2,000 epochs has 81 degrees of freedom; 140 is beyond 1 in 20,000.
    #[test]
    fn shuffles_evenly() {
        let mut cells = [[0f64; 10]; 10];
        for epoch in 0..2000 {
            for position in 0..10 {
                cells[position as usize][permute(position, 10, 1, epoch) as usize] += 1.0;
            }
        }
        let chi: f64 = cells.iter().flatten().map(|n| (n - 200.0).powi(2) / 200.0).sum();
        assert!(chi < 140.0, "{chi}");
    }

    /// Neighbours should not stay neighbours: of 9,999 pairs about 2 do by chance.
    #[test]
    fn parts_neighbours() {
        let count = 10_000;
        let order: Vec<u32> = (0..count).map(|p| permute(p, count, 5, 9)).collect();
        let together = order.windows(2).filter(|w| w[0].abs_diff(w[1]) == 1).count();
        assert!(together < 12, "{together}");
    }
}
