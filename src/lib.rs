#![doc = include_str!("../docs/library.md")]

// The command line names the library as other programs do.
#[cfg(feature = "cli")]
extern crate self as halfplane;

mod backend;
#[cfg(feature = "check")]
mod check;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod data;
mod error;
#[cfg(feature = "export")]
pub mod export;
#[doc(hidden)]
pub mod flags;
mod kernels;
pub mod low_level;
mod measure;
pub mod metrics;
pub mod model;
mod plan;
mod platform;
mod recipe;
#[cfg(feature = "cli")]
mod report;
pub mod selection;
pub mod spec;
pub mod sweep;
pub mod train;

pub use backend::{DeviceChoice, ShaderChecks};
pub use data::{Dataset, Targets, Task};
pub use error::{Call, Error, ErrorKind, Remedy, Result, Setting, nearest};
pub use model::{Model, Predictor};
pub use recipe::Recipe;
#[cfg(not(target_arch = "wasm32"))]
pub use selection::cross_validate;
pub use spec::{
    Activation, BatchSize, Initialization, Length, Loss, Network, Normalization, Optimizer, Output,
    Parameters, Regularization, Schedule, Shuffle, Strategy,
};
pub use train::{
    Candidate, EarlyStopping, Event, Keep, ReduceOnPlateau, Session, Summary, TrainOptions,
    TrainingData,
};
#[cfg(not(target_arch = "wasm32"))]
pub use train::{Grid, Trainer};

/// The Rust examples of README and guide, as doctests.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../docs/ci.md")]
    struct Ci;
}
