//! Children that die with their parent (Linux): the crate's only unsafe code.
//!
//! The kernel sends the signal when the *thread* that spawned the child ends, which is why
//! children are only spawned from the `nursery` thread, which lives as long as the process.
//! Other systems have nothing like it; there `guard` alone does the job.

use std::process::Command;

/// Makes the kernel kill the command's process (not its children: see `guard`) when the calling
/// process dies, however that comes about.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub(super) fn tie(command: &mut Command) {
    use std::io;
    use std::os::unix::process::CommandExt;

    use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

    let parent = getpid();
    // SAFETY: the closure runs in the child between fork and exec, where only async-signal-safe
    // functions may be called. It makes two plain system calls (prctl, getppid), allocates
    // nothing, takes no lock, and touches no memory but its own copy of `parent`. The errors it
    // can return carry a number only.
    unsafe {
        command.pre_exec(move || {
            set_parent_process_death_signal(Some(Signal::KILL))?;
            // The parent may have died before the call above took effect; nobody would tell us.
            if getppid() == Some(parent) {
                Ok(())
            } else {
                Err(io::Error::from_raw_os_error(
                    rustix::io::Errno::SRCH.raw_os_error(),
                ))
            }
        });
    }
}

/// Nothing to do here.
#[cfg(not(target_os = "linux"))]
pub(super) fn tie(_command: &mut Command) {}
