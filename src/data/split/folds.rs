//! Folds for cross-validation, as scikit-learn's splitters of the same names deal them out.

use super::{Split, shuffle, strata};
use crate::data::{Dataset, Targets};
use crate::{Error, Result, Setting};

use rand_mt::Mt;

/// K folds of shuffled rows, each the validation rows once: stratified where the targets are classes,
/// as scikit-learn's `RepeatedStratifiedKFold`.
///
/// ```
/// use halfplane::Targets;
/// use halfplane::data::KFold;
///
/// # fn main() -> halfplane::Result<()> {
/// let targets = Targets::Classes { values: vec![0, 0, 0, 0, 1, 1, 2, 2], count: 3 };
/// let splits = KFold::new(2).split(&targets)?;
/// // Each half has two rows of class 0 and one of each other class.
/// assert_eq!(splits.len(), 2);
/// assert!(splits.iter().all(|split| split.validation.len() == 4));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KFold {
    /// The number of folds, at least 2.
    pub folds: usize,
    /// How often all rows are dealt out anew; by default once.
    pub repeats: usize,
    /// What the shuffling depends on; by default 777.
    pub seed: u64,
}

impl KFold {
    /// So many folds.
    pub const fn new(folds: usize) -> Self {
        Self { folds, repeats: 1, seed: 777 }
    }

    /// The splits of all repeats, one after another.
    ///
    /// # Errors
    /// [`Error::Invalid`] for fewer than 2 folds, no repeat, and fewer rows than folds.
    pub fn split(&self, targets: &Targets) -> Result<Vec<Split>> {
        check_folds(self.folds, targets.rows(), "rows")?;
        if self.repeats == 0 {
            return Err(Error::invalid("there are 0 repeats", "repeat at least once"));
        }
        let mut generator = Mt::new((self.seed ^ self.seed >> 32) as u32);
        let mut splits = Vec::with_capacity(self.folds * self.repeats);
        for _ in 0..self.repeats {
            let mut fold_of_row = vec![0; targets.rows()];
            // The next stratum goes on where the last one has ended, so that folds differ by a row
            // at most.
            let mut next = 0;
            for mut stratum in strata(targets) {
                shuffle(&mut stratum, &mut generator);
                for row in stratum {
                    fold_of_row[row] = next % self.folds;
                    next += 1;
                }
            }
            splits.extend(complements(&fold_of_row, self.folds));
        }
        Ok(splits)
    }
}

/// K folds in which all rows of a group, such as a patient, are in one: scikit-learn's `GroupKFold`.
/// Folds have about as many rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupKFold {
    /// The number of folds, at least 2.
    pub folds: usize,
}

impl GroupKFold {
    /// So many folds.
    pub const fn new(folds: usize) -> Self {
        Self { folds }
    }

    /// The splits, from the number of the group of each row.
    ///
    /// # Errors
    /// [`Error::Invalid`] for fewer than 2 folds, and fewer groups than folds.
    pub fn split(&self, groups: &[usize]) -> Result<Vec<Split>> {
        let count = groups.iter().max().map_or(0, |most| most + 1);
        let mut sizes = vec![0; count];
        groups.iter().for_each(|group| sizes[*group] += 1);
        let present = sizes.iter().filter(|size| **size > 0).count();
        check_folds(self.folds, present, "groups")?;
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|&group| std::cmp::Reverse(sizes[group]));
        let (mut fold_of_group, mut filled) = (vec![0; count], vec![0; self.folds]);
        for group in order {
            // The first of the emptiest, the largest groups first.
            let fold = (0..self.folds).min_by_key(|&fold| filled[fold]).unwrap_or(0);
            fold_of_group[group] = fold;
            filled[fold] += sizes[group];
        }
        let fold_of_row: Vec<usize> = groups.iter().map(|group| fold_of_group[*group]).collect();
        Ok(complements(&fold_of_row, self.folds).collect())
    }
}

/// Folds that follow one another in time: the validation rows of each come after all of its training
/// rows, which grow from fold to fold. scikit-learn's `TimeSeriesSplit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSeriesSplit {
    /// The number of folds, at least 2.
    pub folds: usize,
    /// Rows that are left out between training and validation rows; by default none.
    pub gap: usize,
}

impl TimeSeriesSplit {
    /// So many folds without a gap.
    pub const fn new(folds: usize) -> Self {
        Self { folds, gap: 0 }
    }

    /// The splits, from the indices of all rows in the order of time.
    ///
    /// # Errors
    /// [`Error::Invalid`] for fewer than 2 folds, and where rows are too few for them.
    pub fn split(&self, order: &[usize]) -> Result<Vec<Split>> {
        check_folds(self.folds, order.len().saturating_sub(1), "rows after the first")?;
        let share = order.len() / (self.folds + 1);
        let first = order.len() - self.folds * share;
        if self.gap >= first {
            return Err(Error::invalid(
                format!(
                    "a gap of {} rows leaves none of the {first} before the first fold to train on",
                    self.gap
                ),
                "make the gap smaller, or the folds fewer",
            ));
        }
        let sorted = |rows: &[usize]| {
            let mut rows = rows.to_vec();
            rows.sort_unstable();
            rows
        };
        let split = |fold: usize| {
            let start = first + fold * share;
            Split {
                training: sorted(&order[..start - self.gap]),
                validation: sorted(&order[start..start + share]),
            }
        };
        Ok((0..self.folds).map(split).collect())
    }
}

/// Folds that are given: scikit-learn's `PredefinedSplit`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PredefinedSplit;

