//! The losses of a training run, for pictures and the dashboard.

use halfplane::Event;
use halfplane::train::Best;

/// At twice this many losses of a kind, every second one is dropped.
const KEPT: usize = 2048;

/// The kinds of losses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of batches.
    Steps,
    /// Means of epochs.
    Training,
    /// On the validation rows.
    Validation,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Steps, Self::Training, Self::Validation];
}

/// A loss with its place in the history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    /// How many of its kind came before it.
    pub(super) index: usize,
    /// \[position, loss\]
    pub(super) point: [f64; 2],
}

/// Losses of one kind, of which every `stride`-th is kept.
#[derive(Clone, Debug, PartialEq)]
struct Series {
    stride: usize,
    seen: usize,
    points: Vec<[f64; 2]>,
}

impl Series {
    const EMPTY: Self = Self { stride: 1, seen: 0, points: Vec::new() };

    /// Takes the next one; whether it is kept.
    fn push(&mut self, index: usize, point: [f64; 2]) -> bool {
        let kept = index.is_multiple_of(self.stride);
        if kept {
            self.points.push(point);
        }
        self.seen = index + 1;
        if self.points.len() >= 2 * KEPT {
            self.points = self.points.iter().copied().step_by(2).collect();
            self.stride *= 2;
        }
        kept
    }
}

/// Losses as points \[position, loss\]; a position is counted in [`History::unit`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct History {
    per_epoch: u64,
    series: [Series; 3],
    best: Option<[f64; 2]>,
}

impl History {
    pub(crate) fn new(steps_per_epoch: u64) -> Self {
        Self { per_epoch: steps_per_epoch, series: [Series::EMPTY; 3], best: None }
    }

    /// Records an event.
    pub(crate) fn event(&mut self, event: &Event) {
        self.record(event, |_| {});
    }

    /// Records an event, and tells what is kept of it.
    pub(super) fn record(&mut self, event: &Event, mut kept: impl FnMut(Entry)) {
        let mut push = |kind, point| {
            let series = &mut self.series[kind as usize];
            let index = series.seen;
            if series.push(index, point) {
                kept(Entry { kind, index, point });
            }
        };
        let position = |step: u64| step as f64 / self.per_epoch as f64;
        match event {
            Event::Step { step, loss } => push(Kind::Steps, [position(*step), f64::from(*loss)]),
            Event::Epoch { epoch, train_loss, validation } => {
                let position = position((epoch + 1) * self.per_epoch);
                push(Kind::Training, [position, *train_loss]);
                if let Some(found) = validation {
                    push(Kind::Validation, [position, found.loss]);
                }
            }
            Event::End(summary) => {
                let point = |best: &Best| [position((best.epoch + 1) * self.per_epoch), best.loss];
                self.best = summary.best.as_ref().map(point);
            }
            _ => {}
        }
    }

    /// Takes up what was kept before.
    pub(super) fn take_up(&mut self, Entry { kind, index, point }: Entry) {
        self.series[kind as usize].push(index, point);
    }

    /// How many losses of each kind there were, kept or not.
    pub(super) fn seen(&self) -> [usize; 3] {
        self.series.each_ref().map(|series| series.seen)
    }

    /// Goes on after so many losses of each kind.
    pub(super) fn set_seen(&mut self, seen: [usize; 3]) {
        for (series, seen) in self.series.iter_mut().zip(seen) {
            series.seen = seen;
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
        &self.series[Kind::Steps as usize].points
    }

    /// The mean training losses of epochs.
    pub(crate) fn training(&self) -> &[[f64; 2]] {
        &self.series[Kind::Training as usize].points
    }

    /// The losses on the validation rows, after each epoch.
    pub(crate) fn validation(&self) -> &[[f64; 2]] {
        &self.series[Kind::Validation as usize].points
    }

    /// The epoch whose weights were kept, with its loss, if they are not the last ones.
    pub(crate) fn best(&self) -> Option<[f64; 2]> {
        self.best
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
