//! Rows of numbers: a data set's own, somebody else's, or some of another data set's.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// Numbers that are selected from others are copied up to this many (4 MiB); from there on only their rows are
/// noted, so that the folds of a large table do not take as much memory as many tables.
const COPIED: usize = 1 << 20;

/// Rows that are read a part at a time.
pub(crate) trait Rows: Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// The numbers of some of them, row-major.
    fn part(&self, rows: Range<usize>) -> Cow<'_, [f32]>;
}

/// Numbers \[N, columns\] that lie in a row.
pub(crate) struct Together<'a> {
    pub(crate) numbers: &'a [f32],
    pub(crate) columns: usize,
}

impl Rows for Together<'_> {
    fn count(&self) -> usize {
        self.numbers.len() / self.columns
    }

    fn part(&self, rows: Range<usize>) -> Cow<'_, [f32]> {
        Cow::Borrowed(&self.numbers[rows.start * self.columns..rows.end * self.columns])
    }
}

type Shared = Arc<dyn AsRef<[f32]> + Send + Sync>;

/// Numbers \[N, I\] of a data set, which its clones share.
#[derive(Clone)]
pub(super) enum Features {
    Together(Shared),
    Selected(Arc<Selected>),
}

/// Some rows of others.
pub(super) struct Selected {
    from: Shared,
    columns: usize,
    rows: Vec<usize>,
    /// The same in a row, once somebody has asked for them so.
    together: OnceLock<Vec<f32>>,
}

impl Features {
    /// Numbers that belong to somebody else, or to all who share them.
    pub(super) fn shared(numbers: Shared) -> Self {
        Self::Together(numbers)
    }

    /// Whether these are the very same numbers.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Together(own), Self::Together(other)) => Arc::ptr_eq(own, other),
            (Self::Selected(own), Self::Selected(other)) => Arc::ptr_eq(own, other),
            _ => false,
        }
    }

    /// All numbers, in a row: those of selected rows are copied at first use.
    pub(super) fn together(&self) -> &[f32] {
        match self {
            Self::Together(numbers) => (**numbers).as_ref(),
            Self::Selected(own) => own.together.get_or_init(|| own.gathered(0..own.rows.len())),
        }
    }

    /// The rows with these indices, of so many columns.
    pub(super) fn select(&self, columns: usize, rows: &[usize]) -> Self {
        let selected = |from: &Shared, rows: Vec<usize>| {
            let own = Selected { from: Arc::clone(from), columns, rows, together: OnceLock::new() };
            match own.rows.len() * columns > COPIED {
                true => Self::Selected(Arc::new(own)),
                false => own.gathered(0..own.rows.len()).into(),
            }
        };
        match self {
            Self::Together(numbers) => selected(numbers, rows.to_vec()),
            Self::Selected(own) => {
                selected(&own.from, rows.iter().map(|row| own.rows[*row]).collect())
            }
        }
    }

    /// The numbers of some rows, of so many columns.
    pub(super) fn part(&self, columns: usize, rows: Range<usize>) -> Cow<'_, [f32]> {
        match self {
            Self::Selected(own) if own.together.get().is_none() => Cow::Owned(own.gathered(rows)),
            _ => Cow::Borrowed(&self.together()[rows.start * columns..rows.end * columns]),
        }
    }
}

impl Selected {
    fn gathered(&self, rows: Range<usize>) -> Vec<f32> {
        let from = (*self.from).as_ref();
        let mut numbers = Vec::with_capacity(rows.len() * self.columns);
        for row in &self.rows[rows] {
            numbers.extend_from_slice(&from[row * self.columns..][..self.columns]);
        }
        numbers
    }
}

impl From<Vec<f32>> for Features {
    fn from(own: Vec<f32>) -> Self {
        Self::shared(Arc::new(own))
    }
}

impl PartialEq for Features {
    fn eq(&self, other: &Self) -> bool {
        self.together() == other.together()
    }
}

impl std::fmt::Debug for Features {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.together().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selected_rows_are_the_same_copied_or_noted() {
        // More columns than are copied, and few.
        for columns in [2, COPIED / 2] {
            let numbers: Vec<f32> = (0..7 * columns).map(|at| at as f32).collect();
            let all = Features::from(numbers);
            let some = all.select(columns, &[6, 1, 4, 4]);
            assert_eq!(matches!(some, Features::Selected(_)), columns > 2);
            let first = |features: &Features, rows| -> Vec<f32> {
                features.part(columns, rows).chunks(columns).map(|row| row[0]).collect()
            };
            let rows = |rows: &[usize]| -> Vec<f32> {
                rows.iter().map(|row| (row * columns) as f32).collect()
            };
            assert_eq!(first(&some, 1..3), rows(&[1, 4]));
            let fewer = some.select(columns, &[3, 0, 1]);
            assert_eq!(first(&fewer, 0..3), rows(&[4, 6, 1]));
            assert_eq!(fewer.together().len(), 3 * columns);
            assert_eq!(first(&fewer, 1..2), rows(&[6]));
        }
    }
}
