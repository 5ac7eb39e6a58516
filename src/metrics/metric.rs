//! One of the scores, by its name.

use super::{Classification, Scores, TargetScores};
use crate::data::Task;
use crate::spec::named;
use crate::{Error, Result};

/// What networks are compared by. Of several targets it is the mean of each target's own score, but for
/// [`Metric::Accuracy`] of several labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// The fraction of right classes; of several labels the fraction of rows of which all labels are right,
    /// as scikit-learn's `accuracy_score` has it.
    Accuracy,
    /// The mean recall of the classes.
    BalancedAccuracy,
    /// The mean F1 of the classes; of several labels the mean F1 of "yes".
    F1Macro,
    /// The mean of −ln p of the true class.
    LogLoss,
    /// The mean squared error of the probabilities.
    Brier,
    /// The area under the ROC curve.
    RocAuc,
    /// The average precision.
    PrAuc,
    /// The expected calibration error.
    CalibrationError,
    /// The coefficient of determination.
    R2,
    /// The root mean squared error.
    Rmse,
    /// The mean absolute error.
    Mae,
}

named!(Metric, "metric", {
    Accuracy => "accuracy",
    BalancedAccuracy => "balanced_accuracy",
    F1Macro => "f1_macro",
    LogLoss => "log_loss",
    Brier => "brier",
    RocAuc => "roc_auc",
    PrAuc => "pr_auc",
    CalibrationError => "calibration_error",
    R2 => "r2",
    Rmse => "rmse",
    Mae => "mae",
});

impl Metric {
    /// What scikit-learn's `score` of a task is: the accuracy of classes, R² of numbers.
    pub const fn default_for(task: Task) -> Self {
        match task {
            Task::Binary | Task::Multiclass => Self::Accuracy,
            Task::Regression => Self::R2,
        }
    }

    /// Whether more is better.
    pub const fn is_gain(self) -> bool {
        match self {
            Self::Accuracy
            | Self::BalancedAccuracy
            | Self::F1Macro
            | Self::RocAuc
            | Self::PrAuc
            | Self::R2 => true,
            Self::LogLoss | Self::Brier | Self::CalibrationError | Self::Rmse | Self::Mae => false,
        }
    }

    /// The number by which networks are ordered: the larger, the better.
    pub fn gain(self, score: f64) -> f64 {
        if self.is_gain() { score } else { -score }
    }

    const fn is_of(self, task: Task) -> bool {
        matches!(self, Self::R2 | Self::Rmse | Self::Mae) == matches!(task, Task::Regression)
    }

    /// Checks that a task has it.
    ///
    /// # Errors
    /// [`Error::Invalid`]
    pub fn check(self, task: Task) -> Result<()> {
        if self.is_of(task) {
            return Ok(());
        }
        let names = Self::ALL.iter().filter(|own| own.is_of(task)).map(|own| own.name());
        Err(Error::invalid(
            format!("{self} is no score of a {task} target"),
            format!("use one of {}", names.collect::<Vec<_>>().join(", ")),
        ))
    }

    /// The score itself; `None` where it is undefined for these rows, or not of this task.
    pub fn of(self, scores: &Scores) -> Option<f64> {
        match (scores, self) {
            (Scores::Classification(own), _) => self.of_classes(own),
            (Scores::MultiLabel(own), _) => match self {
                Self::Accuracy => Some(own.accuracy),
                Self::BalancedAccuracy => Some(own.balanced_accuracy),
                Self::F1Macro => own.f1_macro,
                Self::LogLoss => Some(own.log_loss),
                Self::Brier => Some(own.brier),
                Self::RocAuc => own.roc_auc,
                Self::PrAuc => own.pr_auc,
                Self::CalibrationError => Some(own.calibration_error),
                Self::R2 | Self::Rmse | Self::Mae => None,
            },
            (Scores::Regression(own), Self::R2) => own.r2,
            (Scores::Regression(own), Self::Rmse) => Some(own.rmse),
            (Scores::Regression(own), Self::Mae) => Some(own.mae),
            (Scores::Regression(_), _) => None,
        }
    }

    /// The score of each of several targets, `None` where it is undefined; empty for a single target. The
    /// F1 of a label is that of its "yes".
    pub fn of_each(self, scores: &Scores) -> Vec<Option<f64>> {
        match scores {
            Scores::Classification(_) => Vec::new(),
            Scores::MultiLabel(own) => {
                let label = |own: &Classification| match self {
                    Self::F1Macro => own.per_class[1].f1,
                    _ => self.of_classes(own),
                };
                own.per_label.iter().map(label).collect()
            }
            Scores::Regression(own) => {
                let target = |own: &TargetScores| match self {
                    Self::R2 => own.r2,
                    Self::Rmse => Some(own.rmse),
                    Self::Mae => Some(own.mae),
                    _ => None,
                };
                own.per_target.iter().map(target).collect()
            }
        }
    }

    fn of_classes(self, own: &Classification) -> Option<f64> {
        match self {
            Self::Accuracy => Some(own.accuracy),
            Self::BalancedAccuracy => Some(own.balanced_accuracy),
            Self::F1Macro => Some(own.f1_macro),
            Self::LogLoss => Some(own.log_loss),
            Self::Brier => Some(own.brier),
            Self::RocAuc => own.roc_auc,
            Self::PrAuc => own.pr_auc,
            Self::CalibrationError => Some(own.calibration.expected_error),
            Self::R2 | Self::Rmse | Self::Mae => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Targets;

    #[test]
    fn every_metric_is_a_score_of_its_task() {
        let classes = Targets::Classes { values: vec![0, 1, 2], count: 3 };
        let classes = Scores::of(&classes, &[0.8, 0.1, 0.1, 0.2, 0.5, 0.3, 0.4, 0.3, 0.3], None);
        let numbers = Targets::Numbers { values: vec![1.0, 2.0, 4.0], columns: 1 };
        let numbers = Scores::of(&numbers, &[1.0, 2.0, 3.0], None);
        let labels = Targets::Binary { values: vec![0.0, 1.0, 1.0, 0.0], columns: 2 };
        let labels = Scores::of(&labels, &[0.1, 0.8, 0.6, 0.7], None).expect("labels");
        let (classes, numbers) = (classes.expect("classes"), numbers.expect("numbers"));
        for metric in Metric::ALL {
            let is_of_classes = metric.check(Task::Multiclass).is_ok();
            assert_eq!(metric.of(&classes).is_some(), is_of_classes, "{metric}");
            assert_eq!(metric.of(&numbers).is_some(), !is_of_classes, "{metric}");
            assert_eq!(metric.of(&labels).is_some(), is_of_classes, "{metric}");
            assert!(metric.of_each(&classes).is_empty() && metric.of_each(&numbers).is_empty());
            // But for the accuracy a score of several labels is the mean of theirs.
            let each: Option<Vec<f64>> = metric.of_each(&labels).into_iter().collect();
            let mean = each.map(|each| each.iter().sum::<f64>() / 2.0);
            assert!(*metric == Metric::Accuracy || metric.of(&labels) == mean, "{metric}");
        }
        for task in Task::ALL {
            assert!(Metric::default_for(*task).check(*task).is_ok());
        }
        let refused = Metric::Rmse.check(Task::Binary).expect_err("no numbers").to_string();
        assert!(refused.contains("rmse") && refused.contains("log_loss"), "{refused}");
        assert!(Metric::LogLoss.gain(0.2) > Metric::LogLoss.gain(0.3));
    }
}
