//! [`Dataset`]: features and targets in memory, checked and ready for training.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::rows::{Features, Rows};
use super::target_column::{classes_of, column_of, name_of};
use super::{Preprocessing, TargetColumn};
use crate::spec::named;
use crate::{Error, Result};

/// What a network predicts: it decides loss, output function and scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// One of two classes.
    Binary,
    /// One of three or more classes.
    Multiclass,
    /// A number.
    Regression,
}

named!(Task, "task", {
    Binary => "binary",
    Multiclass => "multiclass",
    Regression => "regression",
});

/// The targets, one row for each row of features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Targets {
    /// Labels 0 or 1; several columns for multi-label classification.
    Binary {
        /// The labels, \[N, columns\], row-major.
        values: Vec<f32>,
        /// Labels per row.
        columns: usize,
    },
    /// One class index per row.
    Classes {
        /// Class indices \[N\], each below `count`.
        values: Vec<u32>,
        /// The number of classes.
        count: usize,
    },
    /// Numbers, for regression.
    Numbers {
        /// The numbers, \[N, columns\], row-major.
        values: Vec<f32>,
        /// Numbers per row.
        columns: usize,
    },
}

impl Targets {
    /// The task that these targets belong to.
    pub fn task(&self) -> Task {
        match self {
            Self::Binary { .. } => Task::Binary,
            Self::Classes { .. } => Task::Multiclass,
            Self::Numbers { .. } => Task::Regression,
        }
    }

    /// The number of rows, N.
    pub fn rows(&self) -> usize {
        self.words().len() / self.columns().max(1)
    }

    /// The class index of each row; `None` for regression and for multi-label targets.
    pub fn classes(&self) -> Option<impl Iterator<Item = usize> + Clone + '_> {
        match self {
            Self::Binary { columns: 1, .. } | Self::Classes { .. } => {}
            Self::Binary { .. } | Self::Numbers { .. } => return None,
        }
        let integers = matches!(self, Self::Classes { .. });
        let class = move |&word: &u32| match integers {
            true => word as usize,
            false => f32::from_bits(word) as usize,
        };
        Some(self.words().iter().map(class))
    }

    /// The rows with these indices, in that order: they share the features of a large data set, which stays
    /// in memory with them. Panics where an index is out of range.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Binary { values, columns } => {
                Self::Binary { values: select(values, *columns, rows), columns: *columns }
            }
            Self::Classes { values, count } => {
                Self::Classes { values: select(values, 1, rows), count: *count }
            }
            Self::Numbers { values, columns } => {
                Self::Numbers { values: select(values, *columns, rows), columns: *columns }
            }
        }
    }

    /// The rows of targets of this kind, one after another.
    fn stacked<'a>(&self, all: impl Iterator<Item = &'a Self>) -> Self {
        let words: Vec<u32> = all.flat_map(|own| own.words()).copied().collect();
        match *self {
            Self::Binary { columns, .. } => {
                Self::Binary { values: bytemuck::cast_vec(words), columns }
            }
            Self::Numbers { columns, .. } => {
                Self::Numbers { values: bytemuck::cast_vec(words), columns }
            }
            Self::Classes { count, .. } => Self::Classes { values: words, count },
        }
    }

    /// The numbers or labels of one column, by its index, as targets of their own. Panics where there is
    /// no such column.
    #[must_use]
    pub fn column(&self, column: usize) -> Self {
        let of = |values: &[f32], columns: usize| -> Vec<f32> {
            assert!(column < columns, "column {column} of {columns}");
            column_of(values, column, columns).collect()
        };
        match self {
            Self::Binary { values, columns } => {
                Self::Binary { values: of(values, *columns), columns: 1 }
            }
            Self::Numbers { values, columns } => {
                Self::Numbers { values: of(values, *columns), columns: 1 }
            }
            Self::Classes { .. } => self.clone(),
        }
    }

    /// Outputs that a network needs for these targets, O.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Binary { columns, .. } | Self::Numbers { columns, .. } => *columns,
            Self::Classes { count, .. } => *count,
        }
    }

    /// 32-bit words per row: 1 for class indices, whatever the number of classes.
    pub fn columns(&self) -> usize {
        match self {
            Self::Binary { columns, .. } | Self::Numbers { columns, .. } => *columns,
            Self::Classes { .. } => 1,
        }
    }

    /// The bits of all targets, \[N, columns\], row-major, as they are uploaded to a device.
    pub fn words(&self) -> &[u32] {
        match self {
            Self::Binary { values, .. } | Self::Numbers { values, .. } => {
                bytemuck::cast_slice(values)
            }
            Self::Classes { values, .. } => values,
        }
    }
}

