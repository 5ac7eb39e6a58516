//! Parzen estimators: a density over a space, from points of it. A mixture with a kernel at each point
//! and a broad one, the prior, for the whole space; a kernel is a product over the axes of truncated
//! normal distributions and of weighted alternatives. As Optuna 5.0 has it
//! (`optuna/samplers/_tpe/parzen_estimator.py`), with its defaults: a prior of weight 1, the "magic
//! clip" of deviations, ends of ranges not considered.

use libm::{exp, log, rint};
use rand_mt::Mt;

use super::normal::{log_density, log_mass, quantile};
use super::random::unit;
use crate::sweep::dimension::untaper;
use crate::sweep::{Dimension, IntRange, Scale, Space, Value};

/// What an axis of a space is to an estimator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Axis {
    /// So many alternatives: the number of one of them.
    Choices(usize),
    /// A range of numbers, or of whole ones.
    Numbers { low: f64, high: f64, scale: Scale, whole: bool },
}

impl Axis {
    /// Those of a dimension.
    pub(super) fn of(dimension: &Dimension) -> Vec<Self> {
        let whole = |range: &IntRange| Self::Numbers {
            low: range.from as f64,
            high: range.to as f64,
            scale: range.scale,
            whole: true,
        };
        match dimension {
            Dimension::Choices(values) => vec![Self::Choices(values.len())],
            Dimension::Float(range) => {
                let (low, high) = (range.from, range.to);
                vec![Self::Numbers { low, high, scale: range.scale, whole: false }]
            }
            Dimension::Int(range) => vec![whole(range)],
            Dimension::Taper { layers, units } => vec![whole(layers), whole(units)],
        }
    }

    /// Whether it has one value only.
    pub(super) fn is_single(&self) -> bool {
        match self {
            Self::Choices(count) => *count == 1,
            Self::Numbers { low, high, .. } => low == high,
        }
    }

    /// A number on the scale where normal distributions are.
    fn scaled(&self, number: f64) -> f64 {
        match self {
            Self::Numbers { scale: Scale::Log, .. } => log(number),
            _ => number,
        }
    }

    /// The ends on that scale: a whole number reaches half of one to each side.
    fn ends(&self) -> (f64, f64) {
        match self {
            Self::Choices(count) => (0.0, *count as f64),
            Self::Numbers { low, high, whole, .. } => {
                let half = if *whole { 0.5 } else { 0.0 };
                (self.scaled(low - half), self.scaled(high + half))
            }
        }
    }
}

/// Where a value lies on the axes of its dimension; `None` where it is none of its values.
pub(super) fn coordinates(dimension: &Dimension, value: &Value) -> Option<Vec<f64>> {
    let found = match dimension {
        Dimension::Choices(values) => {
            vec![values.iter().position(|own| own == value)? as f64]
        }
        Dimension::Float(_) | Dimension::Int(_) => vec![value.number()?],
        Dimension::Taper { .. } => {
            let (layers, units) = untaper(value)?;
            vec![layers as f64, units as f64]
        }
    };
    Some(found)
}

/// The value of some coordinates.
pub(super) fn value(dimension: &Dimension, coordinates: &[f64]) -> Value {
    let whole =
        |range: &IntRange, at: usize| (rint(coordinates[at]) as i64).clamp(range.from, range.to);
    match dimension {
        Dimension::Choices(values) => values[coordinates[0] as usize].clone(),
        Dimension::Float(range) => Value::Float(coordinates[0].clamp(range.from, range.to)),
        Dimension::Int(range) => Value::Int(whole(range, 0)),
        Dimension::Taper { layers, units } => {
            crate::sweep::dimension::taper(whole(layers, 0), whole(units, 1))
        }
    }
}

/// The axes of a space.
pub(super) fn axes(space: &Space) -> Vec<Axis> {
    space.iter().flat_map(|(_, dimension)| Axis::of(dimension)).collect()
}

/// A density over a space.
pub(super) struct Parzen {
    /// Of each kernel; that of the prior comes last.
    weights: Vec<f64>,
    axes: Vec<Kernels>,
}

/// The kernels of an axis.
enum Kernels {
    /// The alternative of each point; the prior has none.
    Choices { observed: Vec<usize>, count: usize },
    /// Normal distributions, truncated to the axis.
    Numbers { axis: Axis, means: Vec<f64>, deviations: Vec<f64>, log_masses: Vec<f64> },
}

impl Parzen {
    /// From points, each a coordinate for each axis.
    pub(super) fn new(axes: &[Axis], points: &[&[f64]]) -> Self {
        let mut weights = weights(points.len());
        weights.push(1.0);
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= sum);
        let kernels = axes.iter().enumerate().map(|(index, axis)| {
            let observed = points.iter().map(|point| point[index]);
            match axis {
                Axis::Choices(count) => {
                    let observed = observed.map(|number| number as usize).collect();
                    Kernels::Choices { observed, count: *count }
                }
                Axis::Numbers { .. } => Kernels::of_numbers(*axis, observed),
            }
        });
        let axes = kernels.collect();
        Self { weights, axes }
    }

    /// Draws points: first the kernel of each, then along each axis.
    pub(super) fn sample(&self, count: usize, generator: &mut Mt) -> Vec<Vec<f64>> {
        let mut shares = Vec::with_capacity(self.weights.len());
        let mut sum = 0.0;
        for weight in &self.weights {
            sum += weight;
            shares.push(sum);
        }
        shares.iter_mut().for_each(|share| *share /= sum);
        let kernels: Vec<usize> = (0..count)
            .map(|_| {
                let u = unit(generator);
                shares.partition_point(|share| *share <= u).min(shares.len() - 1)
            })
            .collect();
        let mut points = vec![vec![0.0; self.axes.len()]; count];
        // Alternatives come first, as in Optuna: so the same numbers are the same points.
        for numbers in [false, true] {
            for (index, axis) in self.axes.iter().enumerate() {
                if matches!(axis, Kernels::Numbers { .. }) == numbers {
                    for (point, kernel) in points.iter_mut().zip(&kernels) {
                        point[index] = axis.draw(*kernel, unit(generator));
                    }
                }
            }
        }
        points
    }

    /// The logarithm of the density at a point.
    pub(super) fn log_density(&self, point: &[f64]) -> f64 {
        let mut terms: Vec<f64> = self.weights.iter().map(|weight| log(*weight)).collect();
        for (axis, number) in self.axes.iter().zip(point) {
            axis.add_log_densities(*number, &mut terms);
        }
        let most = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if most == f64::NEG_INFINITY {
            return most;
        }
        log(terms.iter().map(|term| exp(term - most)).sum::<f64>()) + most
    }
}

