//! Trials of the two ends of a step: the gather of a batch, and the metrics.

use super::{Bound, Expect, Random, Trial, tensor};
use crate::kernels::{Control, Gather, Metrics};

/// Random words, which the gather takes as they are; and more of them behind the chunk, so that a
/// row too many is no copy of the sentinel.
pub(super) fn gather(gather: &Gather, control: Control, random: &mut Random) -> Trial {
    let Gather { rows, columns, chunk_rows, .. } = *gather;
    let data = (0..(chunk_rows + 1) * columns).map(|_| random.word()).collect();
    vec![
        Bound::control(control),
        Bound { words: data, expect: Expect::Untouched },
        Bound {
            words: tensor(&[], rows * columns),
            expect: Expect::Exact(0..control.rows as usize * columns),
        },
    ]
}

/// Random losses and scores; one entry of the history is due, the others stay.
pub(super) fn metrics(metrics: &Metrics, control: Control, random: &mut Random) -> Trial {
    let Metrics { rows, capacity, .. } = *metrics;
    let live = control.rows as usize;
    let row_metrics = random.floats(2 * live, 1.0);
    let mean = |part: usize| {
        let terms = row_metrics.iter().skip(part).step_by(2);
        terms.map(|x| x.abs()).sum::<f32>() / live as f32
    };
    let magnitudes = vec![mean(0), mean(1)];
    let words = control.to_words().to_vec();
    vec![
        Bound { expect: Expect::Exact(0..words.len()), words },
        Bound::input(&row_metrics, 2 * rows),
        Bound {
            words: tensor(&[], 2 * capacity),
            expect: Expect::Near { first: 2 * control.slot as usize, magnitudes },
        },
    ]
}
