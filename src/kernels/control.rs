//! Where training stands, on the device and here.

use super::immediates::{Fields, immediates};

immediates! {
    /// Where training stands: the contents of the control buffer, as `shaders/batch/control.wgsl` has them.
    pub struct Control {
        /// Steps done.
        pub step: u32,
        /// Epochs done.
        pub epoch: u32,
        /// The coming batch's number in its epoch.
        pub batch: u32,
        /// The coming batch's first row, a position in the epoch's order.
        pub first: u32,
        /// Rows in the coming batch, or in the micro-batch of it that this is for; 0 for a network of a
        /// grid that is at rest.
        pub rows: u32,
        /// Rows of the batch before the micro-batch: 0 for a whole batch.
        pub before: u32,
        /// Rows of the batch behind the micro-batch: 0 for a whole batch.
        pub after: u32,
        /// Where in the history the coming step's metrics go.
        pub slot: u32,
        /// The schedule's factor on the coming step's learning rate: 1 until [`super::LearningRate`] has
        /// been there.
        pub schedule: f32,
    }
}

impl Control {
    /// Words in the buffer.
    pub const WORDS: usize = size_of::<Self>() / size_of::<u32>();

    /// The names of the fields, in order.
    pub fn fields() -> Vec<String> {
        <Self as Fields>::names("")
    }

    /// The control before step `step`, of `count` rows in batches of `batch`.
    pub fn at(step: u64, count: usize, batch: usize) -> Self {
        let per_epoch = count.div_ceil(batch).max(1) as u64;
        let number = step % per_epoch;
        let first = number as usize * batch;
        Self {
            step: step as u32,
            epoch: (step / per_epoch) as u32,
            batch: number as u32,
            first: first as u32,
            ..Self::of_rows(batch.min(count - first))
        }
    }

    /// For a network of a grid that others' steps are to leave as it is.
    pub fn at_rest(self) -> Self {
        Self { rows: 0, ..self }
    }

    /// Whether it is such.
    pub(crate) const fn is_at_rest(&self) -> bool {
        self.rows == 0
    }

    /// One step on, as `metrics` does it.
    pub(crate) fn advance(&mut self, count: usize, batch: usize, capacity: usize) {
        self.slot = (self.slot + 1) % capacity as u32;
        self.step += 1;
        self.batch += 1;
        self.first += batch as u32;
        if self.first >= count as u32 {
            self.epoch += 1;
            self.batch = 0;
            self.first = 0;
        }
        self.rows = (batch as u32).min(count as u32 - self.first);
    }

    /// So many steps on, where each takes all rows.
    pub(crate) fn advance_epochs(&mut self, steps: usize, capacity: usize) {
        self.slot = ((self.slot as usize + steps) % capacity) as u32;
        self.step = self.step.wrapping_add(steps as u32);
        self.epoch = self.epoch.wrapping_add(steps as u32);
    }

    /// Rows in the whole batch: what a loss is the mean of.
    pub const fn batch_rows(&self) -> u32 {
        self.before + self.rows + self.after
    }

    /// The control of a phase that takes `rows` rows as they are.
    pub fn of_rows(rows: usize) -> Self {
        let rows = rows as u32;
        let (before, after) = (0, 0);
        Self { step: 0, epoch: 0, batch: 0, first: 0, rows, before, after, slot: 0, schedule: 1.0 }
    }

    /// As the buffer's words.
    pub fn to_words(self) -> [u32; Self::WORDS] {
        bytemuck::cast(self)
    }

    /// From the buffer's words.
    pub fn from_words(words: &[u32]) -> Self {
        match <[u32; Self::WORDS]>::try_from(words) {
            Ok(words) => bytemuck::cast(words),
            Err(_) => panic!("a control buffer of {} words", words.len()),
        }
    }
}
