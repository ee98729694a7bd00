//! `whiteboarder local logs`: the end of the cloud's log, and what comes.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::config::Settings;
use crate::error::{Exit, Failure};
use crate::local::Files;

/// How often a log that is followed is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// Prints the last `lines` lines; with `follow` goes on until Ctrl-C, or until nobody reads any more.
pub fn run(settings: &Settings, lines: usize, follow: bool) -> Result<Exit> {
    let path = Files::of(&settings.dirs).log;
    let mut file = match open(&path)? {
        Some(file) => file,
        None if follow => match wait_for(&path)? {
            Some(file) => file,
            None => return Ok(Exit::Success),
        },
        None => {
            let note = "the local cloud has never run: there is no log";
            settings.terminal.note(note);
            return Ok(Exit::Success);
        }
    };
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    print(last(&content, lines))?;
    if !follow {
        return Ok(Exit::Success);
    }
    while pause()? {
        let mut more = Vec::new();
        file.read_to_end(&mut more)?;
        print(&more)?;
        // It was started over under its name: what the old one had is printed by now.
        let old = file.metadata()?;
        if let Ok(new) = std::fs::metadata(&path)
            && !same(&old, &new)
            && let Some(next) = open(&path)?
        {
            file = next;
        } else if old.len() < file.stream_position()? {
            // Somebody has emptied it.
            file.seek(SeekFrom::Start(0))?;
        }
    }
    Ok(Exit::Success)
}

fn open(path: &Path) -> Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::file("read", path, &error).into()),
    }
}

fn wait_for(path: &Path) -> Result<Option<File>> {
    while pause()? {
        if let Some(file) = open(path)? {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

fn same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// The last lines. A last line without an end counts.
fn last(content: &[u8], lines: usize) -> &[u8] {
    if lines == 0 {
        return &[];
    }
    let body = content.strip_suffix(b"\n").unwrap_or(content);
    let ends = body
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, byte)| **byte == b'\n');
    match ends.map(|(at, _)| at).nth(lines - 1) {
        Some(at) => &content[at + 1..],
        None => content,
    }
}

fn print(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Waits a little; `false` as soon as nobody reads our output any more, which a log that does not grow would not tell.
fn pause() -> io::Result<bool> {
    let out = io::stdout();
    let mut watched = [PollFd::new(&out, PollFlags::empty())];
    let time = Timespec {
        tv_sec: 0,
        tv_nsec: i64::from(LOOK.subsec_nanos()),
    };
    match poll(&mut watched, Some(&time)) {
        Ok(0) | Err(rustix::io::Errno::INTR) => Ok(true),
        // Only an error or a hang-up is told when nothing is asked for.
        Ok(_) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::last;

    #[test]
    fn the_last_lines_are_whole_lines() {
        let text = b"one\ntwo\nthree\n";
        assert_eq!(last(text, 0), b"");
        assert_eq!(last(text, 1), b"three\n");
        assert_eq!(last(text, 2), b"two\nthree\n");
        assert_eq!(last(text, 9), text);
        assert_eq!(last(b"one\ntwo", 1), b"two");
        assert_eq!(last(b"", 3), b"");
        assert_eq!(last(b"\n\n", 1), b"\n");
    }
}
