//! Points where good ones are dense: the tree-structured Parzen estimator.

use rand_mt::Mt;

use super::parzen::{Axis, Parzen, axes, coordinates, value};
use super::random::generator;
use super::{Outcome, Sampler, Sobol, Told};
use crate::sweep::{Point, Space};

/// The tree-structured Parzen estimator, as Optuna 5.0 defines it: multivariate, with its defaults.
///
/// The finished points are divided into a tenth of good ones (25 at most) and the rest. Of 24
/// candidates, drawn from a density through the good ones, the one is proposed where that density is
/// the largest multiple of a density through the rest. Points that are being trained count as bad
/// ones ("constant liar"), so that the points of a batch keep apart.
///
/// The first ten points are scrambled Sobol points ([`Sobol`]), which cover the space more evenly than
/// Optuna's random ones. A space has all of its dimensions in every point; alternatives that are
/// numbers are in no order.
///
/// Sources: Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization"; Watanabe 2023,
/// "Tree-Structured Parzen Estimator", arXiv 2304.11127; Optuna's `TPESampler`.
#[derive(Clone, Debug)]
pub struct Tpe {
    space: Space,
    seed: u64,
    start: Sobol,
}

impl Tpe {
    /// Finished points before it looks back: `n_startup_trials`.
    pub const START: usize = 10;

    /// Points of which the best is proposed: `n_ei_candidates`.
    pub const CANDIDATES: usize = 24;

    /// The points of a space for a seed.
    pub fn new(space: &Space, seed: u64) -> Self {
        Self { space: space.clone(), seed, start: Sobol::new(space, seed) }
    }

    /// Where a point lies, on the axes that have more than one value.
    fn coordinates(&self, point: &Point) -> Option<Vec<f64>> {
        let mut all = Vec::new();
        for (name, dimension) in self.space.iter() {
            let own = coordinates(dimension, point.get(name)?)?;
            let axes = Axis::of(dimension);
            all.extend(own.into_iter().zip(axes).filter(|(_, axis)| !axis.is_single()));
        }
        Some(all.into_iter().map(|(number, _)| number).collect())
    }

    /// The point of some coordinates.
    fn point(&self, coordinates: &[f64]) -> Point {
        let mut rest = coordinates.iter();
        Point::new(self.space.iter().map(|(name, dimension)| {
            let own: Vec<f64> = Axis::of(dimension)
                .iter()
                .map(|axis| match axis {
                    Axis::Choices(1) => 0.0,
                    Axis::Numbers { low, high, .. } if low == high => *low,
                    _ => rest.next().copied().unwrap_or_default(),
                })
                .collect();
            (name, value(dimension, &own))
        }))
    }

    /// One more point.
    fn next(&self, observed: &[Observed], generator: &mut Mt) -> Point {
        let axes: Vec<Axis> =
            axes(&self.space).into_iter().filter(|axis| !axis.is_single()).collect();
        if axes.is_empty() {
            return self.point(&[]);
        }
        let (good, rest) = divided(observed);
        let (good, rest) = (Parzen::new(&axes, &good), Parzen::new(&axes, &rest));
        let candidates = good.sample(Self::CANDIDATES, generator);
        let gain = |point: &Vec<f64>| good.log_density(point) - rest.log_density(point);
        let mut best = (f64::NEG_INFINITY, 0);
        for (index, candidate) in candidates.iter().enumerate() {
            let own = gain(candidate);
            if own > best.0 {
                best = (own, index);
            }
        }
        self.point(&candidates[best.1])
    }
}

impl Sampler for Tpe {
    fn name(&self) -> &'static str {
        "tpe"
    }

    fn looks_back(&self) -> bool {
        true
    }

    fn propose(&self, first: u64, count: usize, told: &[Told]) -> Vec<Point> {
        let of = |own: &Told| {
            let at = self.coordinates(&own.point)?;
            Some(Observed { at, outcome: own.outcome })
        };
        let mut observed: Vec<Observed> = told.iter().filter_map(of).collect();
        let finished = observed.iter().filter(|own| own.outcome != Outcome::Running).count();
        if finished < Self::START {
            return self.start.propose(first, count, told);
        }
        let mut points = Vec::with_capacity(count);
        for number in (first..).take(count) {
            let point = self.next(&observed, &mut generator(self.seed, number));
            let at = self.coordinates(&point);
            observed.extend(at.map(|at| Observed { at, outcome: Outcome::Running }));
            points.push(point);
        }
        points
    }
}

/// A point on the axes, and how it has fared.
#[derive(Debug)]
struct Observed {
    at: Vec<f64>,
    outcome: Outcome,
}

/// The good points, and the rest, each in order: of n finished ones ⌈n/10⌉ are good, 25 at most. Points
/// that were trained to their end are better than pruned ones, of which those are better that came
/// further.
fn divided(observed: &[Observed]) -> (Vec<&[f64]>, Vec<&[f64]>) {
    let finished = observed.iter().filter(|own| own.outcome != Outcome::Running).count();
    let mut order: Vec<usize> = (0..observed.len()).collect();
    let rank = |index: usize| match observed[index].outcome {
        Outcome::Complete(value) => (0, 0, ordered(value)),
        Outcome::Pruned { epochs, value } => (1, u64::MAX - epochs, ordered(value)),
        Outcome::Running => (2, 0, 0.0),
    };
    order.sort_by(|a, b| {
        let ((a, a_epochs, a_value), (b, b_epochs, b_value)) = (rank(*a), rank(*b));
        (a, a_epochs).cmp(&(b, b_epochs)).then(a_value.total_cmp(&b_value))
    });
    let mut is_good = vec![false; observed.len()];
    order.iter().take(finished.div_ceil(10).min(25)).for_each(|index| is_good[*index] = true);
    let side = |good: bool| {
        let own = observed.iter().zip(&is_good).filter(move |(_, is)| **is == good);
        own.map(|(own, _)| own.at.as_slice()).collect()
    };
    (side(true), side(false))
}

/// What is minimised; NaN is the worst.
fn ordered(value: f64) -> f64 {
    if value.is_nan() { f64::INFINITY } else { value }
}

#[cfg(test)]
mod tests;
