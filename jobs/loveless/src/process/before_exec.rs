//! What a child does between fork and exec: the crate's only unsafe code.
//!
//! On Linux it ties its life to its parent's. The kernel sends the signal when the *thread* that
//! spawned the child ends, which is why children are only spawned from the `nursery` thread, which
//! lives as long as the process. Other systems have nothing like it; there `guard` alone does the
//! job. Everywhere it writes no core dumps and may have a limit on what it allocates.

use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Resource, Rlimit, setrlimit};

/// Makes the command's process, before it executes its program, join the cgroup whose `entrance`
/// this is, take a limit on its data segment in bytes, and (on Linux) die with this process,
/// however that comes about. What its own children do is `guard`'s affair.
#[allow(unsafe_code)]
pub(super) fn prepare(command: &mut Command, entrance: Option<OwnedFd>, data_bytes: Option<u64>) {
    #[cfg(target_os = "linux")]
    let parent = rustix::process::getpid();
    let both = |limit: u64| Rlimit {
        current: Some(limit),
        maximum: Some(limit),
    };
    // SAFETY: the closure runs in the child between fork and exec, where only async-signal-safe
    // functions may be called. It makes plain system calls only (write, prctl, getppid, prlimit),
    // allocates nothing, takes no lock, and touches no memory but its own copies of what it
    // captured. The errors it can return carry a number only.
    unsafe {
        command.pre_exec(move || {
            if let Some(entrance) = &entrance {
                rustix::io::write(entrance, b"0")?;
            }
            #[cfg(target_os = "linux")]
            {
                use rustix::process::{Signal, getppid, set_parent_process_death_signal};
                set_parent_process_death_signal(Some(Signal::KILL))?;
                // The parent may have died before the call took effect; nobody would tell us.
                if getppid() != Some(parent) {
                    return Err(std::io::Error::from_raw_os_error(
                        rustix::io::Errno::SRCH.raw_os_error(),
                    ));
                }
            }
            // A refusal of either is no reason not to run.
            let _ = setrlimit(Resource::Core, both(0));
            if let Some(bytes) = data_bytes {
                let _ = setrlimit(Resource::Data, both(bytes));
            }
            Ok(())
        });
    }
}
