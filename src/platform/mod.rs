//! What targets differ in, one place for each: waiting for futures, the clock. A browser page may not
//! block and has no threads; its objects stay on the thread that made them.
//!
//! Must not know: what these are used for.

mod future;
mod time;

#[cfg(not(target_arch = "wasm32"))]
pub use future::block_on;
pub use future::{BoxFuture, MaybeSend, MaybeSync};
pub use time::Instant;
