//! A trained network with what it takes to apply it: save, load, predict, evaluate.
//!
//! Must not know: training.

#[cfg(not(target_arch = "wasm32"))]
mod blocking;
pub(crate) mod container;
pub mod csv;
mod file;
mod predictor;
mod summary;
mod task;

use std::borrow::Cow;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::backend::Backend;
use crate::data::{Preprocessing, Rows, TargetColumn, classes_of, name_of};
use crate::kernels::{Control, floats};
use crate::plan::{self, Region};
use crate::spec::{
    Initialization, Loss, Network, Optimizer, Output, Parameters, Regularization, Schedule,
};
use crate::{Error, Result};

pub use container::Integrity;
pub use file::read_parameters;
pub use predictor::Predictor;
pub use summary::{LayerSummary, NetworkSummary};

/// How a model was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The seed of the initial weights, the order of the rows and dropout.
    pub seed: u64,
    /// Optimizer steps.
    pub steps: u64,
    /// The loss.
    pub loss: Loss,
    /// The optimizer with its settings.
    pub optimizer: Optimizer,
    /// The regularization.
    #[serde(default, skip_serializing_if = "is_default")]
    pub regularization: Regularization,
    /// The learning rate's schedule.
    #[serde(default, skip_serializing_if = "is_default")]
    pub schedule: Schedule,
    /// How the initial weights were drawn.
    #[serde(default, skip_serializing_if = "is_default")]
    pub initialization: Initialization,
    /// Rows in a batch.
    pub batch: usize,
    /// Rows of training data.
    pub rows: usize,
    /// The device's name.
    pub device: String,
}

/// Defaults are left out of files.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A trained network, or several of one shape, whose mean is the prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Its layers and functions.
    pub network: Network,
    /// Weights and biases of each member: one, or more of an ensemble. The prediction is the mean of
    /// the members' predictions: of their probabilities, where it is one.
    pub members: Vec<Parameters>,
    /// How the columns of a table become its inputs, and its outputs the target.
    pub preprocessing: Preprocessing,
    /// The columns that it predicts: one for each output, but a single one where the outputs are its
    /// classes, or where several outputs have no names of their own.
    pub targets: Vec<TargetColumn>,
    /// How it was trained, if that is known.
    pub provenance: Option<Provenance>,
}

impl Model {
    /// The mean of several models: an ensemble. The provenance is that of the first.
    ///
    /// # Errors
    /// [`Error::Invalid`] where there is none, or where they differ in more than their weights.
    pub fn mean_of(models: Vec<Self>) -> Result<Self> {
        let mut models = models.into_iter();
        let Some(mut mean) = models.next() else {
            return Err(Error::invalid("there is no model to average", "give at least one"));
        };
        for model in models {
            let differs = model.network != mean.network
                || model.preprocessing != mean.preprocessing
                || model.targets != mean.targets;
            if differs {
                return Err(Error::invalid(
                    "models that differ in more than their weights have no mean",
                    "train them on the same columns, with the same layers",
                ));
            }
            mean.members.extend(model.members);
        }
        Ok(mean)
    }

    /// Checks that there is a member, and that each has the network's shape.
    pub(crate) fn check_members(&self) -> Result<()> {
        if self.members.is_empty() {
            return Err(Error::invalid("the model has no weights", "give it at least one member"));
        }
        self.members.iter().try_for_each(|own| own.check(&self.network))
    }

    /// The name of the column that it predicts; of several their names, separated by commas.
    pub fn target(&self) -> Cow<'_, str> {
        name_of(&self.targets)
    }

    /// The names of the classes of the column that it predicts: none for regression. Of two, the second
    /// is "yes". Several columns have classes of their own, in [`Model::targets`], and this is empty.
    pub fn classes(&self) -> &[String] {
        classes_of(&self.targets)
    }

    /// Names for columns of which one belongs to each target, such as `p_<target>` with the prefix `p`. An
    /// underscore more tells one from a target that has such a name itself.
    pub fn target_columns(&self, prefix: &str) -> Vec<String> {
        let mut taken: HashSet<String> = self.targets.iter().map(|own| own.name.clone()).collect();
        let of = |own: &TargetColumn| {
            let mut name = format!("{prefix}_{}", own.name);
            while !taken.insert(name.clone()) {
                name.push('_');
            }
            name
        };
        self.targets.iter().map(of).collect()
    }

    /// The columns of a table of its predictions: `p` of "yes", or `p_<class>` of each, and then
    /// `class`, for the name of the likeliest; `y` for numbers.
    ///
    /// Several targets have their own names: numbers as they are; labels after all of their
    /// probabilities, `p_<target>`. Where they have none, labels are `p1`, `p2` and so on, without a class,
    /// and numbers `y1`, `y2` and so on.
    pub fn prediction_columns(&self) -> Vec<String> {
        let outputs = self.network.outputs;
        if self.targets.len() > 1 {
            let mut names: Vec<String> = self.targets.iter().map(|own| own.name.clone()).collect();
            if self.network.output == Output::Sigmoid {
                names.splice(0..0, self.target_columns("p"));
            }
            return names;
        }
        let each = |name: &str| match outputs {
            1 => vec![name.to_owned()],
            _ => (1..=outputs).map(|output| format!("{name}{output}")).collect(),
        };
        let class = || "class".to_owned();
        match (self.network.output, outputs) {
            (Output::Softmax, _) => {
                self.classes().iter().map(|name| format!("p_{name}")).chain([class()]).collect()
            }
            (Output::Sigmoid, 1) => vec!["p".to_owned(), class()],
            (Output::Sigmoid, _) => each("p"),
            (Output::Identity, _) => each("y"),
        }
    }
}

