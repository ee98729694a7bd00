//! The threads that clean: several pictures at a time, bounded by memory, stopped tidily.
//!
//! Plain threads rather than tasks of the pixel code's own pool: a task that waits for memory there could
//! be stolen into the middle of another cleaning, and then both would wait for each other.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;
use std::time::Instant;

use serde::Serialize;
use whiteboarder_core::analysis::Chosen;
use whiteboarder_core::clean::{Done, Request, Timings, run};
use whiteboarder_core::cost;
use whiteboarder_core::geometry::{Geometry, Quad, Said};
use whiteboarder_core::image::{ImageError, Limits, read_header_of};
use whiteboarder_core::output::{self, OutputError};
use whiteboarder_core::recipe::Recipe;

use super::document::Document;
use super::strips;
use super::wishes::{Kind, Product, Task};
use super::write::write_atomic;
use crate::error::{Failure, system};
use crate::term::text;

/// Pictures are begun as long as their estimated peaks stay below this many bytes together; a picture
/// that needs more is cleaned alone.
pub const MEMORY_BYTES: u64 = 2 << 30;

/// A task with what is known about its size.
#[derive(Clone, Debug)]
pub struct Sized {
    /// What to do.
    pub task: Task,
    /// Estimated peak memory in bytes; 0 when the header cannot be read (then it fails quickly).
    pub memory_bytes: u64,
}

/// How to clean.
#[derive(Clone, Debug)]
pub struct Options {
    /// The recipe.
    pub recipe: Recipe,
    /// Which part of a picture.
    pub geometry: Geometry,
    /// Quality of JPEG files.
    pub quality: u8,
    /// What a picture may be.
    pub limits: Limits,
    /// Pictures at the same time.
    pub threads: usize,
}

/// What the threads report.
#[derive(Debug)]
pub enum Message {
    /// A picture is finished, one way or the other.
    Finished {
        /// Its place in the list of jobs.
        index: usize,
        /// What became of it.
        outcome: Outcome,
    },
    /// Ctrl-C.
    Interrupted,
}

/// What became of a picture.
#[derive(Debug)]
pub enum Outcome {
    /// The result is on disk.
    Cleaned(Box<Cleaned>),
    /// It is not, for a reason that has to do with this picture.
    Failed(Reason),
    /// It is not, for a reason that the others share: going on makes no sense.
    Fatal(Reason),
}

/// Facts about a result.
#[derive(Debug)]
pub struct Cleaned {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// What was written, the main result first.
    pub outputs: Vec<Written>,
    /// What was chosen where the recipe leaves it to the picture.
    pub chosen: Chosen,
    /// What was cut out.
    pub said: Said,
    /// The corners of what was straightened.
    pub quad: Option<Quad>,
    /// Whether the file holds more pictures (pages, frames), of which only the first was cleaned.
    pub more_pictures: bool,
    /// Where the time went.
    pub timings: Timings,
    /// Seconds from reading to the name on disk.
    pub seconds: f64,
}

/// A file that was written, or a page of one.
#[derive(Clone, Debug, Serialize)]
pub struct Written {
    /// Where.
    pub path: PathBuf,
    /// What it is.
    pub format: Kind,
    /// Its size, unless it is a document of several pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Its page in a document of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<usize>,
    /// How it holds the picture.
    #[serde(flatten)]
    pub held: Option<output::Chosen>,
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// A stable name: `ImageCorrupt`, `ReadFailed`, `WriteFailed`, …
    pub name: &'static str,
    /// One sentence.
    pub message: String,
}

impl From<ImageError> for Reason {
    fn from(error: ImageError) -> Self {
        Self {
            name: error.name(),
            message: text::safe(&error.to_string()),
        }
    }
}

/// A running pool.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    /// What is reported; ends when all is done.
    pub messages: Receiver<Message>,
    /// For reports from outside, such as [`Message::Interrupted`].
    pub sender: Sender<Message>,
}

#[derive(Debug)]
struct Shared {
    jobs: Vec<Sized>,
    options: Options,
    /// What every picture is a page of.
    document: Option<Document>,
    /// Pictures are begun, and get their memory, one after the other: whoever waits for a page before its own waits for
    /// one that has been begun.
    beginning: Mutex<()>,
    next: AtomicUsize,
    stopping: AtomicBool,
    memory: Memory,
    /// Read while a result is written; written by [`Pool::stop`], which so waits for writers.
    committing: RwLock<()>,
}

