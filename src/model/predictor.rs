//! A model that stays loaded on a device from one prediction to the next.

use super::{Model, check_rows, mean, predict, upload};
use crate::Result;
use crate::backend::{self, Backend, Device, DeviceChoice, ShaderChecks};
use crate::data::{Rows, Together};
use crate::plan::{self, Region};
#[cfg(not(target_arch = "wasm32"))]
use crate::platform::block_on;

/// A model that is loaded on a device: each call reuses its plan, buffers and weights, which
/// [`Model::predict`] makes anew.
///
/// ```
/// use halfplane::{Dataset, DeviceChoice, Recipe, Trainer};
///
/// # fn main() -> halfplane::Result<()> {
/// let data = Dataset::xor();
/// let Recipe { network, options, .. } = Recipe::for_data(&data);
/// let mut trainer = Trainer::new(&network, &data, options)?;
/// trainer.run(|_| std::ops::ControlFlow::Continue(()))?;
/// let mut predictor = trainer.model()?.predictor(&DeviceChoice::Cpu)?;
/// for row in data.features().chunks(2) {
///     println!("{row:?}: {:?}", predictor.predict(row)?);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Predictor {
    model: Model,
    device: Box<dyn Device>,
    loaded: Option<Loaded>,
}

/// A plan on the device, with the model's weights.
struct Loaded {
    backend: Box<dyn Backend>,
    /// Where the weights are.
    regions: Vec<Region>,
    /// The rows that it was planned for.
    rows: usize,
}

impl Model {
    /// The model on a device, for many predictions one after another.
    ///
    /// # Errors
    /// As [`Model::predict_on`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn predictor(&self, choice: &DeviceChoice) -> Result<Predictor> {
        block_on(Predictor::open(self, choice))
    }
}

impl Predictor {
    /// Opens a device for a model; [`Model::predictor`] blocks on it.
    ///
    /// # Errors
    /// As [`Model::predict_on`].
    pub async fn open(model: &Model, choice: &DeviceChoice) -> Result<Self> {
        let (device, _) = backend::open(choice, ShaderChecks::Off).await?;
        Self::on(model, device)
    }

    /// The same on a device that is open already.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) where the model has no weights of its network.
    pub fn on(model: &Model, device: Box<dyn Device>) -> Result<Self> {
        model.check_members()?;
        Ok(Self { model: model.clone(), device, loaded: None })
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The device's name.
    pub fn device(&self) -> &str {
        self.device.name()
    }

    /// Predictions for rows \[N, I\], as [`Model::predict`] makes them; to rounding, since the rows
    /// that the plan was made for decide in which order some sums run.
    ///
    /// The first call plans and compiles; so does one with more rows than any before, as long as
    /// the device can take more rows at once.
    ///
    /// # Errors
    /// As [`Model::predict_on`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn predict(&mut self, features: &[f32]) -> Result<Vec<f32>> {
        block_on(self.run(features))
    }

    /// The class of each row, as [`Model::predict_class`] chooses it.
    ///
    /// # Errors
    /// As [`Model::predict_class`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn predict_class(&mut self, features: &[f32]) -> Result<Vec<usize>> {
        let predictions = self.predict(features)?;
        self.model.likeliest(&predictions)
    }

    /// What [`Predictor::predict`] blocks on.
    ///
    /// # Errors
    /// As [`Model::predict_on`].
    pub async fn run(&mut self, features: &[f32]) -> Result<Vec<f32>> {
        let columns = self.model.network.inputs;
        check_rows(features, columns)?;
        let rows = Together { numbers: features, columns };
        let mut loaded = self.loaded(rows.count()).await?;
        let members = &self.model.members;
        let mut each = Vec::with_capacity(members.len());
        for parameters in members {
            // A single one's weights stay on the device.
            if members.len() > 1 {
                upload(loaded.backend.as_mut(), &loaded.regions, parameters).await?;
            }
            let mut own = predict(loaded.backend.as_mut(), &rows).await?;
            self.model.preprocessing.target.restore(&mut own);
            each.push(own);
        }
        // Only a device that has not failed is kept.
        self.loaded = Some(loaded);
        Ok(mean(each))
    }

    /// The plan that is loaded, or one for more rows where that one was made for fewer.
    async fn loaded(&mut self, rows: usize) -> Result<Loaded> {
        if let Some(own) = self.loaded.take() {
            let at_once = own.backend.plan().predict_rows;
            // A plan that takes fewer rows at once than it was made for is at its limit.
            if rows <= at_once || at_once < own.rows {
                return Ok(own);
            }
        }
        let Model { network, members, .. } = &self.model;
        let plan = plan::inference(network, rows, &self.device.limits())?;
        let regions = plan.handles.parameters[0].clone();
        let mut backend = self.device.load(plan).await?;
        upload(backend.as_mut(), &regions, &members[0]).await?;
        Ok(Loaded { backend, regions, rows })
    }
}
