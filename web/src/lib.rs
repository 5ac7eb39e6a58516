//! The module behind the playground: a page's worker drives the library's session with it, a part of a
//! run at a time, and draws what it returns.
//!
//! Must not know: how anything looks. Colours, words and layout are the page's.
#![cfg(target_arch = "wasm32")]

mod about;
mod budget;
mod configuration;
#[cfg(feature = "all")]
mod cross_validation;
mod device;
#[cfg(feature = "all")]
mod doctor;
mod errors;
#[cfg(feature = "all")]
mod export;
mod layers;
mod listener;
mod plane;
mod playground;
mod regions;
mod rows;
mod samples;
#[cfg(feature = "all")]
mod search;
mod wall;

#[cfg(feature = "all")]
pub use cross_validation::CrossValidation;
pub use device::Device;
#[cfg(feature = "all")]
pub use doctor::doctor;
#[cfg(feature = "all")]
pub use export::onnx;
pub use playground::Playground;
#[cfg(feature = "all")]
pub use search::Search;
pub use wall::Wall;
