//! Predictions and scores that block until the device is done. A page in a browser may not block: it
//! awaits a [`super::Predictor`].

use super::{Model, apply, check_rows, mean};
use crate::backend::{self, Backend, DeviceChoice, ShaderChecks};
use crate::data::{Dataset, Rows, TargetColumn, Together};
use crate::metrics::Scores;
use crate::plan;
use crate::platform::block_on;
use crate::spec::Parameters;
use crate::{Error, Result};

impl Model {
    /// Predictions for rows \[N, I\] of the network's inputs, on the CPU: \[N, O\] row by row.
    /// Probabilities for classes; for regression numbers in the target's own unit.
    ///
    /// Each call plans and loads the network anew; [`Model::predictor`] keeps it loaded.
    ///
    /// # Errors
    /// [`Error::Invalid`] where `features` are not whole rows of finite numbers.
    pub fn predict(&self, features: &[f32]) -> Result<Vec<f32>> {
        self.predict_on(&DeviceChoice::Cpu, features)
    }

    /// The same on a device.
    ///
    /// # Errors
    /// As [`Model::predict`]; [`Error::NoDevice`] where there is none as asked for.
    pub fn predict_on(&self, choice: &DeviceChoice, features: &[f32]) -> Result<Vec<f32>> {
        self.predict_each_on(choice, features).map(mean)
    }

    /// Predictions of each member for rows \[N, I\]: \[members\]\[N, O\]. Their mean is what
    /// [`Model::predict`] returns.
    ///
    /// # Errors
    /// As [`Model::predict_on`].
    pub fn predict_each_on(
        &self,
        choice: &DeviceChoice,
        features: &[f32],
    ) -> Result<Vec<Vec<f32>>> {
        let columns = self.network.inputs;
        check_rows(features, columns)?;
        self.each_of(choice, &Together { numbers: features, columns })
    }

    fn each_of(&self, choice: &DeviceChoice, rows: &dyn Rows) -> Result<Vec<Vec<f32>>> {
        self.check_members()?;
        let mut each = block_on(async {
            let (device, _) = backend::open(choice, ShaderChecks::Off).await?;
            let plan = plan::inference(&self.network, rows.count(), &device.limits())?;
            let mut backend = device.load(plan).await?;
            apply_each(backend.as_mut(), &self.members, rows).await
        })?;
        each.iter_mut().for_each(|own| self.preprocessing.target.restore(own));
        Ok(each)
    }

    /// Predictions as [`Model::predict_on`] makes them, and the members' spread about each: their
    /// standard deviation √(Σ(p − mean)²/members), both \[N, O\]. It is 0 where there is one member.
    ///
    /// # Errors
    /// As [`Model::predict_on`].
    pub fn predict_with_spread_on(
        &self,
        choice: &DeviceChoice,
        features: &[f32],
    ) -> Result<(Vec<f32>, Vec<f32>)> {
        let each = self.predict_each_on(choice, features)?;
        let spread = spread(&each);
        Ok((mean(each), spread))
    }

    /// The class of each row of features \[N, I\], on the CPU: its number in [`Model::classes`]. Of
    /// two, "yes" is chosen where its probability is above 0.5; of several, the likeliest.
    ///
    /// # Errors
    /// As [`Model::predict`]; [`Error::Invalid`] where the model predicts no classes.
    pub fn predict_class(&self, features: &[f32]) -> Result<Vec<usize>> {
        self.likeliest(&self.predict(features)?)
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
        let predictions = mean(self.each_of(choice, data)?);
        Scores::of(&data.original_targets(), &predictions, data.weights())
    }

    fn check_data(&self, data: &Dataset) -> Result<()> {
        let what = if data.preprocessing().columns != self.preprocessing.columns {
            "columns"
        } else if data.task() != self.task() || data.outputs() != self.network.outputs {
            "targets"
        } else if !has_classes(data.target_columns(), &self.targets) {
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

/// Whether columns have the same classes, whatever their names.
fn has_classes(columns: &[TargetColumn], others: &[TargetColumn]) -> bool {
    let classes = |columns: &[TargetColumn]| -> Vec<Vec<String>> {
        columns.iter().map(|own| own.classes.clone()).collect()
    };
    classes(columns) == classes(others)
}

/// The standard deviation of the members' predictions, of each in f64.
fn spread(each: &[Vec<f32>]) -> Vec<f32> {
    let count = each.len() as f64;
    let values = each.first().map_or(0, Vec::len);
    let of = |at: usize| each.iter().map(move |own| f64::from(own[at]));
    let deviation = |at: usize| {
        let mean = of(at).sum::<f64>() / count;
        let squares: f64 = of(at).map(|own| (own - mean).powi(2)).sum();
        (squares / count).sqrt() as f32
    };
    (0..values).map(deviation).collect()
}

/// Predictions for rows \[N, I\] by each member, on a loaded plan: \[members\]\[N, O\].
async fn apply_each(
    backend: &mut dyn Backend,
    members: &[Parameters],
    features: &dyn Rows,
) -> Result<Vec<Vec<f32>>> {
    let mut each = Vec::with_capacity(members.len());
    for parameters in members {
        each.push(apply(backend, parameters, features).await?);
    }
    Ok(each)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::task::tests::model;
    use crate::spec::Output;

    #[test]
    fn data_of_another_kind_is_refused() {
        let data = Dataset::xor();
        let refused = |model: Model| model.evaluate(&data).err().map(|error| error.to_string());
        let targets = data.target_columns().to_vec();
        let own = Model { targets, ..model(Output::Sigmoid, 1) };
        assert!(own.evaluate(&data).is_ok());
        let targets = vec![TargetColumn::new("y", vec!["no".into(), "yes".into()])];
        let other = Model { targets, ..own.clone() };
        assert!(refused(other).is_some_and(|text| text.contains("the classes of the data")));
        assert!(refused(model(Output::Identity, 1)).is_some_and(|text| text.contains("targets")));
    }
}
