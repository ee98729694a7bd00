//! What a worker does for being the first process of a container, or like one.
//!
//! Orphans (whose parent ended without waiting for them) become children of a container's first
//! process, and stay there as zombies unless it buries them. And what the function must not see of
//! the worker's environment, it must not read from `/proc` either.

/// Takes orphans in and hides this process's memory and environment from others of its user.
/// Outside Linux there is nothing to do.
pub(super) fn take() {
    #[cfg(target_os = "linux")]
    linux::take();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use rustix::process::{
        DumpableBehavior, Pid, WaitOptions, getpid, set_child_subreaper, set_dumpable_behavior,
        waitpid,
    };

    /// A zombie that somebody here waits for is gone in an instant; one that is still there after
    /// this long is nobody's.
    const PATIENCE: Duration = Duration::from_secs(2);

    pub(super) fn take() {
        if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
            tracing::debug!(%error, "the worker's environment can be read by the function");
        }
        if let Err(error) = set_child_subreaper(Some(getpid())) {
            tracing::debug!(%error, "orphans go elsewhere");
        }
        tokio::spawn(bury());
    }

    async fn bury() {
        let mut before = BTreeSet::new();
        loop {
            tokio::time::sleep(PATIENCE).await;
            let now: BTreeSet<i32> = crate::process::children_of(getpid().as_raw_nonzero().get())
                .into_iter()
                .filter(|child| is_zombie(*child))
                .collect();
            for child in now.intersection(&before).copied().filter_map(Pid::from_raw) {
                // An error means that somebody did wait for it after all.
                let _ = waitpid(Some(child), WaitOptions::NOHANG);
            }
            before = now;
        }
    }

    /// The state stands after the name, which may have any characters in it.
    fn is_zombie(process: i32) -> bool {
        std::fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|stat| {
            stat.rsplit(')')
                .next()
                .unwrap_or("")
                .trim()
                .starts_with('Z')
        })
    }
}
