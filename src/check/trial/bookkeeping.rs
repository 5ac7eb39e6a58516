//! Trials of the two ends of a step: the gather of a batch, and the metrics.

use super::{Bound, Expect, Random, Tensors, Trialled, tensor};
use crate::kernels::{
    Control, Gather, LearningRate, Metrics, MicroBatch, Weigh, gather, learning_rate, metrics,
    micro_batch, weigh,
};

impl Trialled for Gather {
    /// Random words, which the gather takes as they are; and more of them behind the chunk, so that a
    /// row too many is no copy of the sentinel.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let Gather { rows, columns, chunk_rows, .. } = *self;
        let data = (0..(chunk_rows + 1) * columns).map(|_| random.word()).collect();
        gather::Bindings {
            control: Bound::control(control),
            data: Bound { words: data, expect: Expect::Untouched },
            batch: Bound {
                words: tensor(&[], rows * columns),
                expect: Expect::Exact(0..control.rows as usize * columns),
            },
        }
    }
}

impl Trialled for MicroBatch {
    /// All that it writes are whole numbers, and a factor that it copies.
    fn trial(&self, control: Control, _: &mut Random) -> Self::Bindings<Tensors> {
        let expect = Expect::Exact(0..Control::WORDS);
        let micro = Bound { words: tensor(&[], Control::WORDS), expect };
        micro_batch::Bindings { control: Bound::control(control), micro }
    }
}

impl Trialled for LearningRate {
    /// The one number that it writes; where it is e^x, it is off by 3 + 2|x| steps, and by |x| for x
    /// itself.
    fn trial(&self, control: Control, _: &mut Random) -> Self::Bindings<Tensors> {
        let factor = self.rate.at(control.step);
        let magnitude = factor * (1.0 + factor.max(f32::MIN_POSITIVE).ln().abs());
        let words = control.to_words().to_vec();
        let expect = Expect::Near { first: Control::WORDS - 1, magnitudes: vec![magnitude] };
        learning_rate::Bindings { control: Bound { words, expect } }
    }
}

impl Trialled for Weigh {
    /// Random weights, some of them 0; a lone row's is, too, so that there is nothing to divide by.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let live = control.rows as usize;
        let weight =
            |row: usize| if row.is_multiple_of(5) { 0.0 } else { random.uniform(0.1, 2.0) };
        let weights: Vec<f32> = (0..live).map(weight).collect();
        let mean = (weights.iter().sum::<f32>() / live as f32).max(f32::MIN_POSITIVE);
        let shares = weights.iter().map(|weight| weight / mean).collect();
        weigh::Bindings {
            control: Bound::control(control),
            weights: Bound::input(&weights, self.rows),
            shares: Bound::output(shares, self.rows),
        }
    }
}

impl Trialled for Metrics {
    /// Random losses and scores; one entry of the history is due, the others stay.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let Metrics { rows, capacity, parts, .. } = *self;
        let live = control.rows as usize;
        let row_metrics = random.floats(2 * parts.unwrap_or(live), 1.0);
        let mean = |part: usize| {
            let terms = row_metrics.iter().skip(part).step_by(2);
            terms.map(|x| x.abs()).sum::<f32>() / live as f32
        };
        let magnitudes = vec![mean(0), mean(1)];
        let words = control.to_words().to_vec();
        metrics::Bindings {
            control: Bound { expect: Expect::Exact(0..words.len()), words },
            row_metrics: Bound::input(&row_metrics, 2 * parts.unwrap_or(rows)),
            history: Bound {
                words: tensor(&[], 2 * capacity),
                expect: Expect::Near { first: 2 * control.slot as usize, magnitudes },
            },
        }
    }
}
