//! Whether a probability of 0.8 comes true in eight cases of ten.

use serde::Serialize;

use super::Weights;

/// The probabilities from 0 to 1 are looked at in so many bins of equal width.
pub const BINS: usize = 10;

/// How far probabilities and frequencies are apart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// The expected calibration error: the mean over the rows of how far their bin's mean
    /// probability is from its frequency (Guo et al. 2017).
    pub expected_error: f64,
    /// The reliability curve: the bins that have rows, from the lowest probability.
    pub bins: Vec<ReliabilityBin>,
}

/// One point of a reliability curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// The mean probability that was predicted.
    pub predicted: f64,
    /// The share of rows where it came true.
    pub observed: f64,
    /// The rows in the bin, or their weight.
    pub weight: f64,
}

impl Calibration {
    /// `probability` and whether it came true, row by row. A probability on the border of two bins
    /// belongs to the lower, as in scikit-learn's `calibration_curve`.
    pub(super) fn of(
        rows: usize,
        probability: impl Fn(usize) -> f64,
        came_true: impl Fn(usize) -> bool,
        weights: Weights<'_>,
    ) -> Self {
        let mut sums = [[0.0; 3]; BINS];
        for row in 0..rows {
            let (p, weight) = (probability(row), weights.of(row));
            let borders = (1..BINS).map(|border| border as f64 / BINS as f64);
            let bin = borders.filter(|border| *border < p).count();
            let truth = f64::from(u8::from(came_true(row)));
            for (sum, value) in sums[bin].iter_mut().zip([p, truth, 1.0]) {
                *sum += weight * value;
            }
        }
        let filled = sums.iter().filter(|[_, _, weight]| *weight > 0.0);
        let bins: Vec<ReliabilityBin> = filled
            .map(|&[p, truth, weight]| ReliabilityBin {
                predicted: p / weight,
                observed: truth / weight,
                weight,
            })
            .collect();
        let off = |bin: &ReliabilityBin| bin.weight * (bin.predicted - bin.observed).abs();
        let expected_error = bins.iter().map(off).sum::<f64>() / weights.sum(rows);
        Self { expected_error, bins }
    }
}
