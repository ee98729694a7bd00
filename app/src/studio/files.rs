//! The studio's files: which photographs it shows, where their results go, and how one is written.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Result;
use whiteboarder_core::clean::clean_bytes;
use whiteboarder_core::image::Limits;

use super::message::{Msg, WriteJob};
use super::model::{Photo, PhotoState};
use crate::cleaning::layout::{destination, find, lay_out, skipped_lines};
use crate::cleaning::write::write_atomic;
use crate::error::Failure;
use crate::term::text;

/// Where results go when nothing else is said.
pub const OUTPUT: &str = "cleaned";

/// The sample boards, beside the working directory of a checkout.
const SAMPLES: &str = "assets/boards";

/// What the studio opens.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// The photographs.
    pub photos: Vec<Photo>,
    /// The files and folders they were found in.
    pub paths: Vec<PathBuf>,
    /// What lay in the folders and was left out, in a line; empty when nothing was.
    pub left_out: String,
}

/// Finds the photographs as `whiteboarder clean` does, and gives each the place that `clean` would. Without a path
/// these are the sample boards, if there are any.
pub fn gather(paths: &[PathBuf], output: Option<&Path>) -> Result<Gathered> {
    let samples = [PathBuf::from(SAMPLES)];
    let paths = match paths {
        [] if samples[0].is_dir() => &samples,
        [] => return Ok(Gathered::default()),
        paths => paths,
    };
    let output = output.unwrap_or(Path::new(OUTPUT));
    let found = find(paths, Some(output))?;
    let destination = destination(output, found.files.len())?;
    let (named, lying): (Vec<_>, Vec<_>) =
        found.skipped.into_iter().partition(|skipped| skipped.named);
    let jobs = lay_out(found.files, &destination)?;
    let readable = jobs.into_iter().map(|job| Photo {
        path: job.source.path,
        name: job.source.name,
        output: job.output,
        state: PhotoState::Unread,
    });
    // Somebody named these, and looks for them in the list.
    let refused = named.into_iter().map(|skipped| Photo {
        name: skipped.path.file_name().map_or_else(
            || text::path(&skipped.path),
            |name| name.to_string_lossy().into_owned(),
        ),
        path: skipped.path,
        output: PathBuf::new(),
        state: PhotoState::Refused(skipped.reason),
    });
    Ok(Gathered {
        photos: readable.chain(refused).collect(),
        paths: paths.to_vec(),
        left_out: skipped_lines(&lying).join("; "),
    })
}

/// Keeps half-written files from being left behind: whoever leaves closes it, and waits so for a file that
/// is on its way to the disk. A cleaning that has not come that far never will.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Mutex<bool>>);

impl Gate {
    /// From now on nothing is written.
    pub fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    fn pass<T>(&self, write: impl FnOnce() -> T) -> Option<T> {
        let closed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!*closed).then(write)
    }
}

/// Cleans a photograph's file at full size and writes the result: the bytes that `whiteboarder clean` writes.
/// `None` when the gate was closed meanwhile.
pub fn write(job: WriteJob, gate: &Gate) -> Option<Msg> {
    // A link that leads nowhere is something that is there, too.
    if !job.replace && job.output.symlink_metadata().is_ok() {
        return Some(Msg::FileExists(job));
    }
    let started = Instant::now();
    let cleaned = std::fs::read(&job.path)
        .map_err(|error| Failure::file("read", &job.path, &error).to_string())
        .and_then(|bytes| {
            clean_bytes(&bytes, &job.recipe, &Limits::default()).map_err(|error| {
                format!(
                    "{}: {}",
                    text::path(&job.path),
                    text::safe(&error.to_string())
                )
            })
        });
    let written = match cleaned {
        Ok(cleaned) => gate.pass(|| {
            write_atomic(&job.output, &cleaned.png)
                .map_err(|error| Failure::file("write", &job.output, &error).to_string())
        })?,
        Err(sentence) => Err(sentence),
    };
    let seconds = written.map(|()| started.elapsed().as_secs_f64());
    Some(Msg::Written { job, seconds })
}

#[cfg(test)]
mod tests {
    use super::*;
    use whiteboarder_core::image::{Channels, Picture, encode_png};
    use whiteboarder_core::recipe::Recipe;

    fn board(path: &Path) {
        let data = (0..60 * 40 * 3).map(|n| 150 + (n % 70) as u8).collect();
        let picture = Picture::new(60, 40, Channels::Rgb, data).unwrap();
        std::fs::write(path, encode_png(&picture).unwrap()).unwrap();
    }

    fn job(folder: &Path) -> WriteJob {
        let mut recipe = Recipe::default();
        recipe.finish.white = 80.0;
        WriteJob {
            photo: 0,
            path: folder.join("board.png"),
            output: folder.join("out/board.png.png"),
            recipe,
            replace: false,
        }
    }

    #[test]
    fn what_is_written_is_what_clean_writes() {
        let folder = tempfile::tempdir().unwrap();
        let job = job(folder.path());
        board(&job.path);
        let message = write(job.clone(), &Gate::default()).unwrap();
        assert!(matches!(message, Msg::Written { seconds: Ok(_), .. }));
        let bytes = std::fs::read(&job.path).unwrap();
        let cleaned = clean_bytes(&bytes, &job.recipe, &Limits::default()).unwrap();
        assert_eq!(std::fs::read(&job.output).unwrap(), cleaned.png);
    }

    #[test]
    fn a_file_that_is_there_is_replaced_only_when_that_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let mut job = job(folder.path());
        board(&job.path);
        std::fs::create_dir(folder.path().join("out")).unwrap();
        std::fs::write(&job.output, "mine").unwrap();
        let asked = write(job.clone(), &Gate::default()).unwrap();
        assert!(matches!(asked, Msg::FileExists(_)));
        assert_eq!(std::fs::read(&job.output).unwrap(), b"mine");
        job.replace = true;
        write(job.clone(), &Gate::default()).unwrap();
        assert_ne!(std::fs::read(&job.output).unwrap(), b"mine");
    }

    #[test]
    fn behind_a_closed_gate_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let job = job(folder.path());
        board(&job.path);
        let gate = Gate::default();
        gate.close();
        assert!(write(job.clone(), &gate).is_none());
        assert!(!job.output.exists());
    }

    #[test]
    fn what_cannot_be_written_is_told_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let job = job(folder.path());
        std::fs::write(&job.path, "no picture").unwrap();
        let Some(Msg::Written {
            seconds: Err(why), ..
        }) = write(job, &Gate::default())
        else {
            panic!("it was written");
        };
        assert!(why.contains("board.png: this is not a"), "{why}");
    }

    #[test]
    fn files_that_were_named_but_cannot_be_opened_stay_in_the_list() {
        let folder = tempfile::tempdir().unwrap();
        board(&folder.path().join("b.png"));
        let notes = folder.path().join("notes.txt");
        std::fs::write(&notes, "x").unwrap();
        let paths = [folder.path().join("b.png"), notes];
        let gathered = gather(&paths, Some(&folder.path().join("out"))).unwrap();
        assert_eq!(gathered.photos.len(), 2);
        assert_eq!(
            gathered.photos[0].output,
            folder.path().join("out/b.png.png")
        );
        assert!(matches!(gathered.photos[1].state, PhotoState::Refused(_)));
        assert_eq!(gathered.left_out, "");
    }

    #[test]
    fn a_result_never_overwrites_a_photograph() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.png");
        board(&path);
        let error = gather(std::slice::from_ref(&path), Some(&path)).unwrap_err();
        assert!(error.to_string().contains("would overwrite"), "{error}");
    }
}
