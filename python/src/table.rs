//! Data frames, column by column, to the inputs of a network: with the command line's inference.

use halfplane::data::{
    Bins, Frame, FrameColumn, FrameValues, Layout, Preprocess, Source, TableOptions, fit_features,
    read_features,
};
use numpy::{PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrays::matrix;
use crate::errors::raised;
use crate::model::written;
use crate::trainer::read;

/// NumPy's missing date.
const NOT_A_TIME: i64 = i64::MIN;

/// A data frame.
#[pyclass(frozen)]
pub(crate) struct Table {
    source: Source,
}

/// How columns become inputs, as JSON; the inputs; and what may be wrong with the table.
type Fitted<'py> = (String, Bound<'py, PyArray2<f32>>, Vec<String>);

#[pymethods]
impl Table {
    /// Columns as (name, kind, values, names of categories).
    #[new]
    fn new(columns: Vec<(String, String, Bound<'_, PyAny>, Vec<String>)>) -> PyResult<Self> {
        let column = |(name, kind, values, names): (String, String, Bound<'_, PyAny>, _)| {
            Ok(FrameColumn { name, values: values_of(&kind, &values, names)? })
        };
        let columns = columns.into_iter().map(column).collect::<PyResult<_>>()?;
        Ok(Self { source: Source::Frame(Frame::new(columns).map_err(raised)?) })
    }

    /// Fits the preprocessing: columns of these names are categorical whatever they hold.
    fn fit<'py>(&self, py: Python<'py>, categorical: Vec<String>) -> PyResult<Fitted<'py>> {
        let options = TableOptions {
            categorical,
            preprocess: Preprocess::Auto,
            bins: Bins::None,
            ..TableOptions::default()
        };
        let (preprocessing, features) =
            py.detach(|| fit_features(&self.source, &options)).map_err(raised)?;
        let warnings = features.warnings.iter().map(ToString::to_string).collect();
        let inputs = preprocessing.outputs();
        Ok((written(&preprocessing)?, matrix(py, features.values, inputs)?, warnings))
    }

    /// The inputs by a preprocessing that was fitted before.
    fn apply<'py>(
        &self,
        py: Python<'py>,
        preprocessing: &str,
    ) -> PyResult<(Bound<'py, PyArray2<f32>>, Vec<String>)> {
        let preprocessing = read(preprocessing)?;
        let features = py
            .detach(|| read_features(&self.source, Layout::default(), &preprocessing))
            .map_err(raised)?;
        let warnings = features.warnings.iter().map(ToString::to_string).collect();
        Ok((matrix(py, features.values, preprocessing.outputs())?, warnings))
    }
}

fn values_of(kind: &str, values: &Bound<'_, PyAny>, names: Vec<String>) -> PyResult<FrameValues> {
    let whole = || values.extract::<PyReadonlyArray1<'_, i64>>();
    Ok(match kind {
        "numbers" => FrameValues::Numbers(values.extract::<PyReadonlyArray1<'_, f64>>()?.to_vec()?),
        "booleans" => FrameValues::Booleans(values.extract()?),
        "texts" => FrameValues::Texts(values.extract()?),
        "categories" => FrameValues::Categories { codes: whole()?.to_vec()?, names },
        "moments" => {
            let known = |moment: &i64| (*moment != NOT_A_TIME).then_some(*moment);
            FrameValues::Moments(whole()?.as_slice()?.iter().map(known).collect())
        }
        _ => return Err(PyValueError::new_err(format!("there are no columns of kind {kind:?}"))),
    })
}
