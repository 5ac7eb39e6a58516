//! What a model predicts: its task, its classes, how well it does.

use super::Model;
use crate::backend::DeviceChoice;
#[cfg(feature = "tables")]
use crate::data::Schema;
use crate::data::{Dataset, Task};
use crate::metrics::{Scores, argmax};
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
    /// [`Error::Invalid`] for a model of several labels or numbers at once, since a table has one
    /// column to predict.
    #[cfg(feature = "tables")]
    pub fn schema(&self) -> Result<Schema<'_>> {
        match (self.task(), self.network.outputs) {
            (task @ Task::Multiclass, _) | (task, 1) => Ok(Schema {
                preprocessing: &self.preprocessing,
                target: &self.target,
                classes: &self.classes,
                task,
            }),
            (_, outputs) => Err(Error::invalid(
                format!("the model makes {outputs} predictions of each row at once"),
                "evaluate it from Rust, by `halfplane::metrics`",
            )),
        }
    }

    /// The class of each row of features \[N, I\], on the CPU: its number in [`Model::classes`]. Of
    /// two, "yes" is chosen where its probability is above 0.5; of several, the likeliest.
    ///
    /// # Errors
    /// As [`Model::predict`]; [`Error::Invalid`] where the model predicts no classes.
    pub fn predict_class(&self, features: &[f32]) -> Result<Vec<usize>> {
        self.likeliest(&self.predict(features)?)
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

    /// Scores of its predictions, on the CPU, for rows whose target is known: weighted by the data's
    /// sample weights; for regression in the target's own unit.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the data was not preprocessed as the model expects it, such as by
    /// [`read_labelled`](crate::data::read_labelled) with [`Model::schema`], and as [`Scores::of`].
    pub fn evaluate(&self, data: &Dataset) -> Result<Scores> {
        self.evaluate_on(&DeviceChoice::Cpu, data)
    }

    /// The same on a device.
    ///
    /// # Errors
    /// As [`Model::evaluate`]; [`Error::NoDevice`] where there is none as asked for.
    pub fn evaluate_on(&self, choice: &DeviceChoice, data: &Dataset) -> Result<Scores> {
        self.check_data(data)?;
        let predictions = self.predict_on(choice, data.features())?;
        Scores::of(&data.original_targets(), &predictions, data.weights())
    }

    fn check_data(&self, data: &Dataset) -> Result<()> {
        let what = if data.preprocessing().columns != self.preprocessing.columns {
            "columns"
        } else if data.task() != self.task() || data.outputs() != self.network.outputs {
            "targets"
        } else if data.classes() != self.classes {
            "classes"
        } else {
            return Ok(());
        };
        Err(Error::invalid(
            format!("the {what} of the data are not those that the model was trained on"),
            "prepare the data by the model's `schema`",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Network, Parameters};

    fn model(output: Output, outputs: usize) -> Model {
        let network = Network::new(2, &[], outputs).with_output(output);
        Model {
            parameters: Parameters::initial(&network, crate::Initialization::Pytorch, 1),
            network,
            preprocessing: Dataset::xor().preprocessing().clone(),
            target: "y".into(),
            classes: Vec::new(),
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

    #[test]
    fn data_of_another_kind_is_refused() {
        let data = Dataset::xor();
        let refused = |model: Model| model.evaluate(&data).err().map(|error| error.to_string());
        let own = Model { classes: data.classes().to_vec(), ..model(Output::Sigmoid, 1) };
        assert!(own.evaluate(&data).is_ok());
        let other = Model { classes: vec!["no".into(), "yes".into()], ..own.clone() };
        assert!(refused(other).is_some_and(|text| text.contains("the classes of the data")));
        assert!(refused(model(Output::Identity, 1)).is_some_and(|text| text.contains("targets")));
    }
}
