//! Originals → `inbox/`: as many requests at a time as pays, each tried again as long as that may help,
//! and only what is not there yet.
//!
//! `limiter` decides how many requests there are at a time and `gate` makes them wait; `item` sends one
//! original, `multipart` a large one in parts, `unfinished` knows what earlier tries left.

mod body;
mod buffers;
mod gate;
mod item;
mod limiter;
mod multipart;
mod same;
pub(crate) mod unfinished;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::body::Counter;
use self::buffers::Buffers;
use self::gate::Gate;
use self::item::Item;
use self::unfinished::Unfinished;
use super::parts::ONE_PUT;
use super::{Batch, ManifestItem};
use crate::error::JobsError;
use crate::names;
use crate::profile::Target;
use crate::progress::{Progress, Reporter};
use crate::retry::patiently;
use crate::store;
use crate::track::{BatchStatus, FollowOptions, follow_beside};

/// How to submit.
#[derive(Clone, Debug)]
pub struct SubmitOptions {
    /// Requests at the same time, at most: files and parts of files together. It begins with 4, more
    /// are made as long as that is quicker, and fewer when the target objects.
    pub concurrency: usize,
    /// Bytes of originals in memory at the same time, at most.
    pub memory: u64,
    /// For how long one request is tried again while the target cannot be reached or objects.
    pub patience: Duration,
    /// A request that moves no byte and gets no answer for so long is given up, and tried again.
    pub quiet: Duration,
    /// How to track.
    pub follow: FollowOptions,
}

impl Default for SubmitOptions {
    fn default() -> Self {
        Self {
            concurrency: 24,
            memory: 32 * 1024 * 1024,
            patience: Duration::from_mins(2),
            quiet: Duration::from_secs(30),
            follow: FollowOptions::default(),
        }
    }
}

/// What [`upload`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UploadSummary {
    /// Items that were sent now.
    pub sent: usize,
    /// Items that were there already, among them those that other items do the work for.
    pub already: usize,
    /// Items that other items do the work for; part of the others.
    pub same: usize,
    /// Items that were given up, with the reason.
    pub failed: BTreeMap<String, String>,
}

/// Items that wait for a place at the same time.
const WAITING: usize = 64;

/// Brings every item that is not in the bucket yet to `inbox/`. One item's failure does not stop
/// the others, it is in the summary; a target that lets nothing in does.
///
/// Being cancelled loses nothing that was acknowledged: the same call, here or on another machine,
/// goes on there, in the middle of a large file too.
pub async fn upload(
    target: &Target,
    batch: &Batch,
    options: &SubmitOptions,
    reporter: &Reporter,
    cancel: &CancellationToken,
) -> Result<UploadSummary, JobsError> {
    let work = Work {
        target,
        batch,
        options,
        reporter,
        cancel,
        gate: Gate::new(options.concurrency, options.memory),
        buffers: Arc::default(),
    };
    tokio::select! {
        () = cancel.cancelled() => Err(JobsError::Cancelled),
        done = work.all() => done,
    }
}

/// Uploads and follows at the same time, until every item is settled. Items whose upload was given
/// up are failed items of the result.
pub async fn run(
    target: &Target,
    batch: &Batch,
    options: &SubmitOptions,
    reporter: &Reporter,
    cancel: &CancellationToken,
) -> Result<BatchStatus, JobsError> {
    let (tell, uploads) = watch::channel(BTreeMap::new());
    let uploading = async {
        let summary = upload(target, batch, options, reporter, cancel).await?;
        tell.send_replace(summary.failed);
        Ok(())
    };
    let following = follow_beside(
        target,
        &batch.manifest,
        &options.follow,
        reporter,
        cancel,
        Some(uploads),
    );
    let ((), status) = tokio::try_join!(uploading, following)?;
    Ok(status)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    Now,
    Already,
}

/// One call of [`upload`].
struct Work<'a> {
    target: &'a Target,
    batch: &'a Batch,
    options: &'a SubmitOptions,
    reporter: &'a Reporter,
    cancel: &'a CancellationToken,
    gate: Gate,
    buffers: Arc<Buffers>,
}

