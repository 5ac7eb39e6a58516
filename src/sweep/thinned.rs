//! A part of a learning curve, which is small enough to be kept of every trial.

use super::Curve;
use crate::selection::{CurvePoint, MeanCurve};

/// Epochs that are kept, at most.
const KEPT: usize = 16;

/// Some epochs of a whole curve, up to the first loss that is not finite, the last among them.
pub(super) fn thinned(whole: &MeanCurve) -> Curve {
    let is_finite = |point: &&CurvePoint| point.train_loss.is_finite() && point.loss.is_finite();
    let points: Vec<&CurvePoint> = whole.points.iter().take_while(is_finite).collect();
    let stride = points.len().div_ceil(KEPT).max(1);
    // Counted from the end, so that the last is among them.
    let kept = points.iter().rev().step_by(stride).rev();
    let mut own = Curve::default();
    for point in kept {
        own.epochs.push(point.epochs);
        own.train_loss.push(point.train_loss as f32);
        own.loss.push(point.loss as f32);
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thinned_curve_keeps_its_end() {
        for (epochs, kept) in [(0, 0), (1, 1), (16, 16), (17, 9), (100, 15), (1_000, 16)] {
            let point = |epoch| CurvePoint {
                epochs: epoch,
                train_loss: 1.0 / epoch as f64,
                loss: 2.0 / epoch as f64,
                score: None,
            };
            let curve = thinned(&MeanCurve { points: (1..=epochs).map(point).collect() });
            assert_eq!((curve.epochs.len(), curve.loss.len()), (kept, kept), "{epochs}");
            assert_eq!(curve.epochs.last().copied().unwrap_or(0), epochs);
        }
    }

    #[test]
    fn a_curve_ends_before_what_is_not_finite() {
        let point = |loss: f64| CurvePoint { epochs: 1, train_loss: 1.0, loss, score: None };
        let points = [0.5, f64::INFINITY, 0.25].map(point).to_vec();
        assert_eq!(thinned(&MeanCurve { points }).loss, [0.5]);
    }
}
