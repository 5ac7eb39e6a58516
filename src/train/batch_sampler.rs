//! Which rows each step takes: which shard, which batch of it.

use crate::kernels::{Control, permute, seed_of};
use crate::plan::Plan;
use crate::spec::Shuffle;

/// Which rows each step of a run takes. A data set that is on the device as a whole is one shard.
///
/// Every shard but the last holds whole batches, so that an epoch has as many steps as without
/// shards. They come in a new order each epoch, and each time with its rows in a new order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BatchSampler {
    rows: usize,
    batch: usize,
    capacity: usize,
    shuffle: Shuffle,
    seed: u64,
    /// The step at which the first epoch begins.
    origin: u64,
}

/// Where a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// Passes through shards before this one.
    pub(super) pass: u64,
    /// The shard's number in the data set.
    pub(super) shard: usize,
    /// The batch's number in its shard.
    batch: u64,
}

/// Makes the order of the shards another one than that of the rows.
const SHARDS: u32 = 0x5A4D_0001;

impl BatchSampler {
    /// For the rows of a plan.
    pub(super) fn of(plan: &Plan, shuffle: Shuffle, seed: u64) -> Self {
        let capacity = plan.shard.map_or(plan.rows, |shard| shard.capacity);
        Self::new(plan.rows, plan.batch, capacity, shuffle, seed)
    }

    pub(super) fn new(
        rows: usize,
        batch: usize,
        capacity: usize,
        shuffle: Shuffle,
        seed: u64,
    ) -> Self {
        let capacity = capacity.clamp(1, rows.max(1));
        Self { rows, batch: batch.max(1), capacity, shuffle, seed, origin: 0 }
    }

    /// The same, with the first epoch beginning at a step.
    pub(super) fn begun_at(self, origin: u64) -> Self {
        Self { origin, ..self }
    }

    /// Rows, N.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Rows in a batch, B.
    pub(super) fn batch(&self) -> usize {
        self.batch
    }

    /// The epoch that a step belongs to, from 0, and the steps of it before this one.
    pub(super) fn epoch_of(&self, step: u64) -> (u64, u64) {
        let (step, per_epoch) = (step - self.origin, self.steps_per_epoch());
        (step / per_epoch, step % per_epoch)
    }

    /// The first step after this one that is a whole number of periods after the origin.
    pub(super) fn next_multiple(&self, step: u64, period: u64) -> u64 {
        let periods = (step - self.origin) / period + 1;
        self.origin.saturating_add(periods.saturating_mul(period))
    }

    /// Whether a step is a whole number of periods after the origin.
    pub(super) fn is_multiple(&self, step: u64, period: u64) -> bool {
        (step - self.origin).is_multiple_of(period)
    }

    pub(super) fn shards(&self) -> usize {
        self.rows.div_ceil(self.capacity).max(1)
    }

    /// The rows of a shard.
    pub(super) fn shard(&self, shard: usize) -> std::ops::Range<usize> {
        let first = shard * self.capacity;
        first..(first + self.capacity).min(self.rows)
    }

    pub(super) fn steps_per_epoch(&self) -> u64 {
        self.rows.div_ceil(self.batch).max(1) as u64
    }

    /// Steps of a pass through a shard.
    fn steps_of(&self, shard: usize) -> u64 {
        self.shard(shard).len().div_ceil(self.batch).max(1) as u64
    }

    /// The shard of a pass.
    pub(super) fn shard_of(&self, pass: u64) -> usize {
        let shards = self.shards();
        let (epoch, number) = (pass / shards as u64, (pass % shards as u64) as usize);
        match self.shuffle {
            _ if shards == 1 => 0,
            Shuffle::Never => number,
            Shuffle::EveryEpoch => {
                let seed = seed_of(self.seed) ^ SHARDS;
                permute(number as u32, shards as u32, seed, epoch as u32) as usize
            }
        }
    }

    /// Where a step is.
    pub(super) fn position(&self, step: u64) -> Position {
        let (epoch, mut batch) = self.epoch_of(step);
        if self.capacity == self.rows {
            return Position { pass: epoch, shard: 0, batch };
        }
        let shards = self.shards() as u64;
        let mut pass = epoch * shards;
        loop {
            let shard = self.shard_of(pass);
            match self.steps_of(shard) {
                steps if batch >= steps => batch -= steps,
                _ => return Position { pass, shard, batch },
            }
            pass += 1;
        }
    }

    /// The step at which the pass through a shard ends that a step belongs to.
    pub(super) fn pass_end(&self, step: u64) -> u64 {
        let Position { shard, batch, .. } = self.position(step);
        step - batch + self.steps_of(shard)
    }