/// Some rows of a row-major matrix.
fn select<T: Copy>(values: &[T], columns: usize, rows: &[usize]) -> Vec<T> {
    rows.iter().flat_map(|row| &values[row * columns..][..columns]).copied().collect()
}

/// Features \[N, I\] with their targets, ready for training: all numbers are finite and all targets
/// in range.
///
/// Clones share the numbers: a clone costs little, however many rows there are.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    pub(super) inputs: usize,
    pub(super) rows: usize,
    pub(super) features: Features,
    pub(super) targets: Arc<Targets>,
    pub(super) weights: Option<Arc<Vec<f32>>>,
    pub(super) preprocessing: Preprocessing,
    pub(super) target_columns: Vec<TargetColumn>,
}

impl Dataset {
    /// A data set of features \[N, inputs\], row-major, and their targets. Columns are named x1,
    /// x2, …, the target y, the classes by their indices.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the row (counted from 0) where the sizes do not match, there is no
    /// row, a number is NaN or infinite, or a target is out of range.
    pub fn new(inputs: usize, features: Vec<f32>, targets: Targets) -> Result<Self> {
        Self::shared(inputs, Arc::new(features), targets)
    }

    /// The same with features that belong to somebody else, such as another language's array: they
    /// are not copied, and must not change.
    ///
    /// # Errors
    /// As [`Dataset::new`].
    pub fn shared(
        inputs: usize,
        features: Arc<dyn AsRef<[f32]> + Send + Sync>,
        targets: Targets,
    ) -> Result<Self> {
        let numbers = (*features).as_ref();
        let refuse = |problem: String, remedy: &str| Err(Error::invalid(problem, remedy));
        if inputs == 0 || numbers.is_empty() || !numbers.len().is_multiple_of(inputs) {
            return refuse(
                format!("{} numbers do not make rows of {inputs}", numbers.len()),
                "give at least one full row",
            );
        }
        let rows = numbers.len() / inputs;
        let found = targets.words().len();
        let expected = rows * targets.columns();
        if found != expected || expected == 0 {
            return refuse(
                format!("{found} targets for {rows} rows, which need {expected}"),
                "give as many targets as rows",
            );
        }
        if let Some(at) = numbers.iter().position(|value| !value.is_finite()) {
            return refuse(
                format!("row {}, feature {} is {}", at / inputs, at % inputs + 1, numbers[at]),
                "remove or replace it",
            );
        }
        let row_of = |at: usize| at / targets.columns();
        match &targets {
            Targets::Binary { values, .. } => {
                if let Some(at) = values.iter().position(|&value| value != 0.0 && value != 1.0) {
                    return refuse(
                        format!("the target of row {} is {}", row_of(at), values[at]),
                        "binary targets are 0 or 1",
                    );
                }
            }
            Targets::Classes { values, count } => {
                if let Some(at) = values.iter().position(|&class| class as usize >= *count) {
                    return refuse(
                        format!("the class of row {at} is {} of {count}", values[at]),
                        "classes are numbered from 0",
                    );
                }
            }
            Targets::Numbers { values, .. } => {
                if let Some(at) = values.iter().position(|value| !value.is_finite()) {
                    return refuse(
                        format!("the target of row {} is {}", row_of(at), values[at]),
                        "remove or replace it",
                    );
                }
            }
        }
        let classes = match &targets {
            Targets::Binary { .. } => 2,
            Targets::Classes { count, .. } => *count,
            Targets::Numbers { .. } => 0,
        };
        Ok(Self {
            inputs,
            rows,
            features: Features::shared(features),
            targets: targets.into(),
            weights: None,
            preprocessing: Preprocessing::as_is((1..=inputs).map(|column| format!("x{column}"))),
            target_columns: vec![TargetColumn::new(
                "y",
                (0..classes).map(|class| class.to_string()).collect(),
            )],
        })
    }

