//! What happens while a batch runs, as a stream that a terminal, a screen or JSON can be drawn from.

use std::path::PathBuf;

use serde::Serialize;
use tokio::sync::mpsc;

use crate::track::{ItemState, ItemStatus, Waiting};

/// One thing that happened. Serialises as `{"event":"uploaded",…}` with stable names.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Progress {
    /// Files were found.
    Scan {
        /// How many pictures.
        files: usize,
        /// Their size together.
        bytes: u64,
        /// How many files were left out.
        skipped: usize,
        /// How many files the patterns kept out.
        excluded: usize,
    },
    /// Files are read to know their content. At most every 100 ms, and once when all are.
    Hashed {
        /// How many so far.
        files: usize,
        /// Bytes read so far.
        bytes: u64,
        /// How many there are.
        of_files: usize,
        /// Their size together.
        of_bytes: u64,
    },
    /// The batch has its manifest; from here on it can be resumed.
    Batch {
        /// Its id.
        batch: String,
        /// How many items.
        items: usize,
        /// Bytes that have to be uploaded: items that are the same as others count nothing.
        bytes: u64,
    },
    /// An upload begins.
    UploadStarted {
        /// The item.
        item: String,
        /// Its size.
        bytes: u64,
    },
    /// An upload goes on. After a retry `sent` may fall back.
    UploadProgress {
        /// The item.
        item: String,
        /// Bytes handed to the network so far.
        sent: u64,
        /// Its size.
        bytes: u64,
    },
    /// An upload has to be tried again.
    UploadRetry {
        /// The item.
        item: String,
        /// The attempt that comes now: 2 for the first retry.
        attempt: u32,
        /// Why.
        reason: String,
    },
    /// An upload is acknowledged.
    Uploaded {
        /// The item.
        item: String,
        /// Its size.
        bytes: u64,
        /// Whether it was there already and no byte was sent.
        already: bool,
    },
    /// Another item does the work for this one: the same content with the same recipe. Followed by
    /// `uploaded`.
    Same {
        /// The item.
        item: String,
        /// The batch of the other item; it may be this one.
        batch: String,
        /// The other item.
        name: String,
    },
    /// An upload was given up.
    UploadFailed {
        /// The item.
        item: String,
        /// Why, in one sentence.
        error: String,
    },
    /// An item's facts changed: it runs, runs elsewhere, waits for a worker.
    Execution {
        /// The item as it is now.
        item: Box<ItemStatus>,
    },
    /// An item is cleaned. Comes once per item.
    Cleaned {
        /// The item as it is now.
        item: Box<ItemStatus>,
    },
    /// An item failed or was stopped. May be followed by `cleaned` after a redrive.
    Failed {
        /// The item as it is now.
        item: Box<ItemStatus>,
    },
    /// An item waits for something that should be there. Comes once per reason.
    Stuck {
        /// The item.
        item: String,
        /// What it waits for.
        waiting: Waiting,
        /// For how long already.
        seconds: f64,
    },
    /// Items wait for something that should be there, all of them together: comes once for executions
    /// that do not begin, at growing intervals for workers that do not come.
    Waiting {
        /// What they wait for.
        waiting: Waiting,
        /// How many.
        items: usize,
        /// The one that waits longest, …
        first: String,
        /// … and for how long already.
        seconds: f64,
        /// What to check, in one sentence.
        advice: String,
    },
    /// The target was asked for news.
    Polled {
        /// Milliseconds until the next time.
        next_ms: u64,
        /// Whether the target asked us to slow down.
        throttled: bool,
    },
    /// The target cannot be reached for now; it will be tried again.
    Offline {
        /// Why, in one sentence.
        error: String,
        /// Milliseconds until the next try.
        next_ms: u64,
    },
    /// A result is on disk.
    Downloaded {
        /// The item.
        item: String,
        /// Where it is.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// Whether the file was there already, whole, and nothing was fetched.
        already: bool,
    },
    /// A download has to be tried again.
    DownloadRetry {
        /// The item.
        item: String,
        /// The attempt that comes now: 2 for the first retry.
        attempt: u32,
        /// Why.
        reason: String,
    },
    /// A result could not be fetched or written.
    DownloadFailed {
        /// The item.
        item: String,
        /// Why, in one sentence.
        error: String,
    },
    /// Objects of a batch were deleted.
    Deleted {
        /// The batch.
        batch: String,
        /// How many so far.
        objects: usize,
        /// How many there are to delete.
        of: usize,
    },
    /// An execution was stopped or redriven.
    Acted {
        /// The item.
        item: String,
        /// `stopped`, `redriven`, or why nothing was done.
        action: String,
        /// The item's state before.
        was: ItemState,
    },
}

/// The sending end; a missing or dropped receiver is no error.
#[derive(Clone, Debug, Default)]
pub struct Reporter(Option<mpsc::UnboundedSender<Progress>>);

impl Reporter {
    /// Reports to nobody.
    #[must_use]
    pub fn silent() -> Self {
        Self(None)
    }

    /// A reporter and its receiving end. The number of events is bounded by the batch: progress of
    /// an upload is reported at most every 50 ms.
    #[must_use]
    pub fn channel() -> (Self, mpsc::UnboundedReceiver<Progress>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(Some(sender)), receiver)
    }

    /// Tells what happened.
    pub fn tell(&self, progress: Progress) {
        if let Some(sender) = &self.0 {
            let _ = sender.send(progress);
        }
    }
}

#[cfg(test)]
#[path = "progress_tests.rs"]
mod tests;