impl Pool {
    /// Starts the threads. Every job is reported once, in the order in which they end.
    pub fn start(
        jobs: Vec<Sized>,
        options: Options,
        document: Option<Document>,
    ) -> Result<Pool, Failure> {
        let (sender, messages) = channel();
        let threads = options.threads.clamp(1, jobs.len().max(1));
        let shared = Arc::new(Shared {
            jobs,
            options,
            document,
            beginning: Mutex::new(()),
            next: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
            memory: Memory::new(MEMORY_BYTES),
            committing: RwLock::new(()),
        });
        for number in 0..threads {
            let (shared, sender) = (Arc::clone(&shared), sender.clone());
            thread::Builder::new()
                .name(format!("clean-{number}"))
                .spawn(move || work(&shared, &sender))
                .map_err(|error| Failure::usage(format!("cannot start a thread: {error}")))?;
        }
        Ok(Pool {
            shared,
            messages,
            sender,
        })
    }

    /// The document, if there is one.
    pub fn document(&self) -> Option<&Document> {
        self.shared.document.as_ref()
    }

    /// Begins nothing more, and returns when no file is being written. Cleanings that have not come to
    /// writing never will: their threads may simply be left behind.
    pub fn stop(&self) {
        self.shared.stop();
        drop(
            self.shared
                .committing
                .write()
                .unwrap_or_else(PoisonError::into_inner),
        );
    }
}

impl Shared {
    fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        if let Some(document) = &self.document {
            document.wake();
        }
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// The next picture, once there is memory for it.
    fn begin(&self) -> Option<(usize, &Sized, Held<'_>)> {
        let _beginning = self
            .beginning
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let index = self.next.fetch_add(1, Ordering::SeqCst);
        let sized = self.jobs.get(index)?;
        if self.is_stopping() {
            return None;
        }
        Some((index, sized, self.memory.take(sized.memory_bytes)))
    }
}

fn work(shared: &Shared, sender: &Sender<Message>) {
    while let Some((index, sized, held)) = shared.begin() {
        let started = Instant::now();
        let cleaned = clean(shared, &sized.task);
        if let Some(document) = &shared.document
            && !document.wait(index, &shared.stopping)
        {
            return;
        }
        // From here on a stop waits for us, until the outcome is reported: no result is on disk that
        // is not in the report.
        let _committing = shared
            .committing
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if shared.is_stopping() {
            return;
        }
        let outcome = match cleaned {
            // Strips hold a file while they last; whoever stops waits until it is gone.
            Err(reason)
                if reason.name == TOO_LARGE
                    && shared.document.is_none()
                    && strips::suit(&sized.task, &shared.options) =>
            {
                let stopping = || shared.is_stopping();
                match strips::clean(&sized.task, &shared.options, reason, &stopping) {
                    Some(outcome) => outcome,
                    None => return,
                }
            }
            Ok(done) => write(shared, &sized.task, done, started).unwrap_or_else(|outcome| outcome),
            Err(reason) => Outcome::Failed(reason),
        };
        drop(held);
        if matches!(outcome, Outcome::Fatal(_)) {
            shared.stop();
        } else if let Some(document) = &shared.document {
            document.turn();
        }
        if sender.send(Message::Finished { index, outcome }).is_err() {
            return;
        }
    }
}

/// What the core calls a picture that is beyond its limits.
const TOO_LARGE: &str = "ImageTooLarge";

/// One picture, as far as its results' bytes.
fn clean(shared: &Shared, task: &Task) -> Result<Done, Reason> {
    let options = &shared.options;
    let bytes = read(task, options)?;
    let kinds = task.products.iter().map(|product| product.kind);
    let formats = kinds.filter_map(|kind| kind.format(&options.recipe, options.quality));
    let request = Request {
        geometry: options.geometry,
        formats: formats.collect(),
        background: task
            .products
            .iter()
            .any(|product| product.kind == Kind::Background),
        picture: shared.document.is_some(),
        limits: options.limits,
        ..Request::new(&options.recipe)
    };
    run(&bytes, &request).map_err(|error| Reason {
        name: error.name(),
        message: text::safe(&error.to_string()),
    })
}

