//! What a device grants, as the planner needs to know it.

use crate::{Error, Result};

/// The limits of a device, read from it and planned against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The device's name, for messages.
    pub device: String,
    /// The largest range that a kernel can be given.
    pub binding_bytes: u64,
    /// The largest buffer.
    pub buffer_bytes: u64,
    /// Memory for everything, where it is known.
    pub memory_bytes: Option<u64>,
    /// Memory that a workgroup's threads share.
    pub workgroup_bytes: u64,
    /// Threads of a workgroup, at most.
    pub invocations: u32,
    /// Registers that a thread has, of 32 bits. No interface tells, so it goes by who made the
    /// device.
    pub registers: u32,
    /// Threads of a subgroup, where the device lets them read each other's registers and all
    /// subgroups have as many.
    pub subgroup: Option<u32>,
    /// Loop iterations that one thread may do in a dispatch before the driver ends its loops.
    /// llvmpipe counts to 65,535 over all loops of a shader, and then goes on behind them without
    /// a word.
    pub loop_limit: Option<u64>,
    /// What kind of machine it is: how long things take differs.
    pub kind: DeviceKind,
}

/// What kind of machine a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// The CPU path.
    Cpu,
    /// A graphics processor.
    Gpu,
    /// A graphics processor that a CPU pretends to be.
    Software,
}

impl Limits {
    /// Limits that nothing reaches, for plans that are only looked at.
    pub fn unlimited(device: &str) -> Self {
        Self {
            device: device.into(),
            binding_bytes: 1 << 40,
            buffer_bytes: 1 << 40,
            memory_bytes: None,
            workgroup_bytes: 1 << 40,
            invocations: u32::MAX,
            registers: u32::MAX,
            subgroup: None,
            loop_limit: None,
            kind: DeviceKind::Cpu,
        }
    }

    /// The same with no more memory than this, where there is such a bound.
    #[must_use]
    pub fn with_memory(&self, most: Option<u64>) -> Self {
        let memory_bytes = self.memory_bytes.into_iter().chain(most).min();
        Self { memory_bytes, ..self.clone() }
    }

    /// Bytes of the largest buffer that a kernel can be given whole.
    pub(crate) fn tensor_bytes(&self) -> u64 {
        // Shaders index words with u32, and take four at a time.
        let most = self.binding_bytes.min(self.buffer_bytes).min(4 * u64::from(u32::MAX));
        most / 16 * 16
    }

    /// Refuses a buffer past the limits.
    pub(crate) fn check(
        &self,
        what: &str,
        bytes: u64,
        remedy: impl FnOnce(u64) -> String,
    ) -> Result<()> {
        self.compare(what, bytes, self.tensor_bytes(), remedy)
    }

    /// Refuses a plan past the memory.
    pub(crate) fn check_total(&self, bytes: u64, remedy: impl FnOnce(u64) -> String) -> Result<()> {
        self.compare("the plan", bytes, self.memory_bytes.unwrap_or(u64::MAX), remedy)
    }

    fn compare(
        &self,
        what: &str,
        bytes: u64,
        allowed: u64,
        remedy: impl FnOnce(u64) -> String,
    ) -> Result<()> {
        if bytes <= allowed {
            return Ok(());
        }
        Err(Error::TooLarge {
            what: what.into(),
            needed: super::print::bytes(bytes),
            allowed: super::print::bytes(allowed),
            factor: bytes as f64 / allowed as f64,
            device: self.device.clone(),
            remedy: remedy(allowed).into(),
        })
    }
}
