//! The module behind the playground: a page's worker drives the library's session with it, a part of a
//! run at a time, and draws what it returns.
//!
//! Must not know: how anything looks. Colours, words and layout are the page's.
#![cfg(target_arch = "wasm32")]

mod configuration;
mod device;
#[cfg(feature = "doctor")]
mod doctor;
mod errors;
mod layers;
mod listener;
mod plane;
mod playground;
mod regions;
mod rows;
mod samples;
mod wall;

pub use device::Device;
#[cfg(feature = "doctor")]
pub use doctor::doctor;
pub use playground::Playground;
pub use wall::Wall;
