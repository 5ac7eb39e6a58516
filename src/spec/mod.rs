//! What to train, as plain data: network, activation, loss, optimizer, length of the run.
//!
//! Everything here is serde data that checks itself and counts its own parameters and FLOPs.
//! Must not know: devices, files.

mod activation;
mod initialization;
mod loss;
mod names;
mod network;
mod optimizer;
mod parameters;
mod regularization;
mod run;
mod schedule;

pub use activation::{Activation, Normalization, Output};
pub use initialization::Initialization;
pub use loss::Loss;
pub use network::{Block, Layer, MAX_WIDTH, Network};
pub use optimizer::{Moments, Optimizer};
pub use parameters::{LayerParameters, Parameters};
pub use regularization::{Clip, Regularization};
pub use run::{BatchSize, Length, Shuffle, Strategy};
pub use schedule::{Decay, Schedule};

pub use names::nearest;

pub(crate) use names::named;
pub(crate) use optimizer::check_lr;
