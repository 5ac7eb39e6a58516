//! Where a plan runs: `gpu/` materialises it once and replays it through wgpu, `cpu/` runs the
//! same plan on fast Rust code, `reference` runs it on the naive twins.
//!
//! What may wait for a device returns a future: a page in a browser may not block.
//!
//! Only `gpu/` names wgpu. Must not know: the epoch loop.

mod aligned;
mod choice;
pub mod cpu;
pub mod gpu;
mod hosted;
mod memory;
pub mod reference;

use std::ops::ControlFlow;
use std::time::Duration;

use crate::Result;
use crate::kernels::Words;
use crate::plan::{BufferId, Limits, Phase, Plan, Region};
use crate::platform::{BoxFuture, MaybeSend, MaybeSync};

pub use choice::{Adapter, DeviceChoice, OpenOptions, ShaderChecks, adapters, open};
pub use memory::Memory;

/// A device that plans can be made for and loaded onto.
pub trait Device: MaybeSend + MaybeSync {
    /// Its name, for people and records.
    fn name(&self) -> &str;

    /// What it grants.
    fn limits(&self) -> Limits;

    /// Makes a plan's buffers (all zero) and pipelines.
    ///
    /// # Errors
    /// [`crate::Error::Device`] where the device refuses.
    fn load(&self, plan: Plan) -> BoxFuture<'_, Result<Box<dyn Backend>>>;

    /// Forgets compiled shaders, but for those of plans that are loaded.
    fn release(&self) {}
}

/// Metrics of a step: the mean loss of its batch before the update, and the mean score.
pub type StepMetrics = [f32; 2];

/// Takes the metrics of finished steps, in order; a break keeps further steps from being begun.
#[cfg(not(target_arch = "wasm32"))]
pub type Sink<'a> = dyn FnMut(&[StepMetrics]) -> ControlFlow<()> + Send + 'a;
/// Takes the metrics of finished steps, in order; a break keeps further steps from being begun.
#[cfg(target_arch = "wasm32")]
pub type Sink<'a> = dyn FnMut(&[StepMetrics]) -> ControlFlow<()> + 'a;

/// Gives words that are to be written while steps run, part by part, each with its region.
pub type Feed<'a> = dyn FnMut() -> Option<(Region, &'a [u32])> + Send + 'a;

/// A plan on a device. Its futures do nothing before they are awaited; one that is dropped before
/// its end leaves the buffers' contents undefined.
pub trait Backend: MaybeSend {
    /// The plan.
    fn plan(&self) -> &Plan;

    /// Another plan on the same device.
    ///
    /// # Errors
    /// As [`Device::load`].
    fn load(&self, plan: Plan) -> BoxFuture<'_, Result<Box<dyn Backend>>>;

    /// Replaces the plan by one with the same buffers, which keep their contents: only the operations'
    /// settings may differ.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    fn replan(&mut self, plan: Plan) -> Result<()>;

    /// Writes words of a region's buffer, from its offset on.
    ///
    /// # Errors
    /// [`crate::Error::Device`], as all of these.
    fn write_region<'a>(
        &'a mut self,
        region: Region,
        words: &'a [u32],
    ) -> BoxFuture<'a, Result<()>>;

    /// Reads words of a region's buffer, from its offset on, after all earlier calls.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    fn read_region(&mut self, region: Region, words: usize) -> BoxFuture<'_, Result<Words>>;

    /// Writes the first words of a buffer.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    fn write<'a>(&'a mut self, buffer: BufferId, words: &'a [u32]) -> BoxFuture<'a, Result<()>> {
        self.write_region(Region { buffer, offset: 0 }, words)
    }

    /// Reads the first words of a buffer, after all earlier calls.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    fn read(&mut self, buffer: BufferId, words: usize) -> BoxFuture<'_, Result<Words>> {
        self.read_region(Region { buffer, offset: 0 }, words)
    }

    /// Replays a phase so many times.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    fn replay(&mut self, phase: Phase, times: u64) -> BoxFuture<'_, Result<()>>;

    /// How long each dispatch of a phase takes by itself: the median of a few replays of it. What
    /// the buffers hold afterwards is undefined.
    ///
    /// # Errors
    /// [`crate::Error::Device`]; [`crate::Error::Invalid`] where the device cannot measure.
    fn profile(&mut self, phase: Phase) -> BoxFuture<'_, Result<Vec<Duration>>> {
        Box::pin(async move { unmeasured(phase) })
    }

    /// Replays `step` and hands each finished step's metrics to `sink`, in order; of a grid, a
    /// step's are those of each network in turn. Where the sink breaks, no further step is begun;
    /// steps that were submitted already are finished and handed over, too.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    fn steps<'a>(&'a mut self, steps: u64, sink: &'a mut Sink<'_>) -> BoxFuture<'a, Result<()>>;

    /// The same, and takes words from `feed` to write meanwhile, to buffers that the steps do not use,
    /// as far as that costs the steps no time. The caller writes what `feed` still has afterwards.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    fn steps_fed<'a>(
        &'a mut self,
        steps: u64,
        sink: &'a mut Sink<'_>,
        _feed: &'a mut Feed<'_>,
    ) -> BoxFuture<'a, Result<()>> {
        self.steps(steps, sink)
    }
}

/// The error of a device that cannot measure.
fn unmeasured(phase: Phase) -> Result<Vec<Duration>> {
    let problem = format!("this device cannot measure its {} phase", phase.name());
    Err(crate::Error::invalid(problem, "profile another device"))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    /// So that a trainer can move between threads, and its futures between an executor's.
    #[test]
    fn devices_and_their_futures_move_between_threads() {
        fn send<T: Send + ?Sized>() {}
        fn sync<T: Sync + ?Sized>() {}
        fn sends(_: impl Send) {}
        send::<dyn Device>();
        sync::<dyn Device>();
        send::<dyn Backend>();
        sends(open(&DeviceChoice::Cpu, ShaderChecks::Off));
        sends(adapters());
    }
}
