//! Which trial is chosen in the end.

use super::{Record, State};
use crate::metrics::Metric;

/// By what it is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Select {
    /// The best mean over the folds.
    #[default]
    Best,
    /// The smallest network whose mean lies within one standard error of the best (Breiman et al.
    /// 1984, "Classification and Regression Trees"): simpler, and no worse as far as can be told.
    OneStandardError,
}

crate::spec::named!(Select, "selection", { Best => "best", OneStandardError => "1se" });

/// What is known of a trial that was trained to its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The mean over the folds of what is minimised.
    pub mean: f64,
    /// The standard error of that mean.
    pub standard_error: f64,
    /// Parameters of the network.
    pub parameters: u64,
}

/// The trial that is chosen, by its index: of equal ones the first. `None` where none has a finite
/// mean.
///
/// ```
/// use halfplane::sweep::{Scored, Select, choose};
///
/// let large = Scored { mean: 0.20, standard_error: 0.02, parameters: 9_000 };
/// let small = Scored { mean: 0.21, standard_error: 0.03, parameters: 90 };
/// assert_eq!(choose(&[small, large], Select::Best), Some(1));
/// assert_eq!(choose(&[small, large], Select::OneStandardError), Some(0));
/// ```
pub fn choose(trials: &[Scored], select: Select) -> Option<usize> {
    let finite = || trials.iter().enumerate().filter(|(_, own)| own.mean.is_finite());
    let (index, best) = finite().min_by(|(_, a), (_, b)| a.mean.total_cmp(&b.mean))?;
    match select {
        Select::Best => Some(index),
        Select::OneStandardError => {
            // Of one fold there is none.
            let error = if best.standard_error.is_finite() { best.standard_error } else { 0.0 };
            finite()
                .filter(|(_, own)| own.mean <= best.mean + error)
                .min_by(|(_, a), (_, b)| {
                    a.parameters.cmp(&b.parameters).then(a.mean.total_cmp(&b.mean))
                })
                .map(|(index, _)| index)
        }
    }
}

/// The trials that were trained to their end, the best first: of equal ones in their order.
pub fn best_first(records: &[Record], metric: Metric) -> Vec<&Record> {
    let gain = |own: &Record| metric.gain(own.score().0);
    let is_scored = |own: &&Record| own.state == State::Complete && own.score().0.is_finite();
    let mut best: Vec<&Record> = records.iter().filter(is_scored).collect();
    best.sort_by(|a, b| gain(b).total_cmp(&gain(a)).then(a.trial.cmp(&b.trial)));
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(mean: f64, standard_error: f64, parameters: u64) -> Scored {
        Scored { mean, standard_error, parameters }
    }

    #[test]
    fn the_smallest_within_an_error_is_the_better_of_equals() {
        let trials = [
            scored(0.5, 0.0, 1),
            scored(f64::NAN, 0.0, 1),
            scored(0.11, 0.5, 20),
            scored(0.10, 0.02, 100),
            scored(0.12, 0.0, 20),
            scored(0.10, 0.02, 10_000),
        ];
        assert_eq!(choose(&trials, Select::Best), Some(3));
        assert_eq!(choose(&trials, Select::OneStandardError), Some(2));
    }

    #[test]
    fn where_there_is_no_error_or_no_trial() {
        assert_eq!(choose(&[], Select::Best), None);
        assert_eq!(choose(&[scored(f64::INFINITY, 0.0, 1)], Select::OneStandardError), None);
        let one_fold = [scored(0.2, f64::NAN, 5), scored(0.3, f64::NAN, 1)];
        assert_eq!(choose(&one_fold, Select::OneStandardError), Some(0));
    }
}