impl Work<'_> {
    async fn all(&self) -> Result<UploadSummary, JobsError> {
        let mut summary = UploadSummary::default();
        let batch = self.batch.id();
        let present = self.sizes(&names::inbox_prefix(batch)).await?;
        let own = self.batch.manifest.items.iter();
        let own: Vec<_> = own
            .filter(|item| item.same_as.is_none())
            .map(|item| (item, names::inbox_key(batch, &item.name)))
            .map(|(item, key)| (item, present.get(&key) == Some(&item.bytes), key))
            .collect();
        let large = own
            .iter()
            .any(|(item, there, _)| !there && item.bytes > ONE_PUT);
        let unfinished = if large {
            self.unfinished(&names::inbox_prefix(batch)).await?
        } else {
            Unfinished::default()
        };
        let unfinished = &unfinished;
        let uploads = own.into_iter().map(|(item, there, key)| async move {
            let sent = if there {
                Ok(Sent::Already)
            } else {
                self.one(item, key, unfinished).await
            };
            (item, sent)
        });
        let mut uploads = futures::stream::iter(uploads).buffer_unordered(WAITING);
        while let Some((item, sent)) = uploads.next().await {
            self.settle(&mut summary, item, sent)?;
        }
        self.same(&mut summary).await?;
        Ok(summary)
    }

    /// Tells how an item's upload ended, unless its error is about more than the item.
    fn settle(
        &self,
        summary: &mut UploadSummary,
        item: &ManifestItem,
        sent: Result<Sent, JobsError>,
    ) -> Result<(), JobsError> {
        match sent {
            Ok(sent) => {
                let already = sent == Sent::Already;
                if already {
                    summary.already += 1;
                } else {
                    summary.sent += 1;
                }
                self.reporter.tell(Progress::Uploaded {
                    item: item.name.clone(),
                    bytes: item.bytes,
                    already,
                });
                Ok(())
            }
            Err(error) if self.concerns_all(&error) => Err(error),
            Err(error) => {
                let (item, error) = (item.name.clone(), error.to_string());
                summary.failed.insert(item.clone(), error.clone());
                self.reporter.tell(Progress::UploadFailed { item, error });
                Ok(())
            }
        }
    }

    fn concerns_all(&self, error: &JobsError) -> bool {
        match error {
            JobsError::Cancelled
            | JobsError::AccessDenied { .. }
            | JobsError::NoCredentials { .. }
            | JobsError::Credentials { .. }
            | JobsError::Expired { .. }
            | JobsError::NoSuchBucket { .. } => true,
            error if error.is_skew() => true,
            // One item may have bad luck; when nothing gets through, nothing will for the others.
            error => error.is_transient() && self.gate.idle() >= self.options.patience,
        }
    }

    /// Sends an item to a key: its own, or that of the item it is the same as.
    async fn one(
        &self,
        item: &ManifestItem,
        key: String,
        unfinished: &Unfinished,
    ) -> Result<Sent, JobsError> {
        let Some(path) = self.batch.sources.get(&item.name) else {
            let item = item.name.clone();
            return Err(JobsError::SourceMissing { item });
        };
        let print = self.batch.print(item, self.cancel).await?;
        let upload = Item {
            work: self,
            entry: item,
            key,
            path,
            print,
            counter: Counter::new(&item.name, item.bytes, self.reporter),
        };
        Box::pin(upload.send(unfinished)).await
    }

    /// Key → size of everything under a prefix.
    async fn sizes(&self, prefix: &str) -> Result<HashMap<String, u64>, JobsError> {
        let listed = self.asking(|| store::list(self.target, prefix)).await?;
        let size = |object: store::Listed| (object.key, object.bytes);
        Ok(listed.into_iter().map(size).collect())
    }

    async fn unfinished(&self, prefix: &str) -> Result<Unfinished, JobsError> {
        self.asking(|| Unfinished::list(self.target, prefix)).await
    }

    /// Asks something that is about no single item, patiently.
    async fn asking<T, F>(&self, ask: impl FnMut() -> F) -> Result<T, JobsError>
    where
        F: Future<Output = Result<T, JobsError>>,
    {
        let tell = |_, error: &JobsError, pause: Duration| {
            self.reporter.tell(Progress::Offline {
                error: error.to_string(),
                next_ms: pause.as_millis() as u64,
            });
        };
        patiently(self.options.patience, self.cancel, tell, ask).await
    }
}