/// A file's bytes, unless its header tells that the picture is too large: then it may be cleaned in strips, which need not
/// hold the file, so it is not read here either.
fn read(task: &Task, options: &Options) -> Result<Vec<u8>, Reason> {
    let failed = |error: io::Error| Reason {
        name: "ReadFailed",
        message: format!("cannot read it: {}", system(&error)),
    };
    let mut file = File::open(&task.source.path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    // What is wrong with a header is told by whoever reads the file.
    if let Ok(header) = read_header_of(&mut file).map_err(failed)? {
        let need = cost::estimate(&header, length, &options.recipe);
        options
            .limits
            .check(&header, need.memory_bytes)
            .map_err(Reason::from)?;
    }
    file.rewind().map_err(failed)?;
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Results, from bytes to their names on disk and to a page.
fn write(shared: &Shared, task: &Task, done: Done, started: Instant) -> Result<Outcome, Outcome> {
    let mut files = done.outputs.into_iter();
    let mut background = done.background;
    let mut outputs = Vec::new();
    for Product { kind, path } in &task.products {
        let file = match kind {
            Kind::Background => background.take(),
            _ => files.next(),
        };
        let Some(file) = file else { continue };
        write_atomic(path, &file.bytes).map_err(|error| write_failed(path, &error))?;
        outputs.push(Written {
            path: path.clone(),
            format: *kind,
            bytes: Some(file.bytes.len() as u64),
            page: None,
            held: Some(file.chosen),
        });
    }
    if let (Some(document), Some(picture)) = (&shared.document, &done.picture) {
        let page = document.page(picture).map_err(|error| match error {
            OutputError::Io(error) => write_failed(document.path(), &error),
            other => Outcome::Failed(Reason {
                name: "OutputUnwritable",
                message: text::safe(&other.to_string()),
            }),
        })?;
        outputs.push(Written {
            path: document.path().to_owned(),
            format: Kind::Pdf,
            bytes: None,
            page: Some(page),
            held: None,
        });
    }
    Ok(Outcome::Cleaned(Box::new(Cleaned {
        width: done.width,
        height: done.height,
        outputs,
        chosen: done.chosen,
        said: done.said,
        quad: done.quad,
        more_pictures: done.more_pictures,
        timings: done.timings,
        seconds: started.elapsed().as_secs_f64(),
    })))
}

/// A result that cannot be written, and whether that is so for all.
pub fn write_failed(path: &Path, error: &io::Error) -> Outcome {
    use std::io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let message = Failure::file("write", path, error).to_string();
    let reason = Reason {
        name: "WriteFailed",
        message,
    };
    match error.kind() {
        StorageFull | QuotaExceeded | ReadOnlyFilesystem => Outcome::Fatal(reason),
        _ => Outcome::Failed(reason),
    }
}

/// Bytes that may be used at the same time.
#[derive(Debug)]
struct Memory {
    total: u64,
    free: Mutex<u64>,
    more: Condvar,
}

/// Bytes in use; given back when dropped.
struct Held<'a> {
    memory: &'a Memory,
    bytes: u64,
}

impl Memory {
    fn new(total: u64) -> Memory {
        Memory {
            total,
            free: Mutex::new(total),
            more: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until that many are free. More than there are at all means: all of them.
    fn take(&self, bytes: u64) -> Held<'_> {
        let bytes = bytes.min(self.total);
        let mut free = self.lock();
        while *free < bytes {
            free = self.more.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= bytes;
        Held {
            memory: self,
            bytes,
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        *self.memory.lock() += self.bytes;
        self.memory.more.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn memory_is_lent_only_while_there_is_some() {
        let memory = Arc::new(Memory::new(10));
        let first = memory.take(7);
        let (sender, taken) = channel();
        let waiting = {
            let memory = Arc::clone(&memory);
            thread::spawn(move || {
                let held = memory.take(5);
                sender.send(()).unwrap();
                drop(held);
            })
        };
        assert!(
            taken.recv_timeout(Duration::from_millis(50)).is_err(),
            "5 were not free"
        );
        drop(first);
        taken.recv_timeout(Duration::from_secs(5)).unwrap();
        waiting.join().unwrap();
        assert_eq!(*memory.lock(), 10);
    }

    #[test]
    fn a_picture_beyond_the_bound_is_cleaned_alone_and_not_never() {
        let memory = Memory::new(10);
        let held = memory.take(1000);
        assert_eq!(*memory.lock(), 0);
        drop(held);
        assert_eq!(*memory.lock(), 10);
    }
}
