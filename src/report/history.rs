//! The losses of a training, to be drawn when it is over or while it goes on.

use halfplane::Event;
use halfplane::train::Best;

/// More losses of batches than twice that are thinned: each second one goes.
const KEPT: usize = 2048;

/// Losses by the place where they came, each as \[place, loss\].
#[derive(Clone, Debug)]
pub(crate) struct History {
    per_epoch: u64,
    /// Of the logged steps, each `stride`-th is kept.
    stride: usize,
    seen: usize,
    steps: Vec<[f64; 2]>,
    training: Vec<[f64; 2]>,
    validation: Vec<[f64; 2]>,
    kept: Option<[f64; 2]>,
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
            kept: None,
        }
    }

    /// Takes note of what happened.
    pub(crate) fn event(&mut self, event: &Event) {
        match event {
            Event::Step { step, loss } => {
                if self.seen.is_multiple_of(self.stride) {
                    self.steps.push([self.place(*step), f64::from(*loss)]);
                }
                self.seen += 1;
                if self.steps.len() >= 2 * KEPT {
                    self.steps = self.steps.iter().copied().step_by(2).collect();
                    self.stride *= 2;
                }
            }
            Event::Epoch { epoch, train_loss, validation } => {
                let place = self.place((epoch + 1) * self.per_epoch);
                self.training.push([place, *train_loss]);
                self.validation.extend(validation.map(|found| [place, found.loss]));
            }
            Event::End(summary) => {
                let place =
                    |best: &Best| [self.place((best.epoch + 1) * self.per_epoch), best.loss];
                self.kept = summary.best.as_ref().map(place);
            }
            _ => {}
        }
    }

    /// What a place is counted in.
    pub(crate) fn unit(&self) -> &'static str {
        if self.whole_batches() { "step" } else { "epoch" }
    }

    /// Steps in what a place is counted in.
    pub(crate) fn steps_per_unit(&self) -> f64 {
        self.per_epoch as f64
    }

    /// Whether every step takes all rows, so that an epoch says what its step says.
    pub(crate) fn whole_batches(&self) -> bool {
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

    /// The losses on the validation rows.
    pub(crate) fn validation(&self) -> &[[f64; 2]] {
        &self.validation
    }

    /// The loss of the epoch whose weights were kept, where they are not the last ones.
    pub(crate) fn kept(&self) -> Option<[f64; 2]> {
        self.kept
    }

    fn place(&self, step: u64) -> f64 {
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
