//! A child process as the leader of a group of its own, from start to end.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process, kill_process_group, waitid,
};
use tokio::signal::unix::{Signal as Signals, SignalKind, signal};
use tokio::sync::watch;

use super::cgroup::Cgroup;
use super::{before_exec, family, guard, nursery};

/// The reading ends of the child's standard output and standard error.
pub type Output = [OwnedFd; 2];

/// What a child may take.
#[derive(Debug, Default)]
pub(crate) struct Confinement {
    /// Its cgroup, which limits its memory.
    pub cgroup: Option<Cgroup>,
    /// The most that it may allocate, in bytes (`RLIMIT_DATA`).
    pub data_bytes: Option<u64>,
}

/// A child process in a group of its own that dies with its parent, however the parent ends:
/// dropping it kills it with its whole group and whatever else it started (on Linux also what left
/// the group), and when this process is killed, the kernel (on Linux) and a small guard process
/// (everywhere) do the same.
#[derive(Debug)]
pub struct Child {
    group: Arc<Group>,
    exit: watch::Receiver<Option<ExitStatus>>,
}

/// A process group that can be killed for as long as its number is surely its own.
#[derive(Debug)]
struct Group {
    leader: Pid,
    /// Set when the leader is about to be reaped: from then on the number may be reused.
    over: Mutex<bool>,
    /// What its descendants have in their environment; see `family`.
    mark: String,
    cgroup: Option<Cgroup>,
}

impl Group {
    fn signal(&self, send: impl FnOnce(Pid) -> rustix::io::Result<()>) {
        let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        if !*over
            && let Err(error) = send(self.leader)
            && error != Errno::SRCH
        {
            tracing::warn!(%error, group = self.leader.as_raw_nonzero(), "cannot signal a process");
        }
    }

    fn has_ended(&self) -> bool {
        let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        *over || !matches!(look(self.leader), Ok(None) | Err(Errno::INTR))
    }

    /// Kills the leader, its group, and whatever else it started.
    fn kill(&self) {
        let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        if *over {
            return;
        }
        // Before the leader is dead: its children have other parents then.
        let known = family::descendants(self.leader.as_raw_nonzero().get());
        if let Err(error) = kill_process_group(self.leader, Signal::KILL)
            && error != Errno::SRCH
        {
            tracing::warn!(%error, group = self.leader.as_raw_nonzero(), "cannot kill a process");
        }
        if let Some(cgroup) = &self.cgroup {
            cgroup.kill();
        }
        family::kill_marked(&self.mark, &known);
    }
}

impl Child {
    /// Starts a command with exactly these environment variables (and `LOVELESS_CHILD`, a mark by
    /// which what it starts is found), no input, and its output piped.
    pub async fn start(
        command: &[String],
        variables: BTreeMap<String, String>,
    ) -> io::Result<(Child, Output)> {
        Child::start_confined(command, variables, Confinement::default()).await
    }

    /// The same within limits.
    pub(crate) async fn start_confined(
        command: &[String],
        variables: BTreeMap<String, String>,
        confinement: Confinement,
    ) -> io::Result<(Child, Output)> {
        let mark = uuid::Uuid::new_v4().simple().to_string();
        let (program, arguments) = command
            .split_first()
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let mut prepared = Command::new(program);
        prepared
            .args(arguments)
            .env_clear()
            .envs(variables)
            .env(family::MARK, &mark)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let Confinement { cgroup, data_bytes } = confinement;
        let entrance = cgroup.as_ref().map(Cgroup::entrance).transpose()?;
        before_exec::prepare(&mut prepared, entrance, data_bytes);
        // In a task of its own: whoever waits may give up, and the child must not be forgotten
        // between its start and the moment there is a `Child` that kills it on drop.
        tokio::spawn(Child::begin(prepared, mark, cgroup))
            .await
            .map_err(io::Error::other)?
    }

    async fn begin(
        command: Command,
        mark: String,
        cgroup: Option<Cgroup>,
    ) -> io::Result<(Child, Output)> {
        // Before the start, so that no end is missed.
        let ends = signal(SignalKind::child())?;
        let mut process = nursery::spawn(command).await?;
        let leader = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
        let (Some(stdout), Some(stderr), Some(leader)) =
            (process.stdout.take(), process.stderr.take(), leader)
        else {
            let _ = process.kill();
            return Err(io::Error::other("the process has no pipes"));
        };
        let group = Arc::new(Group {
            leader,
            over: Mutex::new(false),
            mark,
            cgroup,
        });
        let (told, exit) = watch::channel(None);
        let child = Child {
            group: group.clone(),
            exit,
        };
        guard::add(leader.as_raw_nonzero().get(), &group.mark).await;
        tokio::spawn(reap(process, group, ends, told));
        Ok((child, [stdout.into(), stderr.into()]))
    }

    /// The process's number, which is its group's, too.
    #[must_use]
    pub fn id(&self) -> i32 {
        self.group.leader.as_raw_nonzero().get()
    }

    /// Whether the process has ended. Asks the kernel, so it is never behind the times.
    #[must_use]
    pub fn has_exited(&self) -> bool {
        self.group.has_ended()
    }

    /// Waits for the end of the process. Its group has been killed by then.
    pub async fn exited(&mut self) -> ExitStatus {
        match self.exit.wait_for(Option::is_some).await {
            Ok(status) => status.unwrap_or_default(),
            // The reaper went with its runtime, and the child with the reaper.
            Err(_) => ExitStatus::from_raw(Signal::KILL.as_raw()),
        }
    }

    /// A copy of what tells its end: nothing until then.
    pub(crate) fn end(&self) -> watch::Receiver<Option<ExitStatus>> {
        self.exit.clone()
    }

    /// Kills the process and everything that it started.
    pub fn kill_group(&self) {
        self.group.kill();
    }

    /// Whether the kernel killed it, or something that it started, for its memory.
    pub(crate) fn was_over_limit(&self) -> bool {
        let cgroup = self.group.cgroup.as_ref();
        cgroup.is_some_and(Cgroup::was_over_limit)
    }

    /// Asks the process to end (SIGTERM).
    pub fn terminate(&self) {
        self.group
            .signal(|leader| kill_process(leader, Signal::TERM));
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.group.kill();
    }
}

/// How a child ended, if it did, without reaping it.
fn look(leader: Pid) -> rustix::io::Result<Option<WaitIdStatus>> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(leader), options)
}

/// Waits for the end, kills what is left of the group while its number is still held by the dead
/// leader, and only then reaps it.
async fn reap(
    mut process: std::process::Child,
    group: Arc<Group>,
    mut ends: Signals,
    told: watch::Sender<Option<ExitStatus>>,
) {
    // An error means that somebody else reaped our child, against all custom.
    while let Ok(None) | Err(Errno::INTR) = look(group.leader) {
        tokio::select! {
            _ = ends.recv() => {}
            // SIGCHLD should be enough; this is for an embedding program that blocks it.
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
    group.kill();
    *group.over.lock().unwrap_or_else(PoisonError::into_inner) = true;
    guard::remove(group.leader.as_raw_nonzero().get(), &group.mark);
    let status = process.wait().unwrap_or_else(|error| {
        tracing::warn!(%error, "the end of a process was taken by somebody else");
        ExitStatus::from_raw(Signal::KILL.as_raw())
    });
    told.send_replace(Some(status));
}
