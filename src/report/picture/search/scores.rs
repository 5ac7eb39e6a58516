//! Trials and their scores, the best first.

use halfplane::metrics::Metric;
use halfplane::sweep::{Record, best_first};

use crate::report::picture::chart::Axis;
use crate::report::picture::scale::padded_range;

/// Trials, and how good they are.
pub(super) struct Scores<'a> {
    pub(super) metric: Metric,
    /// Those with a score, the best first.
    pub(super) complete: Vec<&'a Record>,
    /// All, in the order in which they were tried.
    pub(super) all: &'a [Record],
    /// The scores that axes show.
    pub(super) range: [f64; 2],
}

impl<'a> Scores<'a> {
    pub(super) fn of(all: &'a [Record], metric: Metric) -> Self {
        let complete = best_first(all, metric);
        let range = range(&complete);
        Self { metric, complete, all, range }
    }

    /// The axis of scores.
    pub(super) fn axis(&self) -> Axis {
        let better = if self.metric.gain(1.0) > 0.0 { "higher" } else { "lower" };
        Axis::linear(format!("{}, {better} is better", self.metric), self.range)
    }

    /// A score, drawn at the edge where it lies beyond it.
    pub(super) fn clamped(&self, score: f64) -> f64 {
        score.clamp(self.range[0], self.range[1])
    }

    /// How good a trial is among those that came to their end, from 0, the worst, to 1.
    pub(super) fn rank(&self, place: usize) -> f64 {
        1.0 - place as f64 / (self.complete.len().max(2) - 1) as f64
    }

    /// That some scores are drawn at the edge, if they are.
    pub(super) fn edge(&self) -> &'static str {
        let is_beyond = |own: &&Record| own.score().0 != self.clamped(own.score().0);
        if self.complete.iter().any(is_beyond) {
            "; at the edge, and beyond it, the worst"
        } else {
            ""
        }
    }
}

/// What is told of a trial where the pointer is on it.
pub(super) fn tooltip(own: &Record) -> String {
    let (mean, error) = own.score();
    format!("trial {}: {mean:.4} ± {error:.4}, {}", own.trial, own.parameters)
}

/// The range of all scores; without the worst tenth where that is far from the others, which it would press
/// together.
fn range(best_first: &[&Record]) -> [f64; 2] {
    let scores: Vec<f64> = best_first.iter().map(|own| own.score().0).collect();
    let most = scores.len() - scores.len() / 10;
    let [all, better] = [&scores[..], &scores[..most]].map(|own| padded_range(own.iter().copied()));
    if all[1] - all[0] <= 2.0 * (better[1] - better[0]) { all } else { better }
}

#[cfg(test)]
pub(super) mod tests {
    use halfplane::sweep::{Curve, Point, State, Value};

    use super::*;

    /// A trial with the same score on both folds.
    pub(in super::super) fn record(trial: u64, state: State, score: f64, hidden: &str) -> Record {
        let hidden = Value::parse(hidden);
        Record {
            trial,
            parameters: Point::new([("hidden", hidden), ("lr", Value::Float(0.01))]),
            state,
            scores: vec![score; 2],
            epochs: 2,
            trained: 4,
            size: 10 * trial,
            training: Some(0.99),
            curve: Curve { epochs: vec![2, 4], train_loss: vec![0.5, 0.1], loss: vec![0.6, 0.7] },
            rungs: Vec::new(),
            same_as: None,
            more: 0,
            seconds: 0.25,
        }
    }

    #[test]
    fn the_best_come_first_by_either_kind_of_metric() {
        let all = [
            record(0, State::Complete, 0.5, "4"),
            record(1, State::Pruned, 0.99, "4"),
            record(2, State::Complete, 0.9, "4"),
            record(3, State::Complete, f64::NAN, "4"),
        ];
        for (metric, order) in [(Metric::Accuracy, [2, 0]), (Metric::LogLoss, [0, 2])] {
            let scores = Scores::of(&all, metric);
            let trials: Vec<u64> = scores.complete.iter().map(|own| own.trial).collect();
            assert_eq!(trials, order);
            assert_eq!([scores.rank(0), scores.rank(1)], [1.0, 0.0]);
        }
    }

    #[test]
    fn a_few_bad_scores_do_not_press_the_others_together() {
        let mut all: Vec<Record> = (0..19)
            .map(|trial| record(trial, State::Complete, 0.8 + 0.01 * trial as f64, "4"))
            .collect();
        all.push(record(19, State::Complete, -30.0, "4"));
        let scores = Scores::of(&all, Metric::R2);
        assert!(scores.range[0] > 0.7 && !scores.edge().is_empty(), "{:?}", scores.range);
        assert_eq!(scores.clamped(-30.0), scores.range[0]);
        assert_eq!(Scores::of(&all[..19], Metric::R2).edge(), "");
        assert_eq!(Scores::of(&[], Metric::R2).range, [0.0, 1.0]);
    }
}
