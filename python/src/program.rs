//! The whole program: what `halfplane` does from the command line.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the program with its arguments, its own name first, and returns the exit code. It takes the
/// process over: it catches signals, and wrong arguments end the process.
#[pyfunction]
pub(crate) fn main(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| halfplane::cli::main(arguments))
}
