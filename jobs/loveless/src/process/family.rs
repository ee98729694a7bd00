//! Everything that a child has started, also what left its group.
//!
//! A process group can be killed in one call, but a process may leave it (`setsid`), and one whose
//! parent has ended cannot be found by going down from the child. So each child carries a mark in
//! its environment, which everything that it starts inherits, and whose bearers are looked for
//! when the child has to go. Something that clears its environment *and* leaves its group *and*
//! outlives its parent is not found this way; where cgroups can be had, it is found by those.

/// The variable that marks a child and all that it starts; its value is the child's alone.
pub(super) const MARK: &str = "LOVELESS_CHILD";

#[cfg(all(feature = "cli", target_os = "linux"))]
pub(crate) use linux::children;
#[cfg(target_os = "linux")]
pub(super) use linux::{descendants, kill_marked};

#[cfg(target_os = "linux")]
mod linux {
    use std::time::Duration;

    use rustix::process::{Pid, Signal, kill_process};

    /// A process that is being killed can have started another one in that moment; so the search
    /// is repeated until it finds nothing, this often at most.
    const ROUNDS: u32 = 32;

    /// Children of all the process's threads. A kernel without this file shows none.
    pub(crate) fn children(process: i32) -> Vec<i32> {
        let Ok(threads) = std::fs::read_dir(format!("/proc/{process}/task")) else {
            return Vec::new();
        };
        threads
            .flatten()
            .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok())
            .flat_map(|text| {
                text.split_ascii_whitespace()
                    .filter_map(|id| id.parse().ok())
                    .collect::<Vec<i32>>()
            })
            .collect()
    }

    /// Children, their children, and so on, without the process itself.
    pub(crate) fn descendants(process: i32) -> Vec<i32> {
        let mut found = Vec::new();
        let mut open = children(process);
        while let Some(child) = open.pop() {
            found.push(child);
            open.extend(children(child));
        }
        found
    }

    /// Kills these processes and all that bear the mark.
    pub(crate) fn kill_marked(mark: &str, known: &[i32]) {
        for &process in known {
            kill(process);
        }
        for _ in 0..ROUNDS {
            let marked = bearers(mark);
            if marked.is_empty() {
                return;
            }
            for process in marked {
                kill(process);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        tracing::warn!("something that a function started could not be killed");
    }

    fn kill(process: i32) {
        if let Some(process) = Pid::from_raw(process) {
            // An error means that it is gone already, or not ours.
            let _ = kill_process(process, Signal::KILL);
        }
    }

    /// Processes with the mark in their environment. Those of other users cannot be looked into,
    /// and cannot be started by a function either; a zombie's environment is empty.
    fn bearers(mark: &str) -> Vec<i32> {
        let Ok(processes) = std::fs::read_dir("/proc") else {
            return Vec::new();
        };
        let wanted = format!("{}={mark}", super::MARK);
        processes
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|id: &i32| {
                std::fs::read(format!("/proc/{id}/environ")).is_ok_and(|environment| {
                    environment
                        .split(|&byte| byte == 0)
                        .any(|variable| variable == wanted.as_bytes())
                })
            })
            .collect()
    }
}

/// Other systems have no `/proc`: the group alone is killed there.
#[cfg(not(target_os = "linux"))]
pub(super) fn descendants(_process: i32) -> Vec<i32> {
    Vec::new()
}

/// See [`descendants`].
#[cfg(not(target_os = "linux"))]
pub(super) fn kill_marked(_mark: &str, _known: &[i32]) {}
