//! The extension module of the Python package: NumPy arrays in, sessions and models of the library
//! behind them. What scikit-learn's users see is Python (`halfplane/`); what trains is the library.
//!
//! Must not know: scikit-learn.

mod arrays;
mod device;
mod errors;
mod model;
mod program;
mod search;
mod table;
mod trainer;
mod weights;

use pyo3::prelude::*;

#[pymodule]
mod _halfplane {
    #[pymodule_export]
    use crate::device::thread_limit;
    #[pymodule_export]
    use crate::model::{Model, model_of_bytes};
    #[pymodule_export]
    use crate::program::main;
    #[pymodule_export]
    use crate::search::search;
    #[pymodule_export]
    use crate::table::Table;
    #[pymodule_export]
    use crate::trainer::Trainer;
}
