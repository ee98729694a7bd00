//! A document with a page per picture, written while they are cleaned.
//!
//! Pages come in the order of the pictures, however many are cleaned at a time: a thread whose picture is ready waits for
//! those before it. So there are never more pictures in memory than threads.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use whiteboarder_core::image::Picture;
use whiteboarder_core::output::{OutputError, PageSize, Pdf};

use super::write::Draft;

/// A document that is being written.
#[derive(Debug)]
pub struct Document {
    path: PathBuf,
    state: Mutex<State>,
    turned: Condvar,
}

#[derive(Debug)]
struct State {
    /// The picture whose turn it is.
    next: usize,
    pages: usize,
    /// Gone once it is finished or given up.
    open: Option<(Pdf<BufWriter<File>>, Draft)>,
}

/// A document that was written.
#[derive(Clone, Debug, Serialize)]
pub struct Written {
    /// Where it is.
    pub path: PathBuf,
    /// How many pages it has.
    pub pages: usize,
    /// Its size.
    pub bytes: u64,
}

impl Document {
    /// Begins a document that will be at `path`.
    pub fn new(path: &Path) -> io::Result<Document> {
        let draft = Draft::new(path)?;
        let pdf = Pdf::new(BufWriter::new(draft.handle()?), None).map_err(io_error)?;
        Ok(Document {
            path: path.to_owned(),
            state: Mutex::new(State {
                next: 0,
                pages: 0,
                open: Some((pdf, draft)),
            }),
            turned: Condvar::new(),
        })
    }

    /// Where it will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for this picture's turn; false when it will not come because everything stops.
    pub fn wait(&self, index: usize, stopping: &AtomicBool) -> bool {
        let mut state = self.lock();
        while !stopping.load(Ordering::SeqCst) {
            if state.next == index {
                return true;
            }
            state = self
                .turned
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        false
    }

    /// Lets those who wait look whether everything stops.
    pub fn wake(&self) {
        drop(self.lock());
        self.turned.notify_all();
    }

    /// Adds a page and tells its number.
    pub fn page(&self, picture: &Picture) -> Result<usize, OutputError> {
        let mut state = self.lock();
        if let Some((pdf, _)) = &mut state.open {
            pdf.page(picture, PageSize::default())?;
            state.pages += 1;
        }
        Ok(state.pages)
    }

    /// The next picture's turn.
    pub fn turn(&self) {
        self.lock().next += 1;
        self.turned.notify_all();
    }

    /// Ends the document and gives it its name; `None` when it has no page.
    pub fn finish(&self) -> io::Result<Option<Written>> {
        let mut state = self.lock();
        let Some((pdf, draft)) = state.open.take() else {
            return Ok(None);
        };
        if state.pages == 0 {
            return Ok(None);
        }
        let out = pdf.finish().map_err(io_error)?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        let bytes = file.metadata()?.len();
        draft.finish()?;
        Ok(Some(Written {
            path: self.path.clone(),
            pages: state.pages,
            bytes,
        }))
    }

    /// Gives it up: nothing is left on the disk.
    pub fn discard(&self) {
        self.lock().open = None;
    }
}

fn io_error(error: OutputError) -> io::Error {
    match error {
        OutputError::Io(error) => error,
        other => io::Error::other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::thread;
    use whiteboarder_core::image::Channels;

    #[test]
    fn pages_come_in_the_order_of_the_pictures_and_a_document_without_any_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("all.pdf");
        let document = Arc::new(Document::new(&path).unwrap());
        let stopping = Arc::new(AtomicBool::new(false));
        let threads: Vec<_> = (0..4)
            .rev()
            .map(|index: usize| {
                let (document, stopping) = (Arc::clone(&document), Arc::clone(&stopping));
                thread::spawn(move || {
                    assert!(document.wait(index, &stopping));
                    let side = 10 + index as u32;
                    let data = vec![255; (side * side) as usize];
                    let picture = Picture::new(side, side, Channels::Grey, data).unwrap();
                    assert_eq!(document.page(&picture).unwrap(), index + 1);
                    document.turn();
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        stopping.store(true, Ordering::SeqCst);
        assert!(!document.wait(9, &stopping));
        let written = document.finish().unwrap().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!((written.pages, written.bytes), (4, bytes.len() as u64));
        assert!(bytes.starts_with(b"%PDF-"));

        let empty = Document::new(&folder.path().join("none.pdf")).unwrap();
        assert!(empty.finish().unwrap().is_none());
        let names = std::fs::read_dir(folder.path()).unwrap();
        assert_eq!(names.count(), 1, "nothing else is left");
    }
}
