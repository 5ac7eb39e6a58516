//! Where a plan runs: `gpu/` materialises it once and replays it through wgpu, `cpu/` runs the
//! same plan on fast Rust code, `reference` runs it on the naive twins.
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

pub use choice::{Adapter, DeviceChoice, ShaderChecks, adapters, open};
pub use memory::Memory;

pub(crate) use memory::host_memory;

/// A device that plans can be made for and loaded onto.
pub trait Device {
    /// Its name, for people and records.
    fn name(&self) -> &str;

    /// What it grants.
    fn limits(&self) -> Limits;

    /// Makes a plan's buffers (all zero) and pipelines.
    ///
    /// # Errors
    /// [`crate::Error::Device`] where the device refuses.
    fn load(&self, plan: Plan) -> Result<Box<dyn Backend>>;
}

/// What a step told: the mean loss of its batch before its update, and the mean score.
pub type StepMetrics = [f32; 2];

/// Takes the metrics of finished steps, in order; breaks off so that no further one is begun.
pub type Sink<'a> = dyn FnMut(&[StepMetrics]) -> ControlFlow<()> + 'a;

/// Gives words that are to be written while steps run, part by part, each with its place.
pub type Feed<'a> = dyn FnMut() -> Option<(Region, &'a [u32])> + 'a;

/// A plan on a device.
pub trait Backend {
    /// The plan.
    fn plan(&self) -> &Plan;

    /// Another plan on the same device.
    ///
    /// # Errors
    /// As [`Device::load`].
    fn load(&self, plan: Plan) -> Result<Box<dyn Backend>>;

    /// Goes on with a plan that has the same buffers, which keep what is in them: only the
    /// operations' settings may differ.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    fn replan(&mut self, plan: Plan) -> Result<()>;

    /// Writes words of a region's buffer, from its offset on.
    ///
    /// # Errors
    /// [`crate::Error::Device`], as all of these.
    fn write_region(&mut self, region: Region, words: &[u32]) -> Result<()>;

    /// Reads words of a region's buffer, from its offset on, after all that was asked before.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    fn read_region(&mut self, region: Region, words: usize) -> Result<Words>;

    /// Writes the first words of a buffer.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    fn write(&mut self, buffer: BufferId, words: &[u32]) -> Result<()> {
        self.write_region(Region { buffer, offset: 0 }, words)
    }

    /// Reads the first words of a buffer, after all that was asked before.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    fn read(&mut self, buffer: BufferId, words: usize) -> Result<Words> {
        self.read_region(Region { buffer, offset: 0 }, words)
    }

    /// Replays a phase, waiting for nothing.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    fn replay(&mut self, phase: Phase, times: u64) -> Result<()>;

    /// How long each dispatch of a phase takes by itself: the median of a few replays of it. What
    /// the buffers hold afterwards means nothing.
    ///
    /// # Errors
    /// [`crate::Error::Device`]; [`crate::Error::Invalid`] where the device cannot measure.
    fn profile(&mut self, phase: Phase) -> Result<Vec<Duration>> {
        unmeasured(phase)
    }

    /// Replays `step` and hands each finished step's metrics to `sink`, in order; of a grid, a
    /// step's are those of each network in turn. Where the sink breaks off, no further step is
    /// begun; those already on their way are finished and handed over, too.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    fn steps(&mut self, steps: u64, sink: &mut Sink<'_>) -> Result<()>;

    /// The same, with words that may be written meanwhile: to buffers that the steps do not touch,
    /// and as far as that costs them no time. What is left is the caller's to write.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    fn steps_fed(&mut self, steps: u64, sink: &mut Sink<'_>, _feed: &mut Feed<'_>) -> Result<()> {
        self.steps(steps, sink)
    }
}

/// What a device says that has no way to measure.
fn unmeasured(phase: Phase) -> Result<Vec<Duration>> {
    let problem = format!("this device cannot measure its {} phase", phase.name());
    Err(crate::Error::invalid(problem, "profile another device"))
}
