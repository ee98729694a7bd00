//! What kills a function's *grandchildren* when the supervisor itself is killed.
//!
//! A supervisor that runs can kill a whole process group. One that got SIGKILL cannot, and the
//! kernel's parent-death signal reaches direct children only. So one tiny shell per supervising
//! process reads the groups' numbers from a pipe; when the supervisor dies, however that comes
//! about, the pipe ends and the shell kills every group still on its list. Where there is no
//! `/bin/sh` (an image `FROM scratch`), the supervisor is the container's first process and its
//! end takes everything with it anyway.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::nursery;

/// Reads `+ GROUP/MARK` and `- GROUP/MARK`, one a line. Signals meant for the supervisor's group
/// or terminal are not for it: only the end of the pipe is. What left its group is found by its
/// mark, where there are `/proc` and `grep`.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
groups=" "
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) case $groups in *" $group "*) groups="${groups%% "$group" *} ${groups#* "$group" }" ;; esac ;;
  esac
done
marks=""
for group in $groups; do
  kill -s KILL -- "-${group%/*}" 2>/dev/null
  marks="$marks -e LOVELESS_CHILD=${group#*/}"
done
[ -n "$marks" ] || exit 0
for round in 1 2 3; do
  for file in $(grep -l -a $marks /proc/[0-9]*/environ 2>/dev/null); do
    file=${file#/proc/}
    kill -s KILL "${file%/environ}" 2>/dev/null
  done
done
"#;

static GUARD: OnceCell<Option<Mutex<ChildStdin>>> = OnceCell::const_new();

/// Puts a group on the list, with the mark of its processes.
pub(super) async fn add(group: i32, mark: &str) {
    GUARD.get_or_init(start).await;
    tell('+', group, mark);
}

/// Takes a group off the list, before its number can be anybody else's.
pub(super) fn remove(group: i32, mark: &str) {
    tell('-', group, mark);
}

fn tell(sign: char, group: i32, mark: &str) {
    if let Some(Some(guard)) = GUARD.get() {
        let mut pipe = guard.lock().unwrap_or_else(PoisonError::into_inner);
        // One write of a few bytes to a pipe that is always being read: it does not block.
        if let Err(error) = pipe.write_all(format!("{sign} {group}/{mark}\n").as_bytes()) {
            tracing::debug!(%error, "the guard of process groups is gone");
        }
    }
}

async fn start() -> Option<Mutex<ChildStdin>> {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", SCRIPT])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    let started: io::Result<_> = nursery::spawn(command).await;
    match started {
        Ok(mut shell) => shell.stdin.take().map(Mutex::new),
        Err(error) => {
            tracing::debug!(%error, "no guard: grandchildren may outlive a killed supervisor");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the guard would kill, told instead of done.
    fn killed(lines: &str) -> String {
        let group = "kill -s KILL -- \"-${group%/*}\" 2>/dev/null";
        let script = SCRIPT.replace(group, "echo \"${group%/*}\"");
        assert_ne!(script, SCRIPT);
        let mut shell = Command::new("/bin/sh")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        shell
            .stdin
            .take()
            .unwrap()
            .write_all(lines.as_bytes())
            .unwrap();
        let output = shell.wait_with_output().unwrap();
        String::from_utf8(output.stdout)
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn kills_exactly_the_groups_that_are_left() {
        assert_eq!(killed(""), "");
        assert_eq!(killed("+ 10/a\n+ 1/b\n+ 100/c\n"), "10 1 100");
        assert_eq!(killed("+ 10/a\n+ 1/b\n+ 100/c\n- 1/b\n"), "10 100");
        assert_eq!(killed("+ 10/a\n- 10/a\n+ 11/b\n+ 10/c\n- 11/b\n"), "10");
        assert_eq!(killed("+ 7/a\n- 8/b\n"), "7");
    }
}
