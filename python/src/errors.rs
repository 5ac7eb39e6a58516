//! Errors of the library as Python's exceptions.

use halfplane::Error;
use pyo3::PyErr;
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};

/// scikit-learn's words where weights are not finite.
const NOT_FINITE: &str = "Solver produced non-finite parameter weights. The input data may contain \
                          large values and need to be preprocessed.";

/// The exception for an error: OSError for files that cannot be read or written, RuntimeError for
/// devices that fail, ValueError for everything else.
pub(crate) fn raised(error: Error) -> PyErr {
    match error {
        Error::File { verb, path, source } => match source.raw_os_error() {
            // With its number, so that Python makes FileNotFoundError and the like of it.
            Some(number) => {
                let text = format!("cannot {verb} it: {source}");
                PyOSError::new_err((number, text, path.display().to_string()))
            }
            None => PyOSError::new_err(format!("cannot {verb} {}: {source}", path.display())),
        },
        Error::Device { .. } => PyRuntimeError::new_err(error.to_string()),
        Error::Diverged { .. } => PyValueError::new_err(format!("{NOT_FINITE} {error}")),
        _ => PyValueError::new_err(error.to_string()),
    }
}
