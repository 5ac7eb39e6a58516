//! What a model predicts: its task, its classes, how well it does.

use super::Model;
#[cfg(feature = "tables")]
use crate::data::Schema;
use crate::data::Task;
use crate::metrics::argmax;
use crate::spec::Output;
use crate::{Error, Result};

/// The function after the last layer that goes with a task.
impl From<Task> for Output {
    fn from(task: Task) -> Self {
        match task {
            Task::Binary => Self::Sigmoid,
            Task::Multiclass => Self::Softmax,
            Task::Regression => Self::Identity,
        }
    }
}

impl Model {
    /// The task that it was trained for.
    pub const fn task(&self) -> Task {
        match self.network.output {
            Output::Sigmoid => Task::Binary,
            Output::Softmax => Task::Multiclass,
            Output::Identity => Task::Regression,
        }
    }

    /// The columns that it expects of a table, with their types, and the target: what
    /// [`read_labelled`](crate::data::read_labelled) needs.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a model of several labels or numbers whose columns have no names.
    #[cfg(feature = "tables")]
    pub fn schema(&self) -> Result<Schema<'_>> {
        let (task, outputs) = (self.task(), self.network.outputs);
        if task != Task::Multiclass && outputs != self.targets.len() {
            return Err(Error::invalid(
                format!(
                    "the model makes {outputs} predictions of each row, whose columns have no names"
                ),
                "evaluate it from Rust, by `halfplane::metrics`",
            ));
        }
        Ok(Schema { preprocessing: &self.preprocessing, targets: &self.targets, task })
    }

    /// The class of each row of predictions \[N, O\], as [`Model::predict`] returns them.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the model predicts no classes.
    pub fn likeliest(&self, predictions: &[f32]) -> Result<Vec<usize>> {
        let rows = predictions.chunks_exact(self.network.outputs);
        match (self.task(), self.network.outputs) {
            (Task::Multiclass, _) => Ok(rows.map(argmax).collect()),
            (Task::Binary, 1) => Ok(predictions.iter().map(|p| usize::from(*p > 0.5)).collect()),
            (Task::Binary, _) => Err(Error::invalid(
                "the model predicts several labels of each row, not one class",
                "take those whose probability is above 0.5",
            )),
            (Task::Regression, _) => Err(Error::invalid(
                "the model predicts numbers, not classes",
                "take its predictions as they are",
            )),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::data::{Dataset, TargetColumn};
    use crate::spec::{Network, Parameters};

    pub(in crate::model) fn model(output: Output, outputs: usize) -> Model {
        let network = Network::new(2, &[], outputs).with_output(output);
        Model {
            members: vec![Parameters::initial(&network, crate::Initialization::Pytorch, 1)],
            network,
            preprocessing: Dataset::xor().preprocessing().clone(),
            targets: vec![TargetColumn::new("y", Vec::new())],
            provenance: None,
        }
    }

    #[test]
    fn classes_are_the_likeliest() {
        let of = |output, outputs, predictions: &[f32]| {
            model(output, outputs).likeliest(predictions).ok()
        };
        assert_eq!(of(Output::Sigmoid, 1, &[0.2, 0.5, 0.51]), Some(vec![0, 0, 1]));
        assert_eq!(of(Output::Softmax, 3, &[0.2, 0.5, 0.3, 0.4, 0.2, 0.4]), Some(vec![1, 0]));
        assert_eq!(of(Output::Sigmoid, 2, &[0.2, 0.5]), None);
        assert_eq!(of(Output::Identity, 1, &[0.2]), None);
    }

    #[test]
    fn tasks_and_outputs_go_together() {
        for &task in Task::ALL {
            assert_eq!(model(task.into(), 2).task(), task);
        }
    }
}
