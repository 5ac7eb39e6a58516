//! How much memory there is.

/// Bytes that this process may still take, where the system tells: of the host's memory and, on Linux,
/// of what its cgroups and its limit of address space (`ulimit -v`) leave.
#[cfg(unix)]
pub fn host_memory() -> Option<u64> {
    // SAFETY: the call takes a number and returns one; what it does not know is −1.
    let told = |name| u64::try_from(unsafe { libc::sysconf(name) }).ok();
    let page = told(libc::_SC_PAGESIZE)?;
    let all = told(libc::_SC_PHYS_PAGES)?.checked_mul(page)?;
    #[cfg(target_os = "linux")]
    let all = linux::left(page, all).into_iter().chain([all]).min()?;
    Some(all)
}

/// What Linux tells in files.
#[cfg(target_os = "linux")]
mod linux {
    use std::fs::read_to_string;
    use std::path::{Path, PathBuf};

    /// What each of the bounds leaves, those that there are, of a host's whole memory.
    pub(super) fn left(page: u64, all: u64) -> Vec<u64> {
        let available = || field(&read_to_string("/proc/meminfo").ok()?, "MemAvailable:");
        [available().map(|kibibytes| 1024 * kibibytes), cgroups(all), address_space(page)]
            .into_iter()
            .flatten()
            .collect()
    }

    /// The number after a name.
    fn field(text: &str, name: &str) -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// What the process's cgroup and those above it leave. Version 2 has one tree; of version 1 that of
    /// memory.
    fn cgroups(all: u64) -> Option<u64> {
        let own = read_to_string("/proc/self/cgroup").ok()?;
        let trees = own.lines().filter_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            let (controllers, path) = (parts.next()?, parts.next()?.trim_start_matches('/'));
            match controllers {
                "" => Some((PathBuf::from("/sys/fs/cgroup"), path, V2)),
                "memory" => Some((PathBuf::from("/sys/fs/cgroup/memory"), path, V1)),
                _ => None,
            }
        });
        trees.filter_map(|(root, path, files)| tree(&root, path, files, all)).min()
    }

    /// The files of a limit, of what is used, and the name in `memory.stat` of what can be given back.
    const V2: [&str; 3] = ["memory.max", "memory.current", "inactive_file "];
    const V1: [&str; 3] =
        ["memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "];

    /// What a cgroup and those above it leave. In a container the path may be the host's, of which only
    /// the root is seen.
    pub(super) fn tree(
        root: &Path,
        path: &str,
        [limit, used, cache]: [&str; 3],
        all: u64,
    ) -> Option<u64> {
        let number = |file: PathBuf| read_to_string(file).ok()?.trim().parse::<u64>().ok();
        let left = |group: &Path| {
            // Version 1 has a huge number for none; what is used then takes Linux long to tell.
            let limit = number(group.join(limit)).filter(|limit| *limit < all)?;
            let stat = read_to_string(group.join("memory.stat")).unwrap_or_default();
            let used = number(group.join(used))?;
            Some(limit.saturating_sub(used.saturating_sub(field(&stat, cache).unwrap_or(0))))
        };
        let own = root.join(path);
        own.ancestors().take_while(|group| group.starts_with(root)).filter_map(left).min()
    }

    /// What the limit of address space leaves.
    fn address_space(page: u64) -> Option<u64> {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the call writes the limit to where it is told, and nothing else.
        let known = unsafe { libc::getrlimit(libc::RLIMIT_AS, &mut limit) } == 0;
        if !known || limit.rlim_cur == libc::RLIM_INFINITY {
            return None;
        }
        let used: u64 = read_to_string("/proc/self/statm").ok()?.split(' ').next()?.parse().ok()?;
        Some(limit.rlim_cur.saturating_sub(used * page))
    }
}

/// The host's memory in bytes, where the system tells. The crate knows every system, but takes longer
/// to build than the question is worth where one call answers it.
#[cfg(not(any(unix, target_arch = "wasm32")))]
pub fn host_memory() -> Option<u64> {
    let mut system = sysinfo::System::new().ok()?;
    system.refresh_memory_specifics(sysinfo::MemoryRefreshKind::nothing().with_ram());
    Some(system.available_memory()).filter(|bytes| *bytes > 0)
}

/// The host's memory in bytes: as much as an address of 32 bits reaches.
#[cfg(target_arch = "wasm32")]
pub fn host_memory() -> Option<u64> {
    Some(1 << 32)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::{create_dir_all, write};

    use super::*;

    #[test]
    fn there_is_some_memory_and_no_more_than_the_machine_has() {
        let told = std::fs::read_to_string("/proc/meminfo").expect("Linux tells");
        let total = told.lines().find_map(|line| line.strip_prefix("MemTotal:")).expect("a total");
        let kib: u64 = total.trim_end_matches("kB").trim().parse().expect("a number");
        let left = host_memory().expect("Linux tells");
        assert!(left > 0 && left <= kib * 1024, "{left} of {kib} KiB");
    }

    #[test]
    fn the_tightest_of_nested_cgroups_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        create_dir_all(root.join("a/b")).expect("folders");
        let group = |path: &str, max: &str, current: &str| {
            write(root.join(path).join("memory.max"), max).expect("a file");
            write(root.join(path).join("memory.current"), current).expect("a file");
        };
        let files = ["memory.max", "memory.current", "inactive_file "];
        let left = |path| linux::tree(root, path, files, 2000);
        group("a", "1000\n", "700\n");
        group("a/b", "max\n", "300\n");
        assert_eq!(left("a/b"), Some(300));
        group("a/b", "350\n", "300\n");
        assert_eq!(left("a/b"), Some(50));
        write(root.join("a/b/memory.stat"), "file 9\ninactive_file 40\n").expect("a file");
        assert_eq!(left("a/b"), Some(90), "the cache can be given back");
        group("a/b", "100\n", "300\n");
        assert_eq!(left("a/b"), Some(0));
        group("a/b", "9223372036854771712\n", "300\n");
        assert_eq!(left("a/b"), Some(300), "no limit");
        assert_eq!(left(""), None, "the root has no limit");
        assert_eq!(left("not/seen/here"), None);
    }
}
