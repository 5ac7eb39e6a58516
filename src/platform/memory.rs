//! How much memory there is.

/// The host's memory in bytes, where the system tells.
#[cfg(unix)]
pub fn host_memory() -> Option<u64> {
    // SAFETY: the call takes a number and returns one; what it does not know is −1.
    let told = |name| u64::try_from(unsafe { libc::sysconf(name) }).ok();
    told(libc::_SC_PHYS_PAGES)?.checked_mul(told(libc::_SC_PAGESIZE)?)
}

/// The host's memory in bytes, where the system tells. The crate knows every system, but takes longer
/// to build than the question is worth where one call answers it.
#[cfg(not(any(unix, target_arch = "wasm32")))]
pub fn host_memory() -> Option<u64> {
    let mut system = sysinfo::System::new().ok()?;
    system.refresh_memory_specifics(sysinfo::MemoryRefreshKind::nothing().with_ram());
    Some(system.total_memory()).filter(|bytes| *bytes > 0)
}

/// The host's memory in bytes: as much as an address of 32 bits reaches.
#[cfg(target_arch = "wasm32")]
pub fn host_memory() -> Option<u64> {
    Some(1 << 32)
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
