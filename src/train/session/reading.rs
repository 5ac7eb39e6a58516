//! What can be read of a session between two steps: weights, models, predictions, scores.

use super::{Session, Stage};
use crate::data::{Dataset, Rows, Together};
use crate::model::{Model, Provenance};
use crate::spec::{LayerParameters, Parameters};
use crate::train::Evaluation;
use crate::{Error, Result};

impl Session {
    /// Loss and score of each network's present weights on its training rows.
    ///
    /// # Errors
    /// [`Error::Device`]
    pub async fn evaluate(&mut self) -> Result<Vec<Evaluation>> {
        self.read(async |session| session.executor.evaluate().await).await
    }

    /// Loss and score of each network's present weights on the validation rows, where there are
    /// such.
    ///
    /// # Errors
    /// [`Error::Device`]
    pub async fn validate(&mut self) -> Result<Option<Vec<Evaluation>>> {
        self.read(async |session| session.executor.validate().await).await
    }

    /// The present weights of a network.
    ///
    /// # Errors
    /// [`Error::Device`]
    pub async fn parameters(&mut self, network: usize) -> Result<Parameters> {
        let found = self.read(async |session| session.executor.parameters(&[network]).await).await;
        Ok(found?.remove(0))
    }

    /// The present weights of all networks.
    ///
    /// # Errors
    /// [`Error::Device`]
    pub async fn all_parameters(&mut self) -> Result<Vec<Parameters>> {
        let all: Vec<usize> = (0..self.runs.len()).collect();
        self.read(async |session| session.executor.parameters(&all).await).await
    }

    /// A trained network, ready to be saved or applied.
    ///
    /// # Errors
    /// [`Error::Diverged`] where its weights are not finite, [`Error::Device`].
    pub async fn model(&mut self, network: usize) -> Result<Model> {
        let parameters = self.parameters(network).await?;
        let run = &self.runs[network];
        let finite = |layer: &LayerParameters| {
            layer.weight.iter().chain(&layer.bias).all(|weight| weight.is_finite())
        };
        if !parameters.blocks().all(finite) {
            let (step, lr) = (run.progress.step, run.initial_lr());
            return Err(Error::Diverged { step, loss: f32::NAN, lr });
        }
        let (options, one) = (&self.executor.options, &self.executor.candidates()[network]);
        let provenance = Provenance {
            seed: one.seed,
            steps: run.progress.step,
            loss: self.loss,
            optimizer: one.optimizer(options),
            regularization: one.regularization(options).clone(),
            schedule: options.schedule,
            initialization: options.initialization,
            batch: run.sampler().batch(),
            rows: run.sampler().rows(),
            device: self.device().to_owned(),
        };
        let data = &self.executor.data.training;
        Ok(Model {
            network: one.network.clone(),
            members: vec![parameters],
            preprocessing: data.preprocessing().clone(),
            targets: data.target_columns().to_vec(),
            provenance: Some(provenance),
        })
    }

    /// Predictions of a network's present weights for any rows \[N, I\]: \[N, O\]. Numbers are in the
    /// target's own unit, even if the training standardised it.
    ///
    /// # Errors
    /// [`Error::Device`]
    pub async fn predict_rows(&mut self, network: usize, features: &[f32]) -> Result<Vec<f32>> {
        let columns = self.executor.candidates()[network].network.inputs;
        self.predict_of(network, &Together { numbers: features, columns }).await
    }

    /// The same for the rows of a data set, whose targets have no part in it.
    ///
    /// # Errors
    /// [`Error::Device`]
    pub async fn predict_data(&mut self, network: usize, data: &Dataset) -> Result<Vec<f32>> {
        self.predict_of(network, data).await
    }

    async fn predict_of(&mut self, network: usize, rows: &dyn Rows) -> Result<Vec<f32>> {
        let own = self.executor.candidates()[network].network.clone();
        let answers = async |session: &mut Self| {
            let parameters = session.executor.parameters(&[network]).await?.remove(0);
            session.executor.predict(&own, &parameters, rows).await
        };
        let mut outputs = self.read(answers).await?;
        self.data().training.preprocessing().target.restore(&mut outputs);
        Ok(outputs)
    }

    /// The gradients of the coming batch of the only network at the present weights, without a step.
    ///
    /// # Errors
    /// [`Error::Invalid`] where [`crate::TrainOptions::gradients`] did not ask for them.
    pub async fn gradients(&mut self) -> Result<Parameters> {
        self.read(async |session| {
            let run = &session.runs[0];
            session.executor.enter(*run.sampler(), run.progress.step).await?;
            session.executor.gradients().await
        })
        .await
    }

    /// Reads something. Where the device fails in mid-run and there is something to fall back on, it is
    /// read there: of the weights of the snapshot, from which the run will go on. The next call of
    /// [`Session::advance`] tells of it.
    async fn read<T>(&mut self, mut what: impl AsyncFnMut(&mut Self) -> Result<T>) -> Result<T> {
        loop {
            match what(self).await {
                Err(error) if self.stage == Stage::Running => self.recover(error).await?,
                answer => return answer,
            }
        }
    }
}
