//! Errors of the library as JavaScript's.

use std::path::PathBuf;

use halfplane::{Error, flags};
use wasm_bindgen::JsError;

/// What can fail here.
pub(crate) type Result<T> = std::result::Result<T, JsError>;

/// An error as the page shows it: in the words of the command line.
pub(crate) fn thrown(error: Error) -> JsError {
    JsError::new(&flags::error(&error))
}

/// The same of a dropped file, which the library knows as bytes in memory: the error names the file.
pub(crate) fn of_file(name: &str, error: Error) -> JsError {
    thrown(match error {
        Error::Data { line, problem, remedy, .. } => {
            Error::Data { path: PathBuf::from(name), line, problem, remedy }
        }
        Error::File { verb, source, .. } => Error::File { verb, path: PathBuf::from(name), source },
        other => other,
    })
}

/// A setting of the page that makes no sense.
pub(crate) fn invalid(problem: impl Into<String>, remedy: &str) -> Error {
    Error::Invalid { problem: problem.into(), remedy: remedy.into() }
}
