//! How much memory there is for functions when nobody said.

/// When nothing can be found out: what the Runtime Interface Emulator assumes.
const UNKNOWN_MB: u64 = 3008;

/// The memory of this container or machine in MB: cgroup v2's limit, else cgroup v1's, else all.
pub(super) fn memory_mb() -> u32 {
    let limits = [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ];
    let machine = machine_mb().unwrap_or(UNKNOWN_MB);
    let limit = limits
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        // `max`, or a number near 2^63, means none.
        .filter_map(|text| text.trim().parse::<u64>().ok())
        .map(|bytes| bytes >> 20)
        .next();
    let mb = limit.map_or(machine, |limit| limit.min(machine)).max(1);
    u32::try_from(mb).unwrap_or(u32::MAX)
}

#[cfg(target_os = "linux")]
fn machine_mb() -> Option<u64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kilobytes >> 10)
}

#[cfg(not(target_os = "linux"))]
fn machine_mb() -> Option<u64> {
    let output = std::process::Command::new("sysctl")
        .args(["-n", "hw.memsize"])
        .output()
        .ok()?;
    let bytes: u64 = String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .ok()?;
    Some(bytes >> 20)
}
