//! What this machine gives to one cleaning, and what it took.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::FunctionError;
use crate::event::Place;

/// MB of Lambda memory that come with one whole virtual processor.
const MB_PER_VCPU: u32 = 1769;

/// The process and the machine under it.
#[derive(Debug)]
pub struct Machine {
    /// `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`, in MB.
    memory_mb: u32,
    warm: AtomicBool,
}

impl Machine {
    /// Reads what the platform says.
    #[must_use]
    pub fn from_env() -> Self {
        let memory = std::env::var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").ok();
        Self::new(
            memory
                .and_then(|memory| memory.parse().ok())
                .unwrap_or(MB_PER_VCPU),
        )
    }

    /// A machine with so much memory for the function.
    #[must_use]
    pub fn new(memory_mb: u32) -> Self {
        Self {
            memory_mb,
            warm: AtomicBool::new(false),
        }
    }

    /// Whether this is the first cleaning of the process.
    pub(crate) fn first(&self) -> bool {
        !self.warm.swap(true, Ordering::Relaxed)
    }

    /// Threads for the pixels: Lambda gives processors in proportion to memory, a worker has the
    /// machine.
    fn threads(&self, place: Place) -> usize {
        let there = std::thread::available_parallelism().map_or(1, usize::from);
        match place {
            Place::Lambda => (self.memory_mb.div_ceil(MB_PER_VCPU) as usize).clamp(1, there),
            Place::Ecs => there,
        }
    }

    /// Runs work on processors of the lane's number, away from the async threads.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, FunctionError> {
        let threads = self.threads(place);
        let done = tokio::task::spawn_blocking(move || {
            // Made for each cleaning: it costs a fraction of a millisecond, and an idle function
            // keeps no threads.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.map(|pool| pool.install(work))
        });
        match done.await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(FunctionError::Machine(error.to_string())),
            Err(error) => Err(FunctionError::Machine(error.to_string())),
        }
    }
}

/// Starts measuring the process's peak memory afresh, where the system can.
pub(crate) fn reset_peak_memory() {
    // 5: "reset the peak resident set size" (Linux, Documentation/filesystems/proc.rst).
    #[cfg(target_os = "linux")]
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The process's peak memory in MB since the reset; `None` where the system does not tell.
pub(crate) fn peak_memory_mb() -> Option<f64> {
    #[cfg(target_os = "linux")]
    {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some((kib / 1024.0 * 10.0).round() / 10.0)
    }
    #[cfg(not(target_os = "linux"))]
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn only_the_first_cleaning_is_cold() {
        let machine = Machine::new(256);
        assert_eq!(
            [machine.first(), machine.first(), machine.first()],
            [true, false, false]
        );
    }

    #[tokio::test]
    async fn a_small_lambda_works_on_one_thread() {
        let machine = Machine::new(256);
        assert_eq!(
            machine
                .work(Place::Lambda, rayon::current_num_threads)
                .await
                .unwrap(),
            1
        );
        let there = std::thread::available_parallelism().unwrap().get();
        assert_eq!(
            machine
                .work(Place::Ecs, rayon::current_num_threads)
                .await
                .unwrap(),
            there
        );
    }

    #[tokio::test]
    async fn a_panic_in_the_pixels_is_an_error_not_an_exit() {
        let machine = Machine::new(256);
        let work = || -> u32 { std::panic::resume_unwind(Box::new("boom")) };
        assert_eq!(
            machine.work(Place::Ecs, work).await.unwrap_err().name(),
            "MachineFault"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_peak_follows_what_was_used() {
        reset_peak_memory();
        let before = peak_memory_mb().unwrap();
        let used = std::hint::black_box(vec![1_u8; 64 << 20]);
        let after = peak_memory_mb().unwrap();
        assert!(after - before > 48.0, "{before} → {after}");
        drop(used);
    }
}
