//! Search for hyper-parameters: a space, samplers that propose points of it, who goes on, and which is
//! chosen.
//!
//! Must not know: which hyper-parameters there are, how a network is trained, who shows what comes of
//! it.

#[cfg(not(target_arch = "wasm32"))]
mod batch;
mod block;
mod choose;
mod dimension;
#[cfg(not(target_arch = "wasm32"))]
mod driver;
#[cfg(not(target_arch = "wasm32"))]
mod fingerprint;
mod halving;
mod journal;
#[cfg(not(target_arch = "wasm32"))]
mod merge;
mod nan_as_null;
mod notation;
#[cfg(not(target_arch = "wasm32"))]
mod options;
#[cfg(not(target_arch = "wasm32"))]
mod ranks;
pub mod sampler;
mod space;
#[cfg(not(target_arch = "wasm32"))]
mod thinned;
mod value;

pub use block::Block;
pub use choose::{Scored, Select, choose};
pub use dimension::{Dimension, FloatRange, IntRange, Scale};
#[cfg(not(target_arch = "wasm32"))]
pub use driver::{Chosen, Sweep, for_epochs};
#[cfg(not(target_arch = "wasm32"))]
pub use fingerprint::fingerprint;
pub use halving::Halving;
pub use journal::{Curve, Header, Journal, Record, Rung, State, read as read_journal};
#[cfg(not(target_arch = "wasm32"))]
pub use options::{Ended, Pruning, SweepEvent, SweepOptions};
#[cfg(not(target_arch = "wasm32"))]
pub use ranks::Ranks;
pub use sampler::{Outcome, Sampler, SamplerName, Told};
pub use space::Space;
pub use value::{Point, Value};
