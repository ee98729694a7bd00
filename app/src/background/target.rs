//! Where the result goes: which kind of file, never over the input, and only when it is whole.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::cleaning::write::Draft;
use crate::error::Failure;
use crate::term::text;

/// What can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 8 and 16 bits.
    Png,
    /// The same, and floating-point samples.
    Tiff,
}

impl Kind {
    /// By the name's ending, in any case.
    pub fn of(output: &Path) -> Result<Kind, Failure> {
        let ending = output
            .extension()
            .map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        match ending.as_deref() {
            Some("png") => Ok(Kind::Png),
            Some("tif" | "tiff") => Ok(Kind::Tiff),
            _ => Err(Failure::usage(format!(
                "{} is neither PNG nor TIFF by its name",
                text::path(output)
            ))
            .hint("name a file that ends in .png, .tif or .tiff with -o")),
        }
    }
}

/// Refuses an output that is a folder, or the input itself, under whatever name.
pub fn check(input: &Path, output: &Path) -> Result<(), Failure> {
    if input.is_dir() {
        return Err(
            Failure::usage(format!("cannot read {}: it is a folder", text::path(input)))
                .hint("name one picture; `whiteboarder clean` takes folders"),
        );
    }
    // What cannot be looked at is no input that can be overwritten; whoever opens it says what is wrong.
    let Ok(there) = std::fs::metadata(output) else {
        return Ok(());
    };
    if there.is_dir() {
        return Err(Failure::usage(format!(
            "cannot write {}: it is a folder",
            text::path(output)
        ))
        .hint("name a file that ends in .png, .tif or .tiff with -o"));
    }
    let same = std::fs::metadata(input)
        .is_ok_and(|input| (input.dev(), input.ino()) == (there.dev(), there.ino()));
    if same {
        return Err(Failure::usage(format!(
            "the result of {} would overwrite {}, which is the input",
            text::path(input),
            text::path(output)
        ))
        .hint("choose another file with -o"));
    }
    Ok(())
}

/// The place of one result, shared by the thread that writes and the one that may end it.
#[derive(Debug, Default)]
pub struct Slot(Mutex<State>);

#[derive(Debug, Default)]
enum State {
    #[default]
    Empty,
    Open(Draft),
    Finished,
    Closed,
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins the result of this name. `None` when it was closed already.
    pub fn open(&self, path: &Path) -> io::Result<Option<File>> {
        let mut state = self.lock();
        if matches!(*state, State::Closed) {
            return Ok(None);
        }
        let draft = Draft::new(path)?;
        let file = draft.handle()?;
        *state = State::Open(draft);
        Ok(Some(file))
    }

    /// Gives the result its name. `false` when it was closed before.
    pub fn finish(&self) -> io::Result<bool> {
        let mut state = self.lock();
        match std::mem::take(&mut *state) {
            State::Open(draft) => {
                draft.finish()?;
                *state = State::Finished;
                Ok(true)
            }
            other => {
                *state = other;
                Ok(false)
            }
        }
    }

    /// Takes an unfinished result away; from here on there will be none. `true` when it is finished, and stays.
    pub fn close(&self) -> bool {
        let mut state = self.lock();
        if matches!(*state, State::Finished) {
            return true;
        }
        *state = State::Closed;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn the_ending_says_what_is_written() {
        assert_eq!(Kind::of(Path::new("a.PNG")).unwrap(), Kind::Png);
        assert_eq!(Kind::of(Path::new("b/a.tiff")).unwrap(), Kind::Tiff);
        assert!(Kind::of(Path::new("a.jpg")).is_err() && Kind::of(Path::new("png")).is_err());
    }

    #[test]
    fn one_file_under_several_names_is_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a.png"), "x").unwrap();
        std::fs::hard_link(at("a.png"), at("hard.png")).unwrap();
        std::os::unix::fs::symlink(at("a.png"), at("soft.png")).unwrap();
        std::fs::write(at("b.png"), "x").unwrap();
        for name in ["a.png", "hard.png", "soft.png"] {
            assert!(check(&at("a.png"), &at(name)).is_err(), "{name}");
        }
        for name in ["b.png", "c.png"] {
            assert!(check(&at("a.png"), &at(name)).is_ok(), "{name}");
        }
        assert!(check(&at("a.png"), folder.path()).is_err());
    }

    #[test]
    fn what_is_closed_leaves_nothing_and_what_is_finished_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let slot = Slot::default();
        slot.open(&path).unwrap().unwrap().write_all(b"x").unwrap();
        assert!(!slot.close());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(!slot.finish().unwrap() && slot.open(&path).unwrap().is_none());

        let slot = Slot::default();
        slot.open(&path).unwrap().unwrap().write_all(b"x").unwrap();
        assert!(slot.finish().unwrap() && slot.close());
        assert_eq!(std::fs::read(&path).unwrap(), b"x");
    }
}
