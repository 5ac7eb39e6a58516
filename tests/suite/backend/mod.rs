//! What devices compute with each strategy.

mod fused;
mod resident;
mod uniform;
