#![doc = include_str!("../docs/library.md")]

mod error;

pub mod backend;
#[cfg(feature = "check")]
pub mod check;
pub mod data;
#[cfg(feature = "export")]
pub mod export;
pub mod files;
pub mod kernels;
pub mod measure;
pub mod metrics;
pub mod model;
pub mod plan;
pub mod platform;
pub mod spec;
pub mod train;

pub use backend::{DeviceChoice, ShaderChecks};
pub use data::{Dataset, Targets, Task};
pub use error::{Error, ErrorKind, Result};
pub use model::Model;
pub use spec::{
    Activation, BatchSize, Initialization, Length, Loss, Network, Normalization, Optimizer, Output,
    Parameters, Regularization, Schedule, Shuffle, Strategy,
};
#[cfg(not(target_arch = "wasm32"))]
pub use train::Trainer;
pub use train::{EarlyStopping, Event, Keep, ReduceOnPlateau, Summary, TrainOptions, TrainingData};

/// The Rust examples of README and guide, as doctests.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../docs/ci.md")]
    struct Ci;
}
