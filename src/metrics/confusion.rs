//! The confusion matrix and the scores that follow from it.

use serde::{Serialize, Serializer};

/// Counts (or sums of weights) of rows by true and predicted class, as scikit-learn's
/// `confusion_matrix`.
#[derive(Clone, Debug, PartialEq)]
pub struct Confusion {
    classes: usize,
    counts: Vec<f64>,
}

/// The scores of one class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClassScores {
    /// The fraction of the rows predicted as this class that are of it; `None` without such rows.
    pub precision: Option<f64>,
    /// The fraction of the rows of this class that are predicted as it; `None` without such rows.
    pub recall: Option<f64>,
    /// The harmonic mean of precision and recall; `None` where the class is neither in targets nor
    /// in predictions.
    pub f1: Option<f64>,
    /// The number of rows of this class, or the sum of their weights.
    pub support: f64,
}

impl Confusion {
    pub(super) fn new(classes: usize) -> Self {
        Self { classes, counts: vec![0.0; classes * classes] }
    }

    pub(super) fn add(&mut self, truth: usize, prediction: usize, weight: f64) {
        self.counts[truth * self.classes + prediction] += weight;
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The rows of class `truth` that are predicted as `prediction`, or their weight.
    pub fn count(&self, truth: usize, prediction: usize) -> f64 {
        self.counts[truth * self.classes + prediction]
    }

    /// The rows of a class, or their weight.
    pub fn support(&self, class: usize) -> f64 {
        self.row(class).iter().sum()
    }

    /// The fraction of rows that are predicted correctly.
    pub fn accuracy(&self) -> f64 {
        let right: f64 = (0..self.classes).map(|class| self.count(class, class)).sum();
        right / self.counts.iter().sum::<f64>()
    }

    /// The mean recall of the classes that have rows.
    pub fn balanced_accuracy(&self) -> f64 {
        mean((0..self.classes).filter_map(|class| self.class(class).recall))
    }

    /// The mean F1 of the classes that occur in targets or predictions.
    pub fn f1_macro(&self) -> f64 {
        mean((0..self.classes).filter_map(|class| self.class(class).f1))
    }

    /// The scores of a class.
    pub fn class(&self, class: usize) -> ClassScores {
        let right = self.count(class, class);
        let support = self.support(class);
        let predicted: f64 = (0..self.classes).map(|truth| self.count(truth, class)).sum();
        let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        ClassScores {
            precision: share(right, predicted),
            recall: share(right, support),
            f1: share(2.0 * right, support + predicted),
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
