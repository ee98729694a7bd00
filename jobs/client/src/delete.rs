//! Deleting a batch: everything that it has in the bucket.
//!
//! What runs is stopped first, because an execution that goes on would write its result into a batch that is no longer
//! there. The manifest goes last: as long as it is there the batch can be named, and an interrupted deletion goes on.

use std::time::Duration;

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::error::JobsError;
use crate::names;
use crate::profile::Target;
use crate::progress::{Progress, Reporter};
use crate::runs;
use crate::store::{self, Listed};
use crate::submit::claims::{self, Outside};
use crate::submit::upload::unfinished::{Unfinished, abort};
use crate::submit::{Manifest, load_manifest};
use crate::track::{BatchStatus, ItemState, snapshot};

/// Objects that go in one request; S3 takes no more.
const AT_ONCE: usize = 1_000;
/// What is written while we delete is found by looking again, at most so often.
const PASSES: usize = 5;
/// How long stopped executions may take until they have ended and their end is written down.
const SETTLE: Duration = Duration::from_secs(15);
/// How often we look whether they have.
const LOOK: Duration = Duration::from_millis(300);

/// What a batch has in the bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Extent {
    /// Objects: originals, results, failures, run records, claims on contents, notes with the batches whose results it
    /// shares, and the manifest.
    pub objects: usize,
    /// Their sizes together.
    pub bytes: u64,
    /// Items that run, or wait for their turn.
    pub unfinished: usize,
}

/// What a deletion did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// Objects that were deleted.
    pub objects: usize,
    /// Their sizes together.
    pub bytes: u64,
    /// Items that were stopped before.
    pub stopped: usize,
}

/// How much there is to delete.
pub async fn extent(target: &Target, batch: &str) -> Result<Extent, JobsError> {
    let (mut unfinished_items, mut outside) = (0, Vec::new());
    if let Some(manifest) = manifest(target, batch).await? {
        unfinished_items = unfinished(&snapshot(target, &manifest).await?);
        outside = claims::held(target, &manifest).await?;
        outside.extend(claims::left(target, &manifest).await?);
    }
    let found = objects(target, batch).await?;
    let key = names::manifest_key(batch);
    let manifest = store::head(target, &key)
        .await?
        .map(|head| (key, head.bytes));
    let bytes = found.iter().map(|object| object.bytes);
    let others = outside.iter().chain(&manifest).map(|(_, bytes)| bytes);
    Ok(Extent {
        objects: found.len() + outside.len() + usize::from(manifest.is_some()),
        bytes: bytes.chain(others.copied()).sum(),
        unfinished: unfinished_items,
    })
}

/// Deletes all objects of a batch, its originals and unfinished uploads too, and last its manifest. A batch
/// whose results others share is not deleted: [`JobsError::Shared`] names them. Reports [`Progress::Deleted`]. When it is
/// cancelled or fails, the same call goes on with what is left.
///
/// The histories of its executions stay with Step Functions for as long as that keeps them.
pub async fn delete(
    target: &Target,
    batch: &str,
    reporter: &Reporter,
    cancel: &CancellationToken,
) -> Result<Deleted, JobsError> {
    let mut deleted = Deleted::default();
    let manifest = manifest(target, batch).await?;
    refuse_shared(target, batch).await?;
    let mut notes = Vec::new();
    if let Some(manifest) = &manifest {
        // In this order nobody begins to rely on us unseen: see `submit::claims`.
        let held = claims::held(target, manifest).await?;
        deleted.remove(target, &held).await?;
        refuse_shared(target, batch).await?;
        deleted.stopped = stop(target, manifest, cancel).await?;
        notes = claims::left(target, manifest).await?;
    }
    for (key, id) in Unfinished::list(target, &names::inbox_prefix(batch))
        .await?
        .all()
    {
        abort(target, key, id).await?;
    }
    let mut of = None;
    for _ in 0..PASSES {
        let found = objects(target, batch).await?;
        if found.is_empty() {
            break;
        }
        let of = *of.get_or_insert(deleted.objects + found.len() + notes.len() + 1);
        for some in found.chunks(AT_ONCE) {
            if cancel.is_cancelled() {
                return Err(JobsError::Cancelled);
            }
            let some: Vec<Outside> = some
                .iter()
                .map(|object| (object.key.clone(), object.bytes))
                .collect();
            deleted.remove(target, &some).await?;
            reporter.tell(Progress::Deleted {
                batch: batch.to_owned(),
                objects: deleted.objects,
                of: of.max(deleted.objects + 1),
            });
        }
    }
    deleted.remove(target, &notes).await?;
    let key = names::manifest_key(batch);
    if let Some(head) = store::head(target, &key).await? {
        deleted.remove(target, &[(key, head.bytes)]).await?;
    }
    Ok(deleted)
}

