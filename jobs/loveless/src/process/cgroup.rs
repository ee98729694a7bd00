//! Memory limits by the kernel, where this process may make cgroups: version 2, else version 1.
//!
//! A function's process is in its cgroup before it executes anything, so everything that it starts
//! is, too. What goes over the limit is killed by the kernel, which counts it; and what is in a
//! cgroup can be found, and killed, whatever it did to its group, session and environment.
//!
//! Containers seldom may (their `/sys/fs/cgroup` is read-only); then `memory` watches and the
//! container's own limit is the last resort.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// Set to `watch`, it keeps this process from making cgroups.
const SWITCH: &str = "LOVELESS_LIMITS";

/// Names of our cgroups begin with this.
const PREFIX: &str = "loveless-";

/// Where cgroups for children can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hierarchy {
    version: Version,
    /// This process's own cgroup, or the one whose children ours become.
    parent: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// The cgroup of one child. Dropping it removes it, once nothing is in it any more.
#[derive(Debug)]
pub(crate) struct Cgroup {
    version: Version,
    path: PathBuf,
}

/// How memory limits are enforced here, in words for a person.
pub(crate) fn method() -> String {
    match hierarchy() {
        Some(Hierarchy { version, parent }) => {
            let version = match version {
                Version::One => 1,
                Version::Two => 2,
            };
            format!("cgroup v{version} below {}", parent.display())
        }
        None => "rlimits and watching resident memory".to_owned(),
    }
}

/// Looked for once: what may be done does not change while a process lives.
fn hierarchy() -> Option<&'static Hierarchy> {
    static FOUND: OnceLock<Option<Hierarchy>> = OnceLock::new();
    FOUND
        .get_or_init(|| {
            if std::env::var(SWITCH).is_ok_and(|value| value == "watch") {
                return None;
            }
            let own = fs::read_to_string("/proc/self/cgroup").ok()?;
            let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
            [Version::Two, Version::One]
                .into_iter()
                .find_map(|version| {
                    let parent = own_cgroup(version, &own, &mounts)?;
                    let hierarchy = Hierarchy { version, parent };
                    match hierarchy.prepare() {
                        Ok(()) => Some(hierarchy),
                        Err(error) => {
                            tracing::debug!(%error, ?hierarchy, "no cgroups here");
                            None
                        }
                    }
                })
        })
        .as_ref()
}

/// The folder of this process's cgroup, by `/proc/self/cgroup` and `/proc/self/mountinfo`.
fn own_cgroup(version: Version, own: &str, mounts: &str) -> Option<PathBuf> {
    // hierarchy:controllers:path
    let path = own.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        let fits = match version {
            Version::One => controllers.split(',').any(|name| name == "memory"),
            Version::Two => controllers.is_empty(),
        };
        fits.then_some(path)
    })?;
    // id parent major:minor root mount-point options … - kind source super-options
    mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut after = after.split(' ');
        let (kind, options) = (after.next()?, after.nth(1)?);
        let fits = match version {
            Version::One => kind == "cgroup" && options.split(',').any(|name| name == "memory"),
            Version::Two => kind == "cgroup2",
        };
        let mut before = before.split(' ').skip(3);
        let (root, point) = (before.next()?, before.next()?);
        // In a container the mount shows a part only, and the path may be the host's.
        let inside = Path::new(path).strip_prefix(root).unwrap_or(Path::new(""));
        fits.then(|| Path::new(point).join(inside))
    })
}

impl Hierarchy {
    /// Whether cgroups with a memory limit can be made below; with version 2, sees to it.
    fn prepare(&self) -> io::Result<()> {
        if self.version == Version::Two {
            self.enable_memory()?;
        }
        self.remove_stale();
        let probe = self.create()?;
        probe.limit(64 << 20)
    }

    /// Version 2 gives controllers only to children of a cgroup that has no processes itself: if
    /// this process is alone there, it steps aside.
    fn enable_memory(&self) -> io::Result<()> {
        let read = |name: &str| fs::read_to_string(self.parent.join(name));
        let has = |text: &str| text.split_ascii_whitespace().any(|name| name == "memory");
        if has(&read("cgroup.subtree_control")?) {
            return Ok(());
        }
        if !has(&read("cgroup.controllers")?) {
            return Err(io::Error::from(io::ErrorKind::Unsupported));
        }
        let own = std::process::id().to_string();
        if read("cgroup.procs")?.lines().all(|line| line == own) {
            let aside = self.parent.join("loveless");
            make_folder(&aside)?;
            fs::write(aside.join("cgroup.procs"), &own)?;
        }
        fs::write(self.parent.join("cgroup.subtree_control"), "+memory")
    }

