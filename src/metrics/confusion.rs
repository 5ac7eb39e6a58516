//! Who was taken for whom.

use serde::{Serialize, Serializer};

/// Counts (or weights) of rows by their true class and the class that they were taken for, as
/// scikit-learn's `confusion_matrix`.
#[derive(Clone, Debug, PartialEq)]
pub struct Confusion {
    classes: usize,
    counts: Vec<f64>,
}

/// How well one class is found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClassScores {
    /// The share of those taken for it that are of it; none where nothing was taken for it.
    pub precision: Option<f64>,
    /// The share of its rows that are found; none where it has no rows.
    pub recall: Option<f64>,
    /// The harmonic mean of both; none where the class occurs nowhere.
    pub f1: Option<f64>,
    /// Its rows, or their weight.
    pub support: f64,
}

impl Confusion {
    pub(super) fn new(classes: usize) -> Self {
        Self { classes, counts: vec![0.0; classes * classes] }
    }

    pub(super) fn add(&mut self, truth: usize, prediction: usize, weight: f64) {
        self.counts[truth * self.classes + prediction] += weight;
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The rows of class `truth` that were taken for `prediction`.
    pub fn count(&self, truth: usize, prediction: usize) -> f64 {
        self.counts[truth * self.classes + prediction]
    }

    /// The rows of a class.
    pub fn support(&self, class: usize) -> f64 {
        self.row(class).iter().sum()
    }

    /// The share of rows that were taken for what they are.
    pub fn accuracy(&self) -> f64 {
        let right: f64 = (0..self.classes).map(|class| self.count(class, class)).sum();
        right / self.counts.iter().sum::<f64>()
    }

    /// The mean recall of the classes that have rows.
    pub fn balanced_accuracy(&self) -> f64 {
        mean((0..self.classes).filter_map(|class| self.class(class).recall))
    }

    /// The mean F1 of the classes that occur, in truth or in prediction.
    pub fn f1_macro(&self) -> f64 {
        mean((0..self.classes).filter_map(|class| self.class(class).f1))
    }

    /// How well a class is found.
    pub fn class(&self, class: usize) -> ClassScores {
        let right = self.count(class, class);
        let support = self.support(class);
        let taken: f64 = (0..self.classes).map(|truth| self.count(truth, class)).sum();
        let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        ClassScores {
            precision: share(right, taken),
            recall: share(right, support),
            f1: share(2.0 * right, support + taken),
            support,
        }
    }

    fn row(&self, truth: usize) -> &[f64] {
        &self.counts[truth * self.classes..][..self.classes]
    }
}

impl Serialize for Confusion {
    /// A list of rows, one for each true class.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.counts.chunks(self.classes))
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}
