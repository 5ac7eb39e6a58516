//! The rows of the data set that a batch takes, many side by side: their order is computed anew for each
//! batch.

use std::ops::Range;

use super::simd::widest;
use crate::kernels::{Control, RowOrder};

/// Rows at once: two registers of AVX-512, so that one is computed while the other waits.
const LANES: usize = 32;

/// The rows of the data set that some rows of a batch are, as [`RowOrder::rows`].
pub(super) fn rows(
    order: RowOrder,
    control: Control,
    batch: Range<usize>,
) -> impl Iterator<Item = usize> {
    let mut block = [0; LANES];
    let mut filled = 0..0;
    batch.map(move |row| {
        if !filled.contains(&row) {
            filled = row..row + LANES;
            widest(
                #[inline(always)]
                || order.fill(control, row as u32, &mut block),
            );
        }
        block[row - filled.start] as usize
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Shuffle;

    #[test]
    fn a_batch_of_any_length_has_the_same_rows() {
        let order = RowOrder::new(3..1003, Shuffle::EveryEpoch, 5);
        for batch in [0..1, 0..32, 5..38, 0..100, 990..1000] {
            let control = Control { epoch: 2, ..Control::at(0, 1_000, 100) };
            let found: Vec<usize> = rows(order, control, batch.clone()).collect();
            assert_eq!(found, order.rows(control, batch).collect::<Vec<_>>());
        }
    }
}
