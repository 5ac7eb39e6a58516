//! A trained network for prediction.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use halfplane::data::{Preprocessing, TargetColumn};
use halfplane::{DeviceChoice, Predictor, export};
use numpy::PyArray2;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::arrays::{matrix, rows};
use crate::device::{chosen, open};
use crate::errors::raised;
use crate::trainer::{read, rows_at_once};
use crate::weights::{Given, Tensors, parameters, tensors};

/// A trained network, or several whose mean is the prediction, with how columns become inputs.
#[pyclass(frozen, module = "halfplane._halfplane")]
pub(crate) struct Model {
    model: halfplane::Model,
    /// What predicted last, the latest first.
    loaded: Mutex<Vec<(Key, Predictor)>>,
}

/// So many stay loaded: one for single rows, and one for many.
const LOADED: usize = 2;

/// Devices are chosen by the operations of a batch of training. A prediction brings each row to the
/// device once, and so is worth while from so many times as much on.
const PREDICTION: u64 = 1000;

/// A device is opened for so many threads in a process; a forked one has none of its parent's.
type Key = (DeviceChoice, Option<usize>, u32);

#[pymethods]
impl Model {
    /// A model of weights. `network` and `preprocessing` are JSON as the library's; without
    /// preprocessing the inputs are columns of these names, as they are.
    #[new]
    fn new(
        network: &str,
        weights: Given<'_>,
        columns: Vec<String>,
        preprocessing: Option<&str>,
        target: String,
        classes: Vec<String>,
    ) -> PyResult<Self> {
        let network = read(network)?;
        let preprocessing = match preprocessing {
            Some(text) => read(text)?,
            None => Preprocessing::as_is(columns),
        };
        let members = vec![parameters(&network, &weights)?];
        let targets = vec![TargetColumn::new(target, classes)];
        let model = halfplane::Model { network, members, preprocessing, targets, provenance: None };
        Ok(Self::of(model))
    }

    /// Reads a model's file.
    #[staticmethod]
    fn load(path: PathBuf) -> PyResult<Self> {
        halfplane::Model::load(&path).map(Self::of).map_err(raised)
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.model.to_bytes().map_err(raised)?))
    }

    fn save(&self, path: PathBuf) -> PyResult<()> {
        self.model.save(&path).map_err(raised)
    }

    /// The ONNX graph as bytes.
    fn onnx<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &export::onnx(&self.model).map_err(raised)?))
    }

    /// Pickles as its file's bytes: devices are opened where it is used.
    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let make = slf.py().import("halfplane._halfplane")?.getattr("model_of_bytes")?;
        Ok((make, (slf.get().to_bytes(slf.py())?,)))
    }

    /// The network as JSON.
    #[getter]
    fn network(&self) -> PyResult<String> {
        written(&self.model.network)
    }

    /// How columns become inputs, as JSON.
    #[getter]
    fn preprocessing(&self) -> PyResult<String> {
        written(&self.model.preprocessing)
    }

    /// The names of the columns that it takes.
    #[getter]
    fn columns(&self) -> Vec<String> {
        self.model.preprocessing.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// The name of the target, or of several, with commas between them.
    #[getter]
    fn target(&self) -> String {
        self.model.target().into_owned()
    }

    /// The names of all targets.
    #[getter]
    fn targets(&self) -> Vec<String> {
        self.model.targets.iter().map(|own| own.name.clone()).collect()
    }

    /// The names of a single target's classes.
    #[getter]
    fn classes(&self) -> Vec<String> {
        self.model.classes().to_vec()
    }

    /// The weights of each member.
    #[getter]
    fn members<'py>(&self, py: Python<'py>) -> Vec<Tensors<'py>> {
        self.model.members.iter().map(|own| tensors(py, own.clone())).collect()
    }

    /// Predictions for rows of inputs [N, I]: [N, O].
    fn predict<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        device: &str,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let (features, inputs) = rows(x)?;
        let features = (*features).as_ref();
        let network = &self.model.network;
        if inputs != network.inputs {
            return Err(PyValueError::new_err(format!(
                "X has {inputs} features, but the network has {} inputs",
                network.inputs
            )));
        }
        let flops = network.flops_forward().saturating_mul(self.model.members.len() as u64);
        let rows = (features.len() / inputs.max(1)) as u64;
        let choice = chosen(device, rows.saturating_mul(flops) / PREDICTION).map_err(raised)?;
        let at_once = rows_at_once(network) * inputs.max(1);
        let mut outputs = Vec::with_capacity(features.len() / inputs.max(1) * network.outputs);
        for part in features.chunks(at_once) {
            outputs.extend(py.detach(|| self.predicted(part, &choice, threads)).map_err(raised)?);
            if part.len() < features.len() {
                py.check_signals()?;
            }
        }
        matrix(py, outputs, network.outputs)
    }
}

/// A model from the bytes of its file.
#[pyfunction]
pub(crate) fn model_of_bytes(bytes: &[u8]) -> PyResult<Model> {
    halfplane::Model::from_bytes(bytes).map(Model::of).map_err(raised)
}

impl Model {
    pub(crate) fn of(model: halfplane::Model) -> Self {
        Self { model, loaded: Mutex::new(Vec::new()) }
    }

    fn predicted(
        &self,
        features: &[f32],
        choice: &DeviceChoice,
        threads: Option<usize>,
    ) -> halfplane::Result<Vec<f32>> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (choice.clone(), threads, std::process::id());
        let mut predictor = match loaded.iter().position(|(own, _)| *own == key) {
            Some(place) => loaded.remove(place).1,
            None => Predictor::on(&self.model, open(choice, threads)?)?,
        };
        let outputs = predictor.predict(features)?;
        loaded.insert(0, (key, predictor));
        loaded.truncate(LOADED);
        Ok(outputs)
    }
}

/// Plain data of the library as JSON.
pub(crate) fn written<T: serde::Serialize>(value: &T) -> PyResult<String> {
    serde_json::to_string(value).map_err(|error| PyValueError::new_err(error.to_string()))
}
