//! What targets differ in, one place for each: waiting for futures, the clock, threads, files, the
//! environment, how much memory there is. A page in a browser may not block and has neither threads
//! nor files, and its objects stay on the thread that made them.
//!
//! Must not know: what these are used for.

pub mod environment;
pub mod files;
mod future;
mod lock;
mod memory;
#[cfg(all(unix, feature = "cli"))]
pub mod mpi;
pub mod threads;
mod time;

#[cfg(not(target_arch = "wasm32"))]
pub use future::block_on;
pub use future::{BoxFuture, MaybeSend, MaybeSync};
pub use memory::host_memory;
pub use time::Instant;