    /// The same data with a sample weight \[N\] for each row: the factor of its loss.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the number of weights is not N, one is negative or not finite, or
    /// all are 0.
    pub fn with_weights(self, weights: Vec<f32>) -> Result<Self> {
        if weights.len() != self.rows {
            return Err(Error::invalid(
                format!("{} weights for {} rows", weights.len(), self.rows),
                "give one for each row",
            ));
        }
        if let Some(row) = weights.iter().position(|weight| !weight.is_finite() || *weight < 0.0) {
            return Err(Error::invalid(
                format!("the weight of row {} is {}", row + 1, weights[row]),
                "weights are numbers of at least 0",
            ));
        }
        if weights.iter().all(|weight| *weight == 0.0) {
            return Err(Error::invalid(
                "all weights are 0",
                "give at least one row a positive weight",
            ));
        }
        Ok(Self { weights: Some(weights.into()), ..self })
    }

    /// The rows with these indices, in that order: they share the features of a large data set, which stays
    /// in memory with them. Panics where an index is out of range.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            rows: rows.len(),
            features: self.features.select(self.inputs, rows),
            targets: self.targets.select(rows).into(),
            weights: self.weights.as_ref().map(|weights| select(weights, 1, rows).into()),
            preprocessing: self.preprocessing.clone(),
            target_columns: self.target_columns.clone(),
            ..*self
        }
    }

    /// Whether the other is a clone of this one.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let weights = |own: &Self| own.weights.as_ref().map(Arc::as_ptr);
        self.features.is_same(&other.features)
            && Arc::ptr_eq(&self.targets, &other.targets)
            && weights(self) == weights(other)
    }

    /// The rows of data sets with as many columns and the same kind of targets one after another, as numbers
    /// that know nothing of a table; `None` where there is no data set.
    pub(crate) fn stacked(parts: &[Self]) -> Option<Self> {
        let first = parts.first()?;
        let rows = parts.iter().map(|part| part.rows).sum();
        let mut features = Vec::with_capacity(rows * first.inputs);
        parts.iter().for_each(|part| features.extend_from_slice(&part.part(0..part.rows)));
        let targets = first.targets.stacked(parts.iter().map(|part| part.targets()));
        let weights: Option<Vec<&[f32]>> = parts.iter().map(Self::weights).collect();
        Some(Self {
            rows,
            features: features.into(),
            targets: targets.into(),
            weights: weights.map(|all| all.concat().into()),
            preprocessing: Preprocessing::as_is((1..=first.inputs).map(|at| format!("x{at}"))),
            ..first.clone()
        })
    }

    /// Features per row, I.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Outputs that a network needs for the targets, O.
    pub fn outputs(&self) -> usize {
        self.targets.outputs()
    }

    /// The number of rows, N.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The task that the targets belong to.
    pub fn task(&self) -> Task {
        self.targets.task()
    }

    /// The features, \[N, I\], row-major.
    pub fn features(&self) -> &[f32] {
        self.features.together()
    }

    /// The targets.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// The targets in their own unit, as the table has them: standardised numbers are scaled back.
    pub fn original_targets(&self) -> Targets {
        let mut targets = self.targets().clone();
        if let Targets::Numbers { values, .. } = &mut targets {
            self.preprocessing.target.restore(values);
        }
        targets
    }

    /// The sample weights \[N\]: the factor of each row's loss. `None` where all are 1.
    pub fn weights(&self) -> Option<&[f32]> {
        self.weights.as_deref().map(Vec::as_slice)
    }

    /// How a table's columns were turned into the features.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// The names of the I features.
    pub fn feature_names(&self) -> Vec<String> {
        self.preprocessing.output_names()
    }

    /// The columns that are predicted: of a table one for each number or label of
    /// [`Dataset::targets`], in that order. Targets of [`Dataset::new`] have one name together, however
    /// many there are of each row.
    pub fn target_columns(&self) -> &[TargetColumn] {
        &self.target_columns
    }

    /// The name of the target column; of several their names, separated by commas.
    pub fn target_name(&self) -> Cow<'_, str> {
        name_of(&self.target_columns)
    }

    /// The names of the classes, by class index; empty for regression. For binary targets the
    /// second is the positive class. Several target columns have classes of their own, and this is
    /// empty.
    pub fn classes(&self) -> &[String] {
        classes_of(&self.target_columns)
    }

    /// The number of rows of each class; empty for regression and for multi-label targets.
    pub fn class_counts(&self) -> Vec<usize> {
        let Some(of_rows) = self.targets.classes() else { return Vec::new() };
        let mut counts = vec![0; self.classes().len()];
        for class in of_rows {
            counts[class] += 1;
        }
        counts
    }

    /// Whether some class has less than half of N / classes rows.
    pub fn is_imbalanced(&self) -> bool {
        let counts = self.class_counts();
        let smallest = counts.iter().copied().min();
        smallest.is_some_and(|smallest| 2 * smallest * counts.len() < self.rows())
    }

    /// The total sum of squares of regression targets about the mean of their column, in f64: the
    /// denominator of R². 0 for classes.
    pub fn total_squares(&self) -> f64 {
        self.total_squares_of(0..self.rows)
    }

    /// The same for some of the rows.
    pub(crate) fn total_squares_of(&self, rows: Range<usize>) -> f64 {
        let Targets::Numbers { values, columns } = &*self.targets else { return 0.0 };
        let values = &values[rows.start * columns..rows.end * columns];
        (0..*columns)
            .map(|column| {
                let of_column = || column_of(values, column, *columns).map(f64::from);
                let mean = of_column().sum::<f64>() / rows.len() as f64;
                of_column().map(|value| (value - mean).powi(2)).sum::<f64>()
            })
            .sum()
    }
}

