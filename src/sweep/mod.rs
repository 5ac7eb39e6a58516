//! Search for hyper-parameters: a space, samplers that propose points of it, and what is decided from
//! their scores.
//!
//! Must not know: how networks are trained, which hyper-parameters there are.

mod choose;
mod dimension;
mod halving;
mod journal;
mod notation;
pub mod sampler;
mod space;
mod value;

pub use choose::{Scored, Select, choose};
pub use dimension::{Dimension, FloatRange, IntRange, Scale};
pub use halving::Halving;
pub use journal::{Header, Journal, Record, Rung, State, read as read_journal};
pub use sampler::{Outcome, Sampler, SamplerName, Told};
pub use space::Space;
pub use value::{Point, Value};