    /// Rows in a step's batch.
    pub(super) fn batch_rows(&self, step: u64) -> usize {
        // Asked of every step, and XOR's take less than four divisions.
        if self.batch >= self.rows {
            return self.rows;
        }
        let Position { shard, batch, .. } = self.position(step);
        self.batch.min(self.shard(shard).len() - batch as usize * self.batch)
    }

    /// Rows that its epoch has seen before a step.
    pub(super) fn rows_before(&self, step: u64) -> usize {
        let Position { pass, batch, .. } = self.position(step);
        let first = pass - pass % self.shards() as u64;
        let passed = (first..pass).map(|pass| self.shard(self.shard_of(pass)).len());
        passed.sum::<usize>() + batch as usize * self.batch
    }

    /// What the device counts, before a step.
    pub(super) fn control(&self, step: u64) -> Control {
        let Position { pass, batch, .. } = self.position(step);
        Control {
            step: step as u32,
            // Rows that come again, as in scikit-learn's `partial_fit`, come in another order.
            epoch: (self.origin + pass) as u32,
            batch: batch as u32,
            first: (batch as usize * self.batch) as u32,
            ..Control::of_rows(self.batch_rows(step))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [(usize, usize, usize); 6] =
        [(37, 8, 37), (37, 8, 16), (37, 8, 8), (40, 8, 16), (41, 1, 7), (9, 4, 8)];

    #[test]
    fn an_epoch_sees_each_row_once() {
        for (rows, batch, capacity) in SIZES {
            for shuffle in [Shuffle::Never, Shuffle::EveryEpoch] {
                let sampler = BatchSampler::new(rows, batch, capacity, shuffle, 5);
                let steps = sampler.steps_per_epoch();
                for epoch in 0..3 {
                    let mut seen = vec![0; rows];
                    for step in epoch * steps..(epoch + 1) * steps {
                        assert_eq!(
                            sampler.rows_before(step),
                            seen.iter().sum::<usize>(),
                            "{sampler:?}"
                        );
                        let Position { shard, batch: number, .. } = sampler.position(step);
                        let first = sampler.shard(shard).start + number as usize * batch;
                        seen[first..first + sampler.batch_rows(step)]
                            .iter_mut()
                            .for_each(|n| *n += 1);
                    }
                    assert_eq!(seen, vec![1; rows], "{sampler:?}");
                }
            }
        }
    }

    /// Within a pass the device counts by itself, from what it was given at its beginning.
    #[test]
    fn the_device_counts_alike() {
        for (rows, batch, capacity) in SIZES {
            let sampler = BatchSampler::new(rows, batch, capacity, Shuffle::EveryEpoch, 5);
            let mut step = 0;
            while step < 4 * sampler.steps_per_epoch() {
                let end = sampler.pass_end(step);
                let count = sampler.shard(sampler.position(step).shard).len();
                let mut control = sampler.control(step);
                for step in step..end {
                    assert_eq!(control, Control { slot: control.slot, ..sampler.control(step) });
                    control.advance(count, batch, 1 << 14);
                }
                assert_eq!((control.first, control.step), (0, end as u32), "{sampler:?}");
                step = end;
            }
            // Where all rows are on the device, nothing is new.
            if capacity == rows {
                assert_eq!(sampler.control(13), Control::at(13, rows, batch));
            }
        }
    }

    #[test]
    fn another_origin_begins_an_epoch() {
        let sampler = BatchSampler::new(37, 8, 16, Shuffle::EveryEpoch, 5);
        let later = sampler.begun_at(13);
        for step in 0..11 {
            let own = sampler.control(step);
            let expected = Control { step: own.step + 13, epoch: own.epoch + 13, ..own };
            assert_eq!(later.control(step + 13), expected);
        }
        assert_eq!((later.epoch_of(13), later.epoch_of(19)), ((0, 0), (1, 1)));
        assert_eq!((later.next_multiple(13, 5), later.next_multiple(18, 5)), (18, 23));
    }

    #[test]
    fn shards_come_in_new_orders() {
        let sampler = BatchSampler::new(1000, 10, 50, Shuffle::EveryEpoch, 5);
        let orders: Vec<Vec<usize>> = (0..4)
            .map(|e| (20 * e..20 * (e + 1)).map(|pass| sampler.shard_of(pass)).collect())
            .collect();
        for (number, order) in orders.iter().enumerate() {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert!(sorted.into_iter().eq(0..20), "{order:?}");
            assert!(!orders[..number].contains(order), "{orders:?}");
        }
        let plain = BatchSampler::new(1000, 10, 50, Shuffle::Never, 5);
        assert!((0..20).map(|pass| plain.shard_of(pass)).eq(0..20));
    }
}
