//! The stratified split into training and validation rows, and folds for cross-validation.

mod folds;

use rand_mt::Mt;

use super::{Dataset, Targets};
use crate::{Error, Result, Setting};

pub use folds::{Fold, GroupKFold, KFold, PredefinedSplit, TimeSeriesSplit};

/// Two disjoint sets of row indices, each in ascending order. Together they hold every row, but for
/// what a [`TimeSeriesSplit`] leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// The training rows.
    pub training: Vec<usize>,
    /// The validation rows.
    pub validation: Vec<usize>,
}

/// Draws a fraction of the rows for validation, stratified by class as scikit-learn's
/// `train_test_split(stratify=y)`: the same rows for the same seed. Counts per class are rounded so
/// that they add up to `fraction` · N; a class of one row stays in the training rows.
///
/// # Errors
/// [`Error::Invalid`] where the fraction is not between 0 and 1, or leaves either side without
/// rows.
pub fn split(targets: &Targets, fraction: f64, seed: u64) -> Result<Split> {
    let rows = targets.rows();
    if !(fraction > 0.0 && fraction < 1.0) {
        return Err(Error::invalid(
            format!("the validation fraction is {fraction}"),
            "it must lie between 0 and 1, such as 0.2",
        ));
    }
    let total = (rows as f64 * fraction).round() as usize;
    if total == 0 || total == rows {
        return Err(Error::invalid(
            format!("a validation fraction of {fraction} of {rows} rows leaves none on one side"),
            ("give more rows, or another ", Setting::Validation),
        ));
    }
    let mut strata = strata(targets);
    let counts = shares(&strata.iter().map(Vec::len).collect::<Vec<_>>(), total);
    let mut generator = Mt::new((seed ^ seed >> 32) as u32);
    let mut is_validation = vec![false; rows];
    for (stratum, count) in strata.iter_mut().zip(counts) {
        shuffle(stratum, &mut generator);
        for row in &stratum[..count] {
            is_validation[*row] = true;
        }
    }
    let side =
        |validation: bool| (0..rows).filter(|row| is_validation[*row] == validation).collect();
    Ok(Split { training: side(false), validation: side(true) })
}

impl Dataset {
    /// The training data and the validation data, a fraction of the rows, by [`split`].
    ///
    /// # Errors
    /// As [`split`].
    pub fn split(&self, fraction: f64, seed: u64) -> Result<(Self, Self)> {
        let Split { training, validation } = split(self.targets(), fraction, seed)?;
        Ok((self.select(&training), self.select(&validation)))
    }
}

/// The rows of each class; one stratum of all rows where there are no classes.
fn strata(targets: &Targets) -> Vec<Vec<usize>> {
    let Some(classes) = targets.classes() else { return vec![(0..targets.rows()).collect()] };
    let count = match targets {
        Targets::Classes { count, .. } => *count,
        Targets::Binary { .. } | Targets::Numbers { .. } => 2,
    };
    let mut strata = vec![Vec::new(); count];
    for (row, class) in classes.enumerate() {
        strata[class].push(row);
    }
    strata
}

/// How many rows to take from strata of these sizes, `total` in all: proportional shares by the
/// largest-remainder method. At least one row of each stratum is left.
fn shares(sizes: &[usize], total: usize) -> Vec<usize> {
    let rows: usize = sizes.iter().sum();
    let mut counts: Vec<usize> = sizes.iter().map(|size| size * total / rows).collect();
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&own| std::cmp::Reverse(sizes[own] * total % rows));
    // Twice, since a stratum of which only one row is left gives no more.
    for own in order.iter().chain(&order).copied() {
        if counts.iter().sum::<usize>() < total && counts[own] + 1 < sizes[own] {
            counts[own] += 1;
        }
    }
    counts
}

/// The Fisher-Yates shuffle, written out here so that no new version of a crate changes which rows
/// a seed draws.
fn shuffle(rows: &mut [usize], generator: &mut Mt) {
    for last in (1..rows.len()).rev() {
        let chosen = (u64::from(generator.next_u32()) * (last as u64 + 1)) >> 32;
        rows.swap(last, chosen as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(sizes: &[usize]) -> Targets {
        let values = (0u32..).zip(sizes).flat_map(|(class, &size)| vec![class; size]).collect();
        Targets::Classes { values, count: sizes.len() }
    }

    fn counted(targets: &Targets, rows: &[usize]) -> Vec<usize> {
        let Targets::Classes { values, count } = targets else { panic!("no classes") };
        let of = |class| rows.iter().filter(|row| values[**row] as usize == class).count();
        (0..*count).map(of).collect()
    }

    #[test]
    fn leaves_none_out_and_takes_none_twice() {
        let targets = classes(&[50, 30, 20]);
        let Split { training, validation } = split(&targets, 0.25, 1).expect("a split");
        let mut all = [training, validation].concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..100));
    }

    #[test]
    fn is_stratified() {
        let targets = classes(&[52, 30, 19, 1]);
        let Split { validation, .. } = split(&targets, 0.2, 7).expect("a split");
        assert_eq!(validation.len(), 20);
        assert_eq!(counted(&targets, &validation), [10, 6, 4, 0]);
        // A class of one row stays with the training, however large the fraction.
        let Split { training, .. } = split(&targets, 0.9, 7).expect("a split");
        assert_eq!(counted(&targets, &training)[3], 1);
    }

    #[test]
    fn depends_on_the_seed_alone() {
        let targets = Targets::Numbers { values: vec![0.5; 40], columns: 1 };
        let own = |seed| split(&targets, 0.5, seed).expect("a split");
        assert_eq!(own(3), own(3));
        assert_ne!(own(3), own(4));
        // Not the first rows, nor the last.
        assert!(own(3).validation[0] < 20 && own(3).validation[19] >= 20);
    }

    #[test]
    fn refuses_fractions_that_leave_a_side_empty() {
        let targets = classes(&[2, 2]);
        for fraction in [0.0, 1.0, -0.5, f64::NAN, 0.01, 0.99] {
            assert!(split(&targets, fraction, 1).is_err(), "{fraction}");
        }
    }
}
