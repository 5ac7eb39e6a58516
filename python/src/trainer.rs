//! A training that Python drives epoch by epoch.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use halfplane::low_level::platform::block_on;
use halfplane::train::{Budget, Evaluation, OptimizerState, Status, TrainingData};
use halfplane::{Error, Event, Network, Result, Session, TrainOptions};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde::de::DeserializeOwned;

use crate::arrays::{Rows, matrix, rows};
use crate::device::chosen;
use crate::errors::raised;
use crate::weights::{Given, Tensors, parameters, tensors};

/// So long a training goes on before Python's signals are looked at: Ctrl-C is heard within it, or
/// within a step.
const SLICE: Duration = Duration::from_millis(50);

/// A network in training: a session of the library.
#[pyclass(frozen)]
pub(crate) struct Trainer {
    session: Mutex<Session>,
    network: Network,
}

/// What an epoch has come to: the training loss; loss, accuracy and R² on the validation rows, where
/// there are such; what a device said that has failed, where one has.
type Epoch = (f64, Option<(f64, Option<f64>, Option<f64>)>, Option<String>);

#[pymethods]
impl Trainer {
    /// Plans the training of a network and puts data and initial weights on the device.
    ///
    /// `network` and `options` are JSON as the library's `Network` and `TrainOptions`.
    #[new]
    fn new(
        py: Python<'_>,
        network: &str,
        options: &str,
        device: &str,
        training: Rows<'_>,
        validation: Option<Rows<'_>>,
        initial: Option<Given<'_>>,
    ) -> PyResult<Self> {
        let network: Network = read(network)?;
        let mut options: TrainOptions = read(options)?;
        let training = training.dataset()?;
        let validation = validation.map(|rows| rows.dataset()).transpose()?;
        if let Some(initial) = initial {
            options.initial = Some(parameters(&network, &initial)?);
        }
        let batch = options.batch_size.of(training.rows()) as u64;
        let operations = batch.saturating_mul(network.flops_forward());
        options.device = chosen(device, operations).map_err(raised)?;
        let data = TrainingData::from((training, validation));
        let opened = py.detach(|| block_on(Session::open(&network, data, options)));
        let session = Mutex::new(opened.map_err(raised)?.without_evaluation());
        Ok(Self { session, network })
    }

    /// Trains to the end of the epoch.
    fn epoch(&self, py: Python<'_>) -> PyResult<Epoch> {
        let (mut loss, mut validation, mut recovered) = (f64::NAN, None, None);
        let mut ended = false;
        while !ended {
            let done = self.with(py, |session| {
                let mut observer = |event: &Event| {
                    match event {
                        Event::Epoch { train_loss, validation: own, .. } => {
                            (loss, validation, ended) = (*train_loss, *own, true);
                        }
                        Event::Recovered { problem, device, .. } => {
                            recovered = Some(format!("{problem}: going on with {device}"));
                        }
                        _ => {}
                    }
                    ControlFlow::Continue(())
                };
                session.go_on();
                let left = session.steps_of_epoch_left();
                let budget = Budget::StepsWithin(left, SLICE);
                block_on(session.advance(budget, &mut observer))
            })?;
            ended |= done == Status::Ended;
            py.check_signals()?;
        }
        let told = |own: Evaluation| (own.loss, own.accuracy, own.r2);
        Ok((loss, validation.map(told), recovered))
    }

    /// Goes on with other rows of the same columns.
    fn continue_on(&self, py: Python<'_>, training: Rows<'_>) -> PyResult<()> {
        let data = training.dataset()?;
        self.with(py, |session| block_on(session.continue_on(data)))
    }

    /// The present weights.
    fn weights<'py>(&self, py: Python<'py>) -> PyResult<Tensors<'py>> {
        Ok(tensors(py, self.with(py, |session| block_on(session.parameters(0)))?))
    }

    /// Steps done, and the tensors of the optimizer's state.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<(u64, Vec<Tensors<'py>>)> {
        let state = self.with(py, |session| block_on(session.optimizer_state()))?;
        Ok((state.steps, state.tensors.into_iter().map(|own| tensors(py, own)).collect()))
    }

    /// Goes on from weights and an optimizer's state.
    fn take_up(
        &self,
        py: Python<'_>,
        weights: Given<'_>,
        steps: u64,
        state: Vec<Given<'_>>,
    ) -> PyResult<()> {
        let weights = parameters(&self.network, &weights)?;
        let state = state.iter().map(|own| parameters(&self.network, own));
        let state = OptimizerState { steps, tensors: state.collect::<PyResult<_>>()? };
        self.with(py, |session| block_on(session.take_up(&weights, &state)))
    }

    /// Sets the learning rate.
    fn set_lr(&self, py: Python<'_>, lr: f64) -> PyResult<()> {
        self.with(py, |session| block_on(session.set_lr(lr)))
    }

    /// The present weights' outputs for rows [N, I]: [N, O].
    fn predict<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, numpy::PyArray2<f32>>> {
        let (features, _) = rows(x)?;
        let mut outputs = Vec::new();
        for part in (*features).as_ref().chunks(rows_at_once(&self.network) * self.network.inputs) {
            outputs.extend(self.with(py, |session| block_on(session.predict_rows(0, part)))?);
            py.check_signals()?;
        }
        matrix(py, outputs, self.network.outputs)
    }

    /// The device's name.
    #[getter]
    fn device(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |session| Ok(session.device().to_owned()))
    }
}

impl Trainer {
    /// Does something with the session while other threads of Python run.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Session) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        py.detach(|| work(&mut self.session.lock().unwrap_or_else(PoisonError::into_inner)))
            .map_err(raised)
    }
}

/// Rows that are predicted between two looks at Python's signals: some tens of milliseconds.
pub(crate) fn rows_at_once(network: &Network) -> usize {
    const OPERATIONS: u64 = 2_000_000_000;
    (OPERATIONS / network.flops_forward().max(1)).max(1) as usize
}

/// Plain data of the library from JSON.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> PyResult<T> {
    serde_json::from_str(text).map_err(|error| PyValueError::new_err(error.to_string()))
}
