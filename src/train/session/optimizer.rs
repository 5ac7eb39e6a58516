//! The optimizer of a session's only network, between two of its steps: its learning rate, and what it has
//! learned, to go on with elsewhere.

use super::{Session, Stage};
use crate::spec::{Parameters, check_lr};
use crate::{Error, Result};

/// What an optimizer has learned of a network's gradients, beside the weights.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerState {
    /// The steps that it has done.
    pub steps: u64,
    /// Its tensors, each in the shape of the parameters: `momentum_buffer` of SGD with momentum, `exp_avg`
    /// and `exp_avg_sq` of Adam and AdamW.
    pub tensors: Vec<Parameters>,
}

impl Session {
    /// Gives the only network another learning rate, as it is before its schedule's factor.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the rate is no positive number or there are many networks;
    /// [`Error::Device`].
    pub async fn set_lr(&mut self, lr: f64) -> Result<()> {
        check_lr(lr)?;
        if !self.executor.is_alone() {
            return Err(Error::invalid("there are many networks", "give each a rate at first"));
        }
        self.runs[0].progress.plateau.lr = Some(lr);
        self.executor.set_rates([lr].into_iter()).await
    }

    /// The optimizer's state of the only network, with which another session can go on:
    /// [`Session::take_up`].
    ///
    /// # Errors
    /// [`Error::Device`]
    pub async fn optimizer_state(&mut self) -> Result<OptimizerState> {
        let tensors = self.executor.states(&[0]).await?.remove(0);
        Ok(OptimizerState { steps: self.runs[0].progress.step, tensors })
    }

    /// Lets the coming run of the only network go on from weights and an optimizer's state of another
    /// session, of the same network and optimizer: an epoch begins.
    ///
    /// # Errors
    /// [`Error::Invalid`] and [`Error::Shape`] where they are of another network; [`Error::Device`].
    pub async fn take_up(&mut self, weights: &Parameters, state: &OptimizerState) -> Result<()> {
        let network = self.executor.candidates()[0].network.clone();
        let expected = self.plan().handles.state[0].len();
        if !self.executor.is_alone() || state.tensors.len() != expected {
            return Err(Error::invalid(
                format!("{} tensors of state for {expected}", state.tensors.len()),
                "go on with the same optimizer, and with one network",
            ));
        }
        std::iter::once(weights).chain(&state.tensors).try_for_each(|own| own.check(&network))?;
        self.executor.set_parameters(&[(0, weights)]).await?;
        self.executor.set_states(&[(0, &state.tensors)]).await?;
        self.runs[0].progress.step = state.steps;
        let sampler = *self.runs[0].sampler();
        self.runs[0].set_rows(sampler);
        self.stage = Stage::Ready;
        self.set_steps().await
    }
}
