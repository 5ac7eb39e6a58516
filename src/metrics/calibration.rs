//! Calibration: how well predicted probabilities match observed frequencies.

use serde::Serialize;

use super::Weights;

/// The number of bins of equal width into which probabilities are divided.
pub const BINS: usize = 10;

/// The calibration of predicted probabilities.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// The expected calibration error: the mean, weighted by rows, of |mean probability − observed
    /// frequency| over the bins (Guo et al. 2017).
    pub expected_error: f64,
    /// The reliability curve: the bins with rows, in ascending order.
    pub bins: Vec<ReliabilityBin>,
}

/// One point of a reliability curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// The mean predicted probability.
    pub predicted: f64,
    /// The observed frequency: the fraction of rows of the predicted class.
    pub observed: f64,
    /// The number of rows in the bin, or the sum of their weights.
    pub weight: f64,
}

impl Calibration {
    /// From the `probability` of each row and whether the row is of the class. A probability on the
    /// edge between two bins belongs to the lower one, as in scikit-learn's `calibration_curve`.
    pub(super) fn of(
        rows: usize,
        probability: impl Fn(usize) -> f64,
        is_of_class: impl Fn(usize) -> bool,
        weights: Weights<'_>,
    ) -> Self {
        let mut sums = [[0.0; 3]; BINS];
        for row in 0..rows {
            let (p, weight) = (probability(row), weights.of(row));
            let borders = (1..BINS).map(|border| border as f64 / BINS as f64);
            let bin = borders.filter(|border| *border < p).count();
            let truth = f64::from(u8::from(is_of_class(row)));
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
