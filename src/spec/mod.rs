//! What to train, as plain serde data: network, loss, optimizer, schedule, regularization, length
//! of the run. Each checks its own settings; the network counts its parameters and FLOPs.
//!
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
pub use network::{Layer, MAX_WIDTH, Network, ParameterBlock};
pub use optimizer::{Moments, Optimizer};
pub use parameters::{LayerParameters, Parameters};
pub use regularization::{Clip, Regularization};
pub use run::{BatchSize, Length, Shuffle, Strategy};
pub use schedule::{Decay, Schedule};

pub(crate) use names::named;
pub(crate) use optimizer::check_lr;
