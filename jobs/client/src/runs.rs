//! Batches that exist: list, show, stop, redrive, delete.

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::error::JobsError;
use crate::profile::Target;
use crate::progress::Reporter;
use crate::submit::Wish;
use crate::track::{BatchStatus, ExecutionView};

/// A line of the list of batches.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BatchSummary {
    /// Its id.
    pub batch: String,
    /// When it was submitted, RFC 3339, UTC.
    pub created: String,
    /// Where the sender wanted it.
    pub wish: Wish,
    /// How many items.
    pub items: usize,
    /// Size of the originals together.
    pub bytes: u64,
    /// How many have a result.
    pub cleaned: usize,
    /// How many failed (and have no result).
    pub failed: usize,
    /// Hash of the recipe.
    pub recipe_hash: String,
}

/// What [`stop`] or [`redrive`] did, by item.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Acted {
    /// Items whose executions were stopped or redriven.
    pub done: Vec<String>,
    /// Items that were passed over, with the reason.
    pub skipped: Vec<(String, String)>,
    /// Items for which the service refused, with the reason.
    pub failed: Vec<(String, String)>,
}

/// The newest batches first, at most `limit`.
pub async fn list(target: &Target, limit: usize) -> Result<Vec<BatchSummary>, JobsError> {
    let _ = (target, limit);
    Err(JobsError::Cancelled)
}

/// Splits `BATCH` or `BATCH/NAME` (a batch may be shortened to an unambiguous beginning).
pub async fn resolve(target: &Target, text: &str) -> Result<(String, Option<String>), JobsError> {
    let _ = (target, text);
    Err(JobsError::Cancelled)
}

/// A batch as it is now.
pub async fn show(target: &Target, batch: &str) -> Result<BatchStatus, JobsError> {
    let _ = (target, batch);
    Err(JobsError::Cancelled)
}

/// One item with the histories of all its executions, oldest first.
pub async fn show_item(
    target: &Target,
    batch: &str,
    name: &str,
) -> Result<(BatchStatus, Vec<ExecutionView>), JobsError> {
    let _ = (target, batch, name);
    Err(JobsError::Cancelled)
}

/// Stops the running executions of a batch, or of some of its items.
pub async fn stop(
    target: &Target,
    batch: &str,
    names: Option<&[String]>,
    reporter: &Reporter,
    cancel: &CancellationToken,
) -> Result<Acted, JobsError> {
    let _ = (target, batch, names, reporter, cancel);
    Err(JobsError::Cancelled)
}

/// Redrives the failed or stopped items of a batch, or of some of its items: each item's latest
/// execution goes on from the state that failed. Items that are cleaned or run are passed over.
pub async fn redrive(
    target: &Target,
    batch: &str,
    names: Option<&[String]>,
    reporter: &Reporter,
    cancel: &CancellationToken,
) -> Result<Acted, JobsError> {
    let _ = (target, batch, names, reporter, cancel);
    Err(JobsError::Cancelled)
}

/// Deletes a batch's objects: originals, results, failures, run records, and last its manifest.
/// Returns how many objects were deleted. Running executions are left alone (stop them first).
pub async fn delete(
    target: &Target,
    batch: &str,
    cancel: &CancellationToken,
) -> Result<usize, JobsError> {
    let _ = (target, batch, cancel);
    Err(JobsError::Cancelled)
}
