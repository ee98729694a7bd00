//! Originals → `inbox/`, a few at a time.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Batch;
use crate::error::JobsError;
use crate::profile::Target;
use crate::progress::Reporter;
use crate::track::{BatchStatus, FollowOptions};

/// How to submit.
#[derive(Clone, Debug)]
pub struct SubmitOptions {
    /// Uploads at the same time.
    pub concurrency: usize,
    /// For how long one item is tried again while the target cannot be reached.
    pub patience: Duration,
    /// How to track.
    pub follow: FollowOptions,
}

impl Default for SubmitOptions {
    fn default() -> Self {
        Self {
            concurrency: 4,
            patience: Duration::from_secs(120),
            follow: FollowOptions::default(),
        }
    }
}

/// What [`upload`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UploadSummary {
    /// Items that were sent now.
    pub sent: usize,
    /// Items that were there already.
    pub already: usize,
    /// Items that were given up, with the reason.
    pub failed: BTreeMap<String, String>,
}

/// Brings every item that is not in the bucket yet to `inbox/`. One item's failure does not stop
/// the others; it is in the summary.
pub async fn upload(
    target: &Target,
    batch: &Batch,
    options: &SubmitOptions,
    reporter: &Reporter,
    cancel: &CancellationToken,
) -> Result<UploadSummary, JobsError> {
    let _ = (target, batch, options, reporter, cancel);
    Err(JobsError::Cancelled)
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
    let _ = (target, batch, options, reporter, cancel);
    Err(JobsError::Cancelled)
}
