//! A plan's buffers in the host's memory, and a dispatch's share of them.

use super::StepMetrics;
use super::aligned::Aligned;
use crate::kernels::{Control, Operation, Words, pairs};
use crate::plan::{BufferId, Phase, Plan, Region};

/// The buffers of a plan.
#[derive(Debug)]
pub struct Memory {
    buffers: Vec<Aligned<u32>>,
}

impl Memory {
    /// All buffers of a plan, zero.
    pub fn new(plan: &Plan) -> Self {
        let buffers = plan.buffers.iter().map(|buffer| Aligned::zeros(buffer.words())).collect();
        Self { buffers }
    }

    /// A buffer's words.
    pub fn words(&self, buffer: BufferId) -> &[u32] {
        &self.buffers[buffer.0]
    }

    /// A buffer's words, to be written.
    pub fn words_mut(&mut self, buffer: BufferId) -> &mut [u32] {
        &mut self.buffers[buffer.0]
    }

    /// All buffers, in the order of their numbers.
    pub(crate) fn buffers_mut(&mut self) -> &mut [Aligned<u32>] {
        &mut self.buffers
    }

    /// Runs the dispatches of a phase, in order.
    pub fn run(
        &mut self,
        plan: &Plan,
        phase: Phase,
        run: &mut impl FnMut(&Operation, &mut [&mut [u32]]),
    ) {
        for dispatch in plan.phase(phase) {
            // Taken out, so that each can be borrowed alone.
            let take = |id: &BufferId| std::mem::take(&mut self.buffers[id.0]);
            let mut bound: Vec<_> = dispatch.bindings.iter().map(take).collect();
            let mut slices: Vec<&mut [u32]> = bound.iter_mut().map(|words| &mut **words).collect();
            run(&dispatch.operation, &mut slices);
            for (id, words) in dispatch.bindings.iter().zip(bound) {
                self.buffers[id.0] = words;
            }
        }
    }

    /// Writes words of a region's buffer, from its offset on.
    pub fn write(&mut self, region: Region, words: &[u32]) {
        self.buffers[region.buffer.0][region.offset..][..words.len()].copy_from_slice(words);
    }

    /// Reads words of a region's buffer, from its offset on.
    pub fn read(&self, region: Region, words: usize) -> Words {
        self.buffers[region.buffer.0][region.offset..][..words].to_vec()
    }

    /// Where in the ring the coming step's metrics go.
    pub fn slot(&self, plan: &Plan) -> usize {
        let words = |id| &self.words(id)[..Control::WORDS];
        plan.handles.control.map_or(0, |id| Control::from_words(words(id)).slot as usize)
    }

    /// The metrics of a step in the ring, one pair for each network.
    pub fn metrics(&self, plan: &Plan, slot: usize) -> &[StepMetrics] {
        let Some(history) = plan.handles.history else { return &[] };
        let count = plan.networks.len();
        &pairs(self.words(history))[slot * count..(slot + 1) * count]
    }
}

/// The host's memory in bytes, where the system tells.
#[cfg(unix)]
pub(crate) fn host_memory() -> Option<u64> {
    // SAFETY: the call takes a number and gives one back; what it does not know is −1.
    let told = |name| u64::try_from(unsafe { libc::sysconf(name) }).ok();
    told(libc::_SC_PHYS_PAGES)?.checked_mul(told(libc::_SC_PAGESIZE)?)
}

/// The same. The library knows every system, but takes longer to build than the question is worth
/// where one call answers it.
#[cfg(not(unix))]
pub(crate) fn host_memory() -> Option<u64> {
    let mut system = sysinfo::System::new().ok()?;
    system.refresh_memory_specifics(sysinfo::MemoryRefreshKind::nothing().with_ram());
    Some(system.total_memory()).filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    /// The kernel's own words.
    #[test]
    #[cfg(target_os = "linux")]
    fn the_hosts_memory_is_what_the_kernel_says() {
        let told = std::fs::read_to_string("/proc/meminfo").expect("Linux tells");
        let total = told.lines().find_map(|line| line.strip_prefix("MemTotal:")).expect("a total");
        let kib: u64 = total.trim_end_matches("kB").trim().parse().expect("a number");
        assert_eq!(super::host_memory(), Some(kib * 1024));
    }
}
