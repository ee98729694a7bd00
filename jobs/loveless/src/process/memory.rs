//! How much memory a function's process has resident, and the limit on it.

#[cfg(target_os = "linux")]
use super::family::descendants;

/// Watches one process and its descendants.
#[derive(Debug)]
pub(super) struct Memory {
    process: i32,
    limit_bytes: u64,
    last_bytes: u64,
    peak_bytes: u64,
}

impl Memory {
    /// `limit_mb` 0 means no limit.
    pub fn of(process: i32, limit_mb: u32) -> Memory {
        let limit_bytes = match limit_mb {
            0 => u64::MAX,
            mb => u64::from(mb) << 20,
        };
        Memory {
            process,
            limit_bytes,
            last_bytes: 0,
            peak_bytes: 0,
        }
    }

    /// Forgets earlier peaks: an invocation begins with what the process has now.
    pub fn begin(&mut self) {
        self.peak_bytes = self.last_bytes;
    }

    /// Looks once; true when the process is over its limit.
    pub async fn look(&mut self) -> bool {
        let now = resident_bytes(self.process).await;
        self.last_bytes = now;
        self.peak_bytes = self.peak_bytes.max(now);
        now > self.limit_bytes
    }

    /// The kernel killed it at its limit, which was more than was seen.
    pub fn reached_limit(&mut self) {
        if self.limit_bytes < u64::MAX {
            self.peak_bytes = self.peak_bytes.max(self.limit_bytes);
        }
    }

    /// The highest seen, in MB, rounded up.
    pub fn peak_mb(&self) -> u32 {
        u32::try_from(self.peak_bytes.div_ceil(1 << 20)).unwrap_or(u32::MAX)
    }
}

/// Resident memory of the process, plus what its descendants have for themselves. 0 when there is
/// no such process (any more).
#[cfg(target_os = "linux")]
#[allow(clippy::unused_async, reason = "other systems have to wait for `ps`")]
async fn resident_bytes(process: i32) -> u64 {
    // Reading /proc does not touch a disk: too quick to be worth another thread.
    let page = rustix::param::page_size() as u64;
    let Some((resident, _)) = statm(process) else {
        return 0;
    };
    let mut pages = resident;
    for (resident, shared) in descendants(process).into_iter().filter_map(statm) {
        pages += resident.saturating_sub(shared);
    }
    pages * page
}

/// Resident and shared pages; see `proc_pid_statm(5)`.
#[cfg(target_os = "linux")]
fn statm(process: i32) -> Option<(u64, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{process}/statm")).ok()?;
    let mut fields = text.split_ascii_whitespace().skip(1);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// Resident memory of the group, by `ps`.
#[cfg(not(target_os = "linux"))]
async fn resident_bytes(process: i32) -> u64 {
    let output = tokio::process::Command::new("ps")
        .args(["-o", "rss=", "-g", &process.to_string()])
        .stdin(std::process::Stdio::null())
        .output()
        .await;
    let Ok(output) = output else { return 0 };
    let kilobytes: u64 = String::from_utf8_lossy(&output.stdout)
        .split_ascii_whitespace()
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    kilobytes << 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sees_its_own_process_grow() {
        let own = std::process::id() as i32;
        let mut memory = Memory::of(own, 0);
        memory.look().await;
        let before = memory.peak_mb();
        assert!(before > 0);
        let ballast = vec![1u8; 64 << 20];
        assert!(!memory.look().await, "0 means no limit");
        assert!(
            memory.peak_mb() >= before + 32,
            "{} after {before}",
            memory.peak_mb()
        );
        assert!(
            Memory::of(own, 1).look().await,
            "1 MB is too little for anything"
        );
        drop(ballast);
    }

    #[tokio::test]
    async fn a_process_that_is_gone_has_none() {
        let mut memory = Memory::of(i32::MAX, 1);
        assert!(!memory.look().await);
        assert_eq!(memory.peak_mb(), 0);
    }
}
