//! Which device trains or predicts.

use halfplane::low_level::backend::cpu::Cpu;
use halfplane::low_level::backend::{self, Device, OpenOptions, ShaderChecks};
use halfplane::low_level::platform::block_on;
use halfplane::{DeviceChoice, Result};

/// A choice for batches of so many operations: `auto` takes the CPU where they are few.
pub(crate) fn chosen(word: &str, operations: u64) -> Result<DeviceChoice> {
    Ok(word.parse::<DeviceChoice>()?.for_batch(operations))
}

/// Opens a device with so many threads at most.
pub(crate) fn open(choice: &DeviceChoice, threads: Option<usize>) -> Result<Box<dyn Device>> {
    if let (DeviceChoice::Cpu, Some(threads)) = (choice, threads) {
        return Ok(Box::new(Cpu::with_threads(threads)));
    }
    let options = OpenOptions { checks: ShaderChecks::Off, threads };
    block_on(backend::open(choice, options)).map(|(device, _)| device)
}
