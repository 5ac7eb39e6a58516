//! Which device trains or predicts, and on how many threads.

use std::process;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use halfplane::low_level::backend::cpu::Cpu;
use halfplane::low_level::backend::{self, Device, OpenOptions, ShaderChecks};
use halfplane::low_level::platform::{block_on, threads};
use halfplane::{DeviceChoice, Error, Result};
use pyo3::prelude::*;

/// The process that has looked for graphics cards; 0 where none has.
static LOOKED_IN: AtomicU32 = AtomicU32::new(0);

/// Threads at most, as threadpoolctl has it; 0 where it has said nothing.
static LIMIT: AtomicI32 = AtomicI32::new(0);

/// A choice for batches of so many operations: `auto` takes the CPU where they are few, and in a
/// forked process whose parent has looked for graphics cards. Their drivers hang there.
pub(crate) fn chosen(word: &str, operations: u64) -> Result<DeviceChoice> {
    let choice = word.parse::<DeviceChoice>()?.for_batch(operations);
    if choice == DeviceChoice::Cpu {
        return Ok(choice);
    }
    let own = process::id();
    match LOOKED_IN.load(Ordering::Relaxed) {
        0 => LOOKED_IN.store(own, Ordering::Relaxed),
        looked if looked == own => {}
        _ if choice == DeviceChoice::Auto => return Ok(DeviceChoice::Cpu),
        _ => {
            return Err(Error::NoDevice {
                problem: "a forked process cannot use the graphics card of its parent".into(),
                remedy: "start processes by \"spawn\" or \"forkserver\", or use device=\"cpu\""
                    .into(),
            });
        }
    }
    Ok(choice)
}

/// Opens a device with so many threads at most.
pub(crate) fn open(choice: &DeviceChoice, threads: Option<usize>) -> Result<Box<dyn Device>> {
    if let (DeviceChoice::Cpu, Some(threads)) = (choice, threads) {
        return Ok(Box::new(Cpu::with_threads(threads)));
    }
    let options = OpenOptions { checks: ShaderChecks::Off, threads };
    block_on(backend::open(choice, options)).map(|(device, _)| device)
}

/// Threads at most, as threadpoolctl has it; None where it has said nothing.
#[pyfunction]
pub(crate) fn thread_limit() -> Option<i32> {
    Some(LIMIT.load(Ordering::Relaxed)).filter(|limit| *limit > 0)
}

/// For threadpoolctl: how many threads a training may take.
#[unsafe(no_mangle)]
extern "C" fn halfplane_get_num_threads() -> i32 {
    thread_limit().unwrap_or_else(|| i32::try_from(threads::available()).unwrap_or(i32::MAX))
}

/// For threadpoolctl: from now on a training may take so many.
#[unsafe(no_mangle)]
extern "C" fn halfplane_set_num_threads(threads: i32) {
    LIMIT.store(threads.max(1), Ordering::Relaxed);
}
