//! The training loop, on every device.

mod checkpoint;
mod classics;
mod driven;
mod golden;
mod micro_batches;
mod options;
mod order;
mod recovery;
pub(crate) mod runs;
mod sessions;
mod streaming;
mod validation;
mod weights;
