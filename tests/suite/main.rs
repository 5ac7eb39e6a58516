//! The integration tests, in one program: its modules are named after the rooms of `src/`.
//!
//!     cargo test --release --test suite                    all of it
//!     cargo test --release --test suite -- train::golden   one module
//!
//! What needs an allocator of its own, or files that the package lacks, stands beside this folder.

mod architecture;
mod backend;
mod cli;
mod damage;
mod data;
mod docs;
mod export;
mod kernels;
mod metrics;
mod model;
mod plan;
mod report;
mod selection;
mod spec;
mod support;
mod sweep;
mod train;
