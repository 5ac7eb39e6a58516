//! What a thread has to itself while it replays a phase.

use super::packed::Panels;
use super::product::Workspace;
use crate::backend::StepMetrics;
use crate::backend::aligned::Aligned;

/// Memory of one thread, large enough for any task of a phase: which tasks a thread will take is not
/// known beforehand, and a step allocates nothing.
#[derive(Default)]
pub(super) struct Scratch {
    /// For what an operation works out before it is stored, such as a block of a layer's gradient.
    pub(super) floats: Aligned<f32>,
    /// For the operands that a product packs.
    pub(super) workspace: Workspace,
}

/// What an operation gets from the thread that runs it.
pub(super) struct ThreadContext<'a> {
    /// The thread's number.
    pub(super) thread: usize,
    /// Threads of the replay.
    pub(super) threads: usize,
    /// Weights in panels.
    pub(super) panels: Panels<'a>,
    /// The thread's memory.
    pub(super) scratch: &'a mut Scratch,
    /// The metrics of the step, once the thread has run the operation that makes them.
    pub(super) step_metrics: Option<StepMetrics>,
}