impl PredefinedSplit {
    /// The splits, from the number of the fold of each row, each from 0 on at least once.
    ///
    /// # Errors
    /// [`Error::Invalid`] for fewer than 2 folds.
    pub fn split(&self, fold_of_row: &[usize]) -> Result<Vec<Split>> {
        let folds = fold_of_row.iter().max().map_or(0, |most| most + 1);
        check_folds(folds, fold_of_row.len(), "rows")?;
        Ok(complements(fold_of_row, folds).collect())
    }
}

/// The rows of one fold, and of all other folds to train on.
#[derive(Clone, Debug)]
pub struct Fold {
    /// The rows to train on.
    pub training: Dataset,
    /// The rows of the fold.
    pub validation: Dataset,
    /// The indices of the fold's rows in the whole data set, in order.
    pub rows: Vec<usize>,
}

impl Dataset {
    /// The folds of these splits of its rows, as they are: nothing is fitted.
    ///
    /// # Panics
    /// Where a split names a row that there is not.
    pub fn folds(&self, splits: &[Split]) -> Vec<Fold> {
        let fold = |Split { training, validation }: &Split| Fold {
            training: self.select(training),
            validation: self.select(validation),
            rows: validation.clone(),
        };
        splits.iter().map(fold).collect()
    }
}

fn check_folds(folds: usize, of: usize, what: &str) -> Result<()> {
    if folds < 2 {
        return Err(Error::invalid(
            format!("{folds} folds leave nothing to compare"),
            "use at least 2",
        ));
    }
    if of < folds {
        return Err(Error::invalid(
            format!("{of} {what} are too few for {folds} folds"),
            ("use fewer ", Setting::Folds),
        ));
    }
    Ok(())
}

/// Each fold as validation rows, all others as training rows.
fn complements(fold_of_row: &[usize], folds: usize) -> impl Iterator<Item = Split> + '_ {
    (0..folds).map(move |fold| {
        let (validation, training) =
            (0..fold_of_row.len()).partition(|row| fold_of_row[*row] == fold);
        Split { training, validation }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(sizes: &[usize]) -> Targets {
        let values = (0u32..).zip(sizes).flat_map(|(class, &size)| vec![class; size]).collect();
        Targets::Classes { values, count: sizes.len() }
    }

    fn numbers(rows: usize) -> Targets {
        Targets::Numbers { values: vec![0.5; rows], columns: 1 }
    }

    #[test]
    fn every_row_is_validated_once_a_repeat() {
        let kfold = KFold { folds: 4, repeats: 3, seed: 1 };
        let splits = kfold.split(&numbers(30)).expect("rows enough");
        assert_eq!(splits.len(), 12);
        for repeat in splits.chunks(4) {
            let mut all: Vec<usize> =
                repeat.iter().flat_map(|split| split.validation.clone()).collect();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..30));
            for Split { training, validation } in repeat {
                assert!((7..=8).contains(&validation.len()));
                assert!(validation.iter().all(|row| !training.contains(row)));
                assert_eq!(training.len() + validation.len(), 30);
            }
        }
        assert_ne!(splits[0], splits[4], "a repeat deals out anew");
        assert_eq!(splits, kfold.split(&numbers(30)).expect("the same"));
        assert_ne!(splits, KFold { seed: 2, ..kfold }.split(&numbers(30)).expect("others"));
    }

    #[test]
    fn classes_are_stratified() {
        let targets = classes(&[50, 23, 7]);
        let Targets::Classes { values, .. } = &targets else { panic!("no classes") };
        for Split { validation, .. } in KFold::new(5).split(&targets).expect("rows enough") {
            assert_eq!(validation.len(), 16);
            let of = |class| validation.iter().filter(|row| values[**row] == class).count();
            assert_eq!(of(0), 10);
            assert!((4..=5).contains(&of(1)) && (1..=2).contains(&of(2)));
        }
    }

    #[test]
    fn groups_stay_together() {
        let groups = [0, 0, 0, 0, 1, 1, 2, 2, 3, 4];
        let splits = GroupKFold::new(3).split(&groups).expect("groups enough");
        for Split { training, validation } in &splits {
            assert!((3..=4).contains(&validation.len()), "{validation:?}");
            let apart = |row: &usize| training.iter().all(|other| groups[*other] != groups[*row]);
            assert!(validation.iter().all(apart));
        }
        assert!(GroupKFold::new(2).split(&[0; 9]).is_err(), "one group");
    }

    #[test]
    fn time_goes_on() {
        // scikit-learn: TimeSeriesSplit(n_splits=3, gap=1) of 10 rows.
        let order: Vec<usize> = (0..10).rev().collect();
        let splits = TimeSeriesSplit { folds: 3, gap: 1 }.split(&order).expect("rows enough");
        let at = |rows: &[usize]| rows.iter().rev().map(|row| 9 - row).collect::<Vec<_>>();
        let found: Vec<_> =
            splits.iter().map(|split| (at(&split.training), at(&split.validation))).collect();
        assert_eq!(
            found,
            [
                (vec![0, 1, 2], vec![4, 5]),
                (vec![0, 1, 2, 3, 4], vec![6, 7]),
                (vec![0, 1, 2, 3, 4, 5, 6], vec![8, 9]),
            ]
        );
        assert!(TimeSeriesSplit { folds: 3, gap: 4 }.split(&order).is_err());
    }

    #[test]
    fn what_cannot_be_dealt_out_is_refused() {
        assert!(KFold::new(1).split(&numbers(9)).is_err());
        assert!(KFold::new(5).split(&numbers(4)).is_err());
        assert!(KFold { repeats: 0, ..KFold::new(2) }.split(&numbers(9)).is_err());
        assert!(TimeSeriesSplit::new(5).split(&[0, 1, 2]).is_err());
        assert!(PredefinedSplit.split(&[0, 0, 0]).is_err());
        assert_eq!(PredefinedSplit.split(&[0, 1, 0]).expect("two folds")[1].validation, [1]);
    }
}
