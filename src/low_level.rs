//! Kernels, plans and backends, for those who write shaders, look into plans or bring a device.
//!
//! **Not stable**: these modules follow the inside of the crate, and any release may change them. Pin
//! the exact version if you build on them. Start with [`kernels`]: an operation's file has its
//! parameters, its bindings and its naive twin; [`kernels::source`] gives its WGSL.

/// Operations: parameters, bindings, cost, WGSL, and the naive twins that check it.
pub mod kernels {
    #[doc(inline)]
    pub use crate::kernels::*;
}

/// Dispatch graphs: buffers and, for each phase, dispatches, as plain data that prints itself.
pub mod plan {
    #[doc(inline)]
    pub use crate::plan::*;
}

/// Devices that run plans: GPUs through wgpu, the CPU path, the reference that runs the twins.
pub mod backend {
    #[doc(inline)]
    pub use crate::backend::*;
}

/// Checks every kernel of a device against its naive twin.
#[cfg(feature = "check")]
pub mod check {
    #[doc(inline)]
    pub use crate::check::*;
}

/// What a device can do at most, and how much of it a dispatch takes.
pub mod measure {
    #[doc(inline)]
    pub use crate::measure::*;
}

/// What differs between operating systems and browsers: waiting for futures, clock, threads, files.
pub mod platform {
    #[doc(inline)]
    pub use crate::platform::*;
}

/// How files are written: whole or not at all.
pub mod files {
    #[doc(inline)]
    pub use crate::platform::files::*;
}
