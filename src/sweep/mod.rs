//! Search for hyper-parameters: a space, samplers that propose points of it, who goes on, and which is
//! chosen.
//!
//! Must not know: which hyper-parameters there are, how a network is trained, who shows what comes of
//! it.

mod batch;
mod block;
mod choose;
mod dimension;
mod driver;
mod fingerprint;
mod halving;
mod journal;
mod measured;
mod merge;
mod nan_as_null;
mod notation;
mod options;
mod ranks;
#[cfg(not(target_arch = "wasm32"))]
mod run;
pub mod sampler;
mod space;
mod thinned;
mod value;

pub use block::Block;
pub use choose::{Scored, Select, best_first, choose};
pub use dimension::{Dimension, FloatRange, IntRange, Scale};
pub use driver::{Sweep, for_epochs};
pub use fingerprint::fingerprint;
pub use halving::Halving;
pub use journal::{Curve, Header, Journal, Record, Rung, State, read as read_journal};
pub use options::{Asked, Ended, Pruning, SweepEvent, SweepOptions};
pub use ranks::Ranks;
#[cfg(not(target_arch = "wasm32"))]
pub use run::Chosen;
pub use sampler::{Outcome, Sampler, SamplerName, Told};
pub use space::Space;
pub use value::{Point, Value};
