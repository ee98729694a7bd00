//! The threads that clean: several pictures at a time, bounded by memory, stopped tidily.
//!
//! Plain threads rather than tasks of the pixel code's own pool: a task that waits for memory there could
//! be stolen into the middle of another cleaning, and then both would wait for each other.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;
use std::time::Instant;

use whiteboarder_core::clean::{Cleaned as CleanedBytes, Timings, clean_bytes};
use whiteboarder_core::image::Limits;
use whiteboarder_core::recipe::Recipe;

use super::layout::Job;
use super::write::write_atomic;
use crate::error::{Failure, system};
use crate::term::text;

/// Pictures are begun as long as their estimated peaks stay below this many bytes together; a picture
/// that needs more is cleaned alone.
pub const MEMORY_BYTES: u64 = 2 << 30;

/// A job with what is known about its size.
#[derive(Clone, Debug)]
pub struct Sized {
    /// What to do.
    pub job: Job,
    /// Estimated peak memory in bytes; 0 when the header cannot be read (then it fails quickly).
    pub memory_bytes: u64,
}

/// How to clean.
#[derive(Clone, Debug)]
pub struct Options {
    /// The recipe.
    pub recipe: Recipe,
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
    Cleaned(Cleaned),
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
    /// Size of the PNG.
    pub bytes: u64,
    /// Where the time went.
    pub timings: Timings,
    /// Seconds from reading to the name on disk.
    pub seconds: f64,
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// A stable name: `ImageCorrupt`, `ReadFailed`, `WriteFailed`, …
    pub name: &'static str,
    /// One sentence.
    pub message: String,
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
    next: AtomicUsize,
    stopping: AtomicBool,
    memory: Memory,
    /// Read while a result is written; written by [`Pool::stop`], which so waits for writers.
    committing: RwLock<()>,
}

impl Pool {
    /// Starts the threads. Every job is reported once, in the order in which they end.
    pub fn start(jobs: Vec<Sized>, options: Options) -> Result<Pool, Failure> {
        let (sender, messages) = channel();
        let threads = options.threads.clamp(1, jobs.len().max(1));
        let shared = Arc::new(Shared {
            jobs,
            options,
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

    /// Begins nothing more, and returns when no file is being written. Cleanings that have not come to
    /// writing never will: their threads may simply be left behind.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        drop(
            self.shared
                .committing
                .write()
                .unwrap_or_else(PoisonError::into_inner),
        );
    }
}

fn work(shared: &Shared, sender: &Sender<Message>) {
    loop {
        let index = shared.next.fetch_add(1, Ordering::SeqCst);
        let Some(sized) = shared.jobs.get(index) else {
            return;
        };
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let held = shared.memory.take(sized.memory_bytes);
        let started = Instant::now();
        let cleaned = clean(&shared.options, &sized.job);
        // From here on a stop waits for us, until the outcome is reported: no result is on disk that
        // is not in the report.
        let _committing = shared
            .committing
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let outcome = match cleaned {
            Ok(cleaned) => write(&sized.job, &cleaned, started),
            Err(reason) => Outcome::Failed(reason),
        };
        drop(held);
        if matches!(outcome, Outcome::Fatal(_)) {
            shared.stopping.store(true, Ordering::SeqCst);
        }
        if sender.send(Message::Finished { index, outcome }).is_err() {
            return;
        }
    }
}

/// One picture, as far as its result's bytes.
fn clean(options: &Options, job: &Job) -> Result<CleanedBytes, Reason> {
    let bytes = std::fs::read(&job.source.path).map_err(|error| {
        let message = format!("cannot read it: {}", system(&error));
        Reason {
            name: "ReadFailed",
            message,
        }
    })?;
    clean_bytes(&bytes, &options.recipe, &options.limits).map_err(|error| Reason {
        name: error.name(),
        message: text::safe(&error.to_string()),
    })
}

/// A result, from bytes to its name on disk.
fn write(job: &Job, cleaned: &CleanedBytes, started: Instant) -> Outcome {
    match write_atomic(&job.output, &cleaned.png) {
        Ok(()) => Outcome::Cleaned(Cleaned {
            width: cleaned.width,
            height: cleaned.height,
            bytes: cleaned.png.len() as u64,
            timings: cleaned.timings,
            seconds: started.elapsed().as_secs_f64(),
        }),
        Err(error) => write_failed(&job.output, &error),
    }
}

fn write_failed(path: &Path, error: &std::io::Error) -> Outcome {
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
