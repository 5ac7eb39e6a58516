//! The cases of the two ends of a step: the gather of a batch, and the metrics.

use super::{PRIME, about, folded, schedules, workgroup};
use crate::check::Case;
use crate::kernels::{Control, Gather, LearningRate, Metrics, MicroBatch, Operation, Rate, Weigh};
use crate::spec::Shuffle;

/// A seed with bits in both halves.
const SEED: u64 = 777 << 32 | 12_345;

/// The first, one in the midst and the last, of full batches and of short ones.
pub(super) fn micro_batch(list: &mut Vec<Case>) {
    for (before, rows) in [(0, 16), (16, 16), (32, 8)] {
        for live in [1, 15, 16, 17, 31, 32, 33, 40] {
            let operation = Operation::MicroBatch(MicroBatch { before, rows, batch: 40 });
            let control = Control { slot: 3, schedule: 0.3, ..Control::at(41, 1600 + live, 40) };
            let control = Control { rows: live as u32, ..control };
            list.push(Case::new(operation, control, ""));
        }
    }
}

/// Both orders; sizes about a workgroup; short batches, later epochs, data sets in chunks.
pub(super) fn gather(list: &mut Vec<Case>) {
    for &shuffle in Shuffle::ALL {
        let whole = |rows, count, columns| Gather {
            rows,
            count,
            columns,
            chunk_first: 0,
            chunk_rows: count,
            shuffle,
            seed: SEED,
        };
        let mut add = |gather: Gather, epoch: u32, first: usize, live: usize| {
            let control = Control { epoch, first: first as u32, ..Control::of_rows(live) };
            let variant = format!("epoch {epoch}, from row {first}");
            list.push(Case::new(Operation::Gather(gather), control, variant));
        };
        for elements in about(workgroup(&whole(1, 1, 1))) {
            add(whole(elements, PRIME, 1), 0, 0, elements);
            add(whole(1, PRIME, elements), 0, 7, 1);
        }
        for count in [1, 2, 3, 4, 5, 1023, 1024, 1025] {
            add(whole(count, count, 2), 1, 0, count);
        }
        for epoch in [0, 1, 7, 100_000] {
            add(whole(64, PRIME, 5), epoch, 192, 64);
            // The last batch of an epoch: 1031 = 16 · 64 + 7.
            add(whole(64, PRIME, 5), epoch, 1024, 7);
        }
        for columns in [4, 32] {
            add(whole(64, PRIME, columns), 1, 192, 64);
            add(whole(64, PRIME, columns), 1, 1024, 7);
        }
        for columns in [3, 8] {
            for (chunk_first, chunk_rows) in [(0, 400), (400, 1), (401, PRIME - 401)] {
                let chunk = Gather { chunk_first, chunk_rows, ..whole(300, PRIME, columns) };
                add(chunk, 2, 256, 290);
            }
        }
        if shuffle == Shuffle::EveryEpoch {
            let (rows, live) = folded(workgroup(&whole(1, 1, 1)));
            add(whole(rows, rows, 1), 3, 0, live);
        }
    }
}

/// Every step of a run and some after it, and steps that take some digits to count.
pub(super) fn learning_rate(list: &mut Vec<Case>) {
    for (name, schedule) in schedules() {
        for (steps, at) in [(12, (0..15).collect()), (1_000_003, vec![9, 300_000, 999_999])] {
            let operation =
                Operation::LearningRate(LearningRate { rate: Rate::of(&schedule, steps) });
            for step in at {
                let control = Control { step, ..Control::of_rows(5) };
                let variant = format!("{name} at {step} of {steps}");
                list.push(Case::new(operation.clone(), control, variant));
            }
        }
    }
}

/// Batches about a workgroup, and short ones.
pub(super) fn weigh(list: &mut Vec<Case>) {
    let mut add = |rows, live| {
        let operation = Operation::Weigh(Weigh { rows });
        list.push(Case::new(operation, Control::of_rows(live), ""));
    };
    for rows in about(workgroup(&Weigh { rows: 1 })) {
        add(rows, rows);
    }
    for live in [1, 64, 300] {
        add(400, live);
    }
}

/// Batches about a workgroup; the ring's wrap, an epoch's end, a short last batch.
pub(super) fn metrics(list: &mut Vec<Case>) {
    let mut add_parts = |rows, count, capacity, parts, control: Control, variant: &str| {
        let operation = Operation::Metrics(Metrics { rows, count, capacity, parts });
        list.push(Case::new(operation, control, variant));
    };
    for parts in [1, 255, 256, 257, 512, 2048, 3000] {
        add_parts(900, 1700, 5, Some(parts), Control::of_rows(900), "first step");
        add_parts(900, 1700, 5, Some(parts), Control::at(1, 1700, 900), "a short batch");
    }
    let mut add = |rows, count, capacity, control: Control, variant: &str| {
        add_parts(rows, count, capacity, None, control, variant);
    };
    let threads = workgroup(&Metrics { rows: 1, count: 1, capacity: 1, parts: None });
    // Eight rows a thread go through at once, from the last of which there is one on.
    let at_once = [7 * threads, 7 * threads + 1, 8 * threads - 1, 8 * threads, 33 * threads + 5];
    for rows in about(threads).into_iter().chain(at_once) {
        add(rows, 3 * rows, 5, Control::of_rows(rows), "first step");
        add(rows, rows, 5, Control::of_rows(rows), "an epoch of one step");
    }
    for rows in [2, threads - 1, PRIME] {
        let count = 3 * rows + 1;
        let middle = Control { step: 40, ..Control::at(1, count, rows) };
        add(rows, count, 5, Control { slot: 4, ..middle }, "the ring's last entry");
        add(rows, count, 1, middle, "a ring of one");
        let before_last = Control { slot: 2, ..Control::at(2 + 4 * 9, count, rows) };
        add(rows, count, 5, before_last, "the next batch is short");
        let last = Control { slot: 3, ..Control::at(3 + 4 * 9, count, rows) };
        add(rows, count, 5, last, "the last batch, a short one");
        let exact = Control { slot: 3, ..Control::at(2 + 3 * 9, 3 * rows, rows) };
        add(rows, 3 * rows, 5, exact, "the last batch, a full one");
    }
}
