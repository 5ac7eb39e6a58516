//! NumPy's arrays as rows of a data set: float32 in C order is borrowed, everything else converted.

use std::sync::Arc;

use halfplane::{Dataset, Targets};
use numpy::{
    Element, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::errors::raised;

/// Rows of a data set, which may belong to an array.
pub(crate) type Shared = Arc<dyn AsRef<[f32]> + Send + Sync>;

/// The numbers of a NumPy array, which lives as long as they are used.
struct Borrowed {
    _array: Py<PyArray2<f32>>,
    first: *const f32,
    count: usize,
}

// SAFETY: the array is owned, and its numbers are only read. Python programs that change an array
// while it is trained on change what is read, as with NumPy's own functions that release the lock.
unsafe impl Send for Borrowed {}
// SAFETY: as above.
unsafe impl Sync for Borrowed {}

impl AsRef<[f32]> for Borrowed {
    fn as_ref(&self) -> &[f32] {
        // SAFETY: the array has so many numbers there, one after another, as long as it lives.
        unsafe { std::slice::from_raw_parts(self.first, self.count) }
    }
}

/// The rows of an array [N, I] of float32 or float64, and I.
pub(crate) fn rows(array: &Bound<'_, PyAny>) -> PyResult<(Shared, usize)> {
    if let Ok(array) = array.cast::<PyArray2<f32>>() {
        let inputs = array.shape()[1];
        if array.is_c_contiguous() {
            let (first, count) = (array.data().cast_const(), array.len());
            let _array = array.clone().unbind();
            return Ok((Arc::new(Borrowed { _array, first, count }), inputs));
        }
        return Ok((Arc::new(converted(&array.readonly(), |value| value)), inputs));
    }
    if let Ok(array) = array.cast::<PyArray2<f64>>() {
        let inputs = array.shape()[1];
        return Ok((Arc::new(converted(&array.readonly(), |value| value as f32)), inputs));
    }
    Err(PyTypeError::new_err("features must be a two-dimensional array of float32 or float64"))
}

fn converted<T: Element + Copy>(
    array: &PyReadonlyArray2<'_, T>,
    convert: impl Fn(T) -> f32,
) -> Vec<f32> {
    match array.as_slice() {
        // What is in Fortran's order is a slice, too.
        Ok(values) if array.is_c_contiguous() => {
            values.iter().map(|value| convert(*value)).collect()
        }
        _ => array.as_array().iter().map(|value| convert(*value)).collect(),
    }
}

/// The targets of N rows, as Python gives them: the labels of a classifier as numbers of classes
/// (uint32 [N], with their count), labels that exclude each other not (float32 [N, columns] of 0 and
/// 1), or numbers (float32 [N, columns]).
#[derive(FromPyObject)]
pub(crate) struct Target<'py> {
    kind: String,
    values: Bound<'py, PyAny>,
    classes: usize,
}

impl Target<'_> {
    fn targets(&self) -> PyResult<Targets> {
        if self.kind == "classes" {
            let values: PyReadonlyArray1<'_, u32> = self.values.extract()?;
            return Ok(Targets::Classes { values: values.to_vec()?, count: self.classes });
        }
        let (values, columns) = rows(&self.values)?;
        let values = (*values).as_ref().to_vec();
        match self.kind.as_str() {
            "binary" => Ok(Targets::Binary { values, columns }),
            "numbers" => Ok(Targets::Numbers { values, columns }),
            kind => Err(PyValueError::new_err(format!("there are no targets of kind {kind:?}"))),
        }
    }
}

/// Features, targets and weights of rows.
#[derive(FromPyObject)]
pub(crate) struct Rows<'py> {
    x: Bound<'py, PyAny>,
    y: Target<'py>,
    weights: Option<Bound<'py, PyArray1<f32>>>,
}

impl Rows<'_> {
    /// The data set that they are.
    pub(crate) fn dataset(&self) -> PyResult<Dataset> {
        let (features, inputs) = rows(&self.x)?;
        let data = Dataset::shared(inputs, features, self.y.targets()?).map_err(raised)?;
        match &self.weights {
            Some(weights) => data.with_weights(weights.readonly().to_vec()?).map_err(raised),
            None => Ok(data),
        }
    }
}

/// An array [rows, columns] of these numbers.
pub(crate) fn matrix(
    py: Python<'_>,
    values: Vec<f32>,
    columns: usize,
) -> PyResult<Bound<'_, PyArray2<f32>>> {
    let rows = values.len() / columns.max(1);
    PyArray1::from_vec(py, values).reshape([rows, columns])
}