    /// Removes what a killed predecessor left; a cgroup with processes in it stays, and so does
    /// one of a process that lives, which may be about to use it.
    fn remove_stale(&self) {
        for entry in fs::read_dir(&self.parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let owner = name.to_str().and_then(|name| {
                let (owner, _) = name.strip_prefix(PREFIX)?.split_once('-')?;
                owner.parse::<u32>().ok()
            });
            if owner.is_some_and(|owner| !Path::new(&format!("/proc/{owner}")).exists()) {
                let _ = fs::remove_dir(entry.path());
            }
        }
    }

    fn create(&self) -> io::Result<Cgroup> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{number}", std::process::id());
        let path = self.parent.join(name);
        make_folder(&path)?;
        Ok(Cgroup {
            version: self.version,
            path,
        })
    }
}

fn make_folder(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

impl Cgroup {
    /// A cgroup with this limit in bytes; `None` where there can be none.
    pub fn with_limit(bytes: u64) -> Option<Cgroup> {
        bury();
        let cgroup = hierarchy()?.create().ok()?;
        match cgroup.limit(bytes) {
            Ok(()) => Some(cgroup),
            Err(error) => {
                tracing::warn!(%error, bytes, "the cgroup's limit cannot be set");
                None
            }
        }
    }

    fn limit(&self, bytes: u64) -> io::Result<()> {
        let write = |name: &str, value: &str| fs::write(self.path.join(name), value);
        match self.version {
            Version::One => {
                write("memory.limit_in_bytes", &bytes.to_string())?;
                // Swap would let it have more. Not every kernel counts it.
                let _ = write("memory.memsw.limit_in_bytes", &bytes.to_string());
            }
            Version::Two => {
                write("memory.max", &bytes.to_string())?;
                let _ = write("memory.swap.max", "0");
                // All or nothing: half a function is none.
                let _ = write("memory.oom.group", "1");
            }
        }
        Ok(())
    }

    /// The file by which a process joins: it writes `0` there.
    pub fn entrance(&self) -> io::Result<OwnedFd> {
        let file = fs::OpenOptions::new()
            .write(true)
            .open(self.path.join("cgroup.procs"))?;
        Ok(file.into())
    }

    /// Where it is.
    #[cfg(test)]
    fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the kernel killed something in it for its memory.
    pub fn was_over_limit(&self) -> bool {
        let file = match self.version {
            Version::One => "memory.oom_control",
            Version::Two => "memory.events",
        };
        let text = fs::read_to_string(self.path.join(file)).unwrap_or_default();
        text.lines()
            .filter_map(|line| line.strip_prefix("oom_kill "))
            .any(|count| count.trim() != "0")
    }

    /// Kills everything in it.
    pub fn kill(&self) {
        if self.version == Version::Two && fs::write(self.path.join("cgroup.kill"), "1").is_ok() {
            return;
        }
        for _ in 0..100 {
            let members = fs::read_to_string(self.path.join("cgroup.procs")).unwrap_or_default();
            let mut members = members.lines().filter_map(|id| id.parse().ok()).peekable();
            if members.peek().is_none() {
                return;
            }
            for member in members.filter_map(Pid::from_raw) {
                let _ = kill_process(member, Signal::KILL);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Cgroups that could not be removed yet, because the dead in them were not gone.
static GRAVES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn bury() {
    let mut graves = GRAVES.lock().unwrap_or_else(PoisonError::into_inner);
    graves.retain(|path| {
        matches!(fs::remove_dir(path), Err(error) if error.kind() == io::ErrorKind::ResourceBusy)
    });
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        if fs::remove_dir(&self.path).is_err() {
            let mut graves = GRAVES.lock().unwrap_or_else(PoisonError::into_inner);
            graves.push(self.path.clone());
        }
    }
}

#[cfg(test)]
mod tests;