impl Kernels {
    /// A deviation is the distance to the farther neighbour, within bounds: the range at most, and at
    /// least a part of it that is the smaller, the more points there are (down to a hundredth).
    fn of_numbers(axis: Axis, observed: impl Iterator<Item = f64>) -> Self {
        let (low, high) = axis.ends();
        let mut means: Vec<f64> = observed.map(|number| axis.scaled(number)).collect();
        let mut order: Vec<usize> = (0..means.len()).collect();
        order.sort_by(|a, b| means[*a].total_cmp(&means[*b]));
        let range = high - low;
        let least = range / f64::min(100.0, 2.0 + means.len() as f64);
        let mut deviations = vec![0.0; means.len()];
        for (rank, index) in order.iter().enumerate() {
            let own = means[*index];
            let before = rank.checked_sub(1).map(|rank| own - means[order[rank]]);
            let after = order.get(rank + 1).map(|next| means[*next] - own);
            let farther = match (before, after) {
                (Some(before), Some(after)) => before.max(after),
                (Some(one), None) | (None, Some(one)) => one,
                // A point alone has the ends for neighbours.
                (None, None) => f64::max(own - low, high - own),
            };
            deviations[*index] = farther.clamp(least, range);
        }
        means.push(0.5 * (low + high));
        deviations.push(range);
        let log_masses = means
            .iter()
            .zip(&deviations)
            .map(|(mean, deviation)| log_mass((low - mean) / deviation, (high - mean) / deviation))
            .collect();
        Self::Numbers { axis, means, deviations, log_masses }
    }

    /// The probability of an alternative under a kernel: each has 1 of the prior's weight divided by
    /// the number of kernels, the point's own 1 more.
    fn probability(observed: &[usize], count: usize, kernel: usize, choice: usize) -> f64 {
        let Some(own) = observed.get(kernel) else { return 1.0 / count as f64 };
        let prior = 1.0 / (observed.len() + 1) as f64;
        let weight = if *own == choice { prior + 1.0 } else { prior };
        weight / (1.0 + prior * count as f64)
    }

    /// A number along this axis, from u in \[0, 1).
    fn draw(&self, kernel: usize, u: f64) -> f64 {
        match self {
            Self::Choices { observed, count } => {
                let mut sum = 0.0;
                let below = (0..count - 1).take_while(|choice| {
                    sum += Self::probability(observed, *count, kernel, *choice);
                    sum < u
                });
                below.count() as f64
            }
            Self::Numbers { axis, means, deviations, .. } => {
                let (mean, deviation) = (means[kernel], deviations[kernel]);
                let (low, high) = axis.ends();
                let (a, b) = ((low - mean) / deviation, (high - mean) / deviation);
                let drawn = quantile(u, a, b) * deviation + mean;
                match *axis {
                    Axis::Numbers { low, high, scale, whole } => {
                        let number = if scale == Scale::Log { exp(drawn) } else { drawn };
                        if !whole { number } else { (low + rint(number - low)).clamp(low, high) }
                    }
                    Axis::Choices(_) => drawn,
                }
            }
        }
    }

    /// Adds the logarithm of each kernel's density at a number.
    fn add_log_densities(&self, number: f64, terms: &mut [f64]) {
        match self {
            Self::Choices { observed, count } => {
                for (kernel, term) in terms.iter_mut().enumerate() {
                    *term += log(Self::probability(observed, *count, kernel, number as usize));
                }
            }
            Self::Numbers { axis, means, deviations, log_masses } => {
                let whole = matches!(axis, Axis::Numbers { whole: true, .. });
                let (left, right) = (axis.scaled(number - 0.5), axis.scaled(number + 0.5));
                let (at, (low, high)) = (axis.scaled(number), axis.ends());
                for (kernel, term) in terms.iter_mut().enumerate() {
                    let (mean, deviation) = (means[kernel], deviations[kernel]);
                    *term -= log_masses[kernel];
                    if whole {
                        *term += log_mass((left - mean) / deviation, (right - mean) / deviation);
                    } else if at < low || at > high {
                        *term = f64::NEG_INFINITY;
                    } else {
                        *term += log_density((at - mean) / deviation) - log(deviation);
                    }
                }
            }
        }
    }
}

/// Weights of so many points, the oldest first: all alike below 25, else older ones less.
fn weights(count: usize) -> Vec<f64> {
    const ALIKE: usize = 25;
    let ramp = count.saturating_sub(ALIKE);
    let first = 1.0 / count as f64;
    let slope = (1.0 - first) / ramp.saturating_sub(1).max(1) as f64;
    let older = (0..ramp).map(|index| first + slope * index as f64);
    older.chain(std::iter::repeat_n(1.0, count - ramp)).collect()
}