/// Checks that features are whole rows of finite numbers.
fn check_rows(features: &[f32], inputs: usize) -> Result<()> {
    if !features.len().is_multiple_of(inputs) {
        return Err(Error::invalid(
            format!("{} numbers are not rows of {inputs}", features.len()),
            "give whole rows",
        ));
    }
    match features.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(Error::invalid(
            format!("row {}, feature {} is {}", at / inputs, at % inputs + 1, features[at]),
            "remove or replace it",
        )),
        None => Ok(()),
    }
}

/// Writes a network's parameters into its regions of a loaded plan.
pub(crate) async fn upload(
    backend: &mut dyn Backend,
    regions: &[Region],
    parameters: &Parameters,
) -> Result<()> {
    for (region, block) in regions.iter().zip(parameters.blocks()) {
        backend.write_region(*region, bytemuck::cast_slice(&block.weight)).await?;
        let bias = Region { offset: region.offset + block.weight.len(), ..*region };
        backend.write_region(bias, bytemuck::cast_slice(&block.bias)).await?;
    }
    Ok(())
}

/// Predictions for rows \[N, I\] by a loaded plan of [`plan::inference`], for a network with such
/// parameters: \[N, O\].
pub(crate) async fn apply(
    backend: &mut dyn Backend,
    parameters: &Parameters,
    features: &dyn Rows,
) -> Result<Vec<f32>> {
    let regions = backend.plan().handles.parameters[0].clone();
    upload(backend, &regions, parameters).await?;
    predict(backend, features).await
}

/// The mean of the members' predictions, summed in f64 in their order.
fn mean(mut each: Vec<Vec<f32>>) -> Vec<f32> {
    if each.len() == 1 {
        return each.remove(0);
    }
    let count = each.len() as f64;
    let values = each.first().map_or(0, Vec::len);
    let sum = |at: usize| each.iter().map(|own| f64::from(own[at])).sum::<f64>();
    (0..values).map(|at| (sum(at) / count) as f32).collect()
}

/// Replays the prediction of a loaded plan over rows \[N, I\]: \[N, O\].
async fn predict(backend: &mut dyn Backend, features: &dyn Rows) -> Result<Vec<f32>> {
    let plan = backend.plan();
    let outputs = plan.network().outputs;
    let portion = plan.predict_rows;
    let handles = plan.handles.clone();
    let (Some(control), Some(input), Some(output)) =
        (handles.predict_control, handles.input, handles.output)
    else {
        unreachable!("every plan can predict");
    };
    let all = features.count();
    let mut predictions = Vec::with_capacity(all * outputs);
    for first in (0..all).step_by(portion) {
        let count = portion.min(all - first);
        let rows = features.part(first..first + count);
        backend.write(input, bytemuck::cast_slice(&rows)).await?;
        backend.write(control, &Control::of_rows(count).to_words()).await?;
        backend.replay(plan::Phase::Predict, 1).await?;
        let words = backend.read(output, count * outputs).await?;
        predictions.extend_from_slice(floats(&words));
    }
    Ok(predictions)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::spec::Normalization;

    #[test]
    fn a_model_of_version_1_is_read_as_it_was_written() {
        // Written by the program as it was before preprocessing; so were the predictions.
        let model = Model::load(Path::new("tests/models/version-1.safetensors")).expect("it loads");
        assert_eq!(model.preprocessing, Preprocessing::as_is(["u", "v"]));
        assert_eq!(model.classes(), ["blue", "green, dark", "red"]);
        let predictions = model.predict(&[0.5, 3.0, -3.0, -0.5]).expect("two rows");
        let expected =
            [0.99988556, 0.00011375671, 6.664485e-7, 1.5569716e-5, 4.354176e-5, 0.9999409];
        for (found, expected) in predictions.iter().zip(expected) {
            // Sums may run in another order on another processor.
            assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
        }
    }

    #[test]
    fn a_model_of_version_3_has_norms() {
        let model = Model::load(Path::new("tests/models/version-3.safetensors")).expect("it loads");
        assert_eq!(model.network.normalization, Normalization::LayerNorm);
        let predictions = model.predict(&[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
        // What PyTorch 2.15 makes of its export.
        let expected = [0.2810263, 0.5528179, 0.92231816, 0.45199922];
        for (found, expected) in predictions.expect("four rows").iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
        }
    }
}
