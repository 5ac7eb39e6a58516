//! The losses of a training run, for pictures and the dashboard.

use halfplane::Event;
use halfplane::train::Best;

/// At twice this many losses of batches, every second one is dropped.
const KEPT: usize = 2048;

/// Losses as points \[position, loss\]; a position is counted in [`History::unit`].
#[derive(Clone, Debug)]
pub(crate) struct History {
    per_epoch: u64,
    /// Every `stride`-th logged step is kept.
    stride: usize,
    seen: usize,
    steps: Vec<[f64; 2]>,
    training: Vec<[f64; 2]>,
    validation: Vec<[f64; 2]>,
    best: Option<[f64; 2]>,
}

impl History {
    pub(crate) fn new(steps_per_epoch: u64) -> Self {
        Self {
            per_epoch: steps_per_epoch,
            stride: 1,
            seen: 0,
            steps: Vec::new(),
            training: Vec::new(),
            validation: Vec::new(),
            best: None,
        }
    }

    /// Records an event.
    pub(crate) fn event(&mut self, event: &Event) {
        match event {
            Event::Step { step, loss } => {
                if self.seen.is_multiple_of(self.stride) {
                    self.steps.push([self.position(*step), f64::from(*loss)]);
                }
                self.seen += 1;
                if self.steps.len() >= 2 * KEPT {
                    self.steps = self.steps.iter().copied().step_by(2).collect();
                    self.stride *= 2;
                }
            }
            Event::Epoch { epoch, train_loss, validation } => {
                let position = self.position((epoch + 1) * self.per_epoch);
                self.training.push([position, *train_loss]);
                self.validation.extend(validation.map(|found| [position, found.loss]));
            }
            Event::End(summary) => {
                let position =
                    |best: &Best| [self.position((best.epoch + 1) * self.per_epoch), best.loss];
                self.best = summary.best.as_ref().map(position);
            }
            _ => {}
        }
    }

    /// The unit of positions.
    pub(crate) fn unit(&self) -> &'static str {
        if self.full_batch() { "step" } else { "epoch" }
    }

    /// Steps per unit of positions.
    pub(crate) fn steps_per_unit(&self) -> f64 {
        self.per_epoch as f64
    }

    /// Whether an epoch is one step, so that their losses are the same.
    pub(crate) fn full_batch(&self) -> bool {
        self.per_epoch == 1
    }

    /// The losses of batches.
    pub(crate) fn steps(&self) -> &[[f64; 2]] {
        &self.steps
    }

    /// The mean training losses of epochs.
    pub(crate) fn training(&self) -> &[[f64; 2]] {
        &self.training
    }

    /// The losses on the validation rows, after each epoch.
    pub(crate) fn validation(&self) -> &[[f64; 2]] {
        &self.validation
    }

    /// The epoch whose weights were kept, with its loss, if they are not the last ones.
    pub(crate) fn best(&self) -> Option<[f64; 2]> {
        self.best
    }

    fn position(&self, step: u64) -> f64 {
        step as f64 / self.per_epoch as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_histories_are_thinned_evenly() {
        let mut history = History::new(10);
        for step in 0..50_000 {
            history.event(&Event::Step { step, loss: step as f32 });
        }
        let steps = history.steps();
        assert!((KEPT..2 * KEPT).contains(&steps.len()), "{}", steps.len());
        let gaps: Vec<f64> = steps.windows(2).map(|pair| pair[1][1] - pair[0][1]).collect();
        assert!(gaps.iter().all(|gap| *gap == gaps[0]), "{gaps:?}");
        assert_eq!(steps[1][0] * 10.0, steps[1][1]);
        assert_eq!((history.unit(), History::new(1).unit()), ("epoch", "step"));
    }
}