impl Deleted {
    /// Deletes these objects and counts them.
    async fn remove(&mut self, target: &Target, objects: &[Outside]) -> Result<(), JobsError> {
        for some in objects.chunks(AT_ONCE) {
            let keys: Vec<_> = some.iter().map(|(key, _)| key.clone()).collect();
            store::delete(target, &keys).await?;
            self.objects += some.len();
            self.bytes += some.iter().map(|(_, bytes)| bytes).sum::<u64>();
        }
        Ok(())
    }
}

/// Results that other batches share are not ours alone.
async fn refuse_shared(target: &Target, batch: &str) -> Result<(), JobsError> {
    let (by, items) = claims::sharers(target, batch).await?;
    if by.is_empty() {
        return Ok(());
    }
    let batch = batch.to_owned();
    Err(JobsError::Shared { batch, by, items })
}

/// The manifest, unless it is of a version that we cannot read: such a batch may be deleted, too.
async fn manifest(target: &Target, batch: &str) -> Result<Option<Manifest>, JobsError> {
    match load_manifest(target, batch).await {
        Ok(manifest) => Ok(Some(manifest)),
        Err(JobsError::BadManifest { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Everything but the manifest. Originals first: what has none can start nothing.
async fn objects(target: &Target, batch: &str) -> Result<Vec<Listed>, JobsError> {
    let mut found = Vec::new();
    for prefix in [
        names::inbox_prefix(batch),
        names::cleaned_prefix(batch),
        names::failed_prefix(batch),
        names::runs_prefix(batch),
        names::shares_prefix(batch),
    ] {
        found.extend(store::list(target, &prefix).await?);
    }
    Ok(found)
}

fn unfinished(status: &BatchStatus) -> usize {
    let waits = |state| matches!(state, ItemState::Queued | ItemState::Running);
    // An item that was never uploaded is queued for ever, and nothing has been begun for it.
    // What another batch does for it is that batch's.
    let begun =
        |item: &&crate::track::ItemStatus| !item.executions.is_empty() && item.same_as.is_none();
    status
        .items
        .iter()
        .filter(|item| waits(item.state))
        .filter(begun)
        .count()
}

/// Stops what runs and waits until it has ended and its end is recorded; gives how many items were stopped.
async fn stop(
    target: &Target,
    manifest: &Manifest,
    cancel: &CancellationToken,
) -> Result<usize, JobsError> {
    let mut status = snapshot(target, manifest).await?;
    if unfinished(&status) == 0 {
        return Ok(0);
    }
    let silent = Reporter::silent();
    let stopped = runs::stop(target, &manifest.batch, None, &silent, cancel).await?;
    let deadline = tokio::time::Instant::now() + SETTLE;
    loop {
        if cancel.is_cancelled() {
            return Err(JobsError::Cancelled);
        }
        status = snapshot(target, manifest).await?;
        let running = unfinished(&status);
        if running == 0 && recorded(target, &manifest.batch, &stopped.done).await? {
            break;
        }
        if tokio::time::Instant::now() > deadline {
            if running == 0 {
                // Not every target records failures.
                break;
            }
            return Err(JobsError::StillRunning {
                batch: manifest.batch.clone(),
                count: running,
            });
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(stopped.done.len())
}

/// Whether all of these items have a result or a failure: what comes after the end of an execution has come.
async fn recorded(target: &Target, batch: &str, items: &[String]) -> Result<bool, JobsError> {
    let failed = store::list(target, &names::failed_prefix(batch)).await?;
    let cleaned = store::list(target, &names::cleaned_prefix(batch)).await?;
    let keys: std::collections::HashSet<_> = failed
        .into_iter()
        .chain(cleaned)
        .map(|object| object.key)
        .collect();
    Ok(items.iter().all(|item| {
        keys.contains(&names::failed_key(batch, item))
            || keys.contains(&names::cleaned_key(batch, item))
    }))
}
