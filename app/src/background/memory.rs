//! How much memory the process took at most.

/// Peak of the process's resident memory in bytes, since it started; `None` where the system does not tell.
pub fn peak_bytes() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        high_water(&std::fs::read_to_string("/proc/self/status").ok()?)
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// The line `VmHWM` of Linux's `/proc/<pid>/status` (Documentation/filesystems/proc.rst), which counts KiB.
#[cfg(any(target_os = "linux", test))]
fn high_water(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_water_mark_is_found_among_other_lines() {
        let status = "Name:\tx\nVmPeak:\t  9 kB\nVmHWM:\t    1632 kB\nVmRSS:\t 7 kB\n";
        assert_eq!(high_water(status), Some(1632 << 10));
        assert_eq!(high_water("Name:\tx\n"), None);
    }
}
