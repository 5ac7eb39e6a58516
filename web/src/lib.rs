//! The module behind the playground: a page's worker drives the library's session with it, a part of a
//! run at a time, and draws what it returns.
//!
//! Must not know: how anything looks. Colours, words and layout are the page's.
#![cfg(target_arch = "wasm32")]

mod configuration;
mod device;
mod errors;
mod layers;
mod listener;
mod plane;
mod playground;
mod rows;
mod samples;

pub use device::Device;
pub use playground::Playground;