impl Rows for Dataset {
    fn count(&self) -> usize {
        self.rows
    }

    fn part(&self, rows: Range<usize>) -> Cow<'_, [f32]> {
        self.features.part(self.inputs, rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_features_are_not_copied() {
        let features: Arc<dyn AsRef<[f32]> + Send + Sync> = Arc::new([1.0, 2.0, 3.0, 4.0]);
        let targets = || Targets::Numbers { values: vec![0.0, 1.0], columns: 1 };
        let data = Dataset::shared(2, Arc::clone(&features), targets()).expect("two rows");
        assert!(std::ptr::eq(data.features(), (*features).as_ref()));
        assert!(std::ptr::eq(data.clone().features(), data.features()));
        assert_eq!(Dataset::new(2, vec![1.0, 2.0, 3.0, 4.0], targets()).ok(), Some(data));
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let numbers = |values: &[f32]| Targets::Numbers { values: values.to_vec(), columns: 1 };
        assert!(Dataset::new(2, vec![0.0; 4], numbers(&[1.0, 2.0])).is_ok());
        assert!(Dataset::new(2, vec![0.0; 5], numbers(&[1.0, 2.0])).is_err());
        assert!(Dataset::new(2, vec![], numbers(&[])).is_err());
        assert!(Dataset::new(0, vec![], numbers(&[])).is_err());
        assert!(Dataset::new(2, vec![0.0; 4], numbers(&[1.0])).is_err());
        assert!(Dataset::new(1, vec![f32::NAN], numbers(&[1.0])).is_err());
        assert!(Dataset::new(1, vec![0.0], numbers(&[f32::INFINITY])).is_err());
        let binary = Targets::Binary { values: vec![0.5], columns: 1 };
        assert!(Dataset::new(1, vec![0.0], binary).is_err());
        let classes = Targets::Classes { values: vec![3], count: 3 };
        assert!(Dataset::new(1, vec![0.0], classes).is_err());
    }
}
