//! Asking the target, as often as is polite.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{BatchStatus, ExecutionView};
use crate::error::JobsError;
use crate::profile::Target;
use crate::progress::Reporter;
use crate::submit::Manifest;

/// How to follow.
#[derive(Clone, Debug)]
pub struct FollowOptions {
    /// Shortest pause between two looks; `None`: 200 ms on loopback, 1 s elsewhere.
    pub fastest: Option<Duration>,
    /// Longest pause while nothing changes.
    pub slowest: Duration,
    /// An original without an execution for so long is reported.
    pub no_execution_after: Duration,
    /// A task that no worker took for so long is reported.
    pub no_worker_after: Duration,
    /// For how long an unreachable target is tried again before giving up.
    pub patience: Duration,
}

impl Default for FollowOptions {
    fn default() -> Self {
        Self {
            fastest: None,
            slowest: Duration::from_secs(5),
            no_execution_after: Duration::from_secs(30),
            no_worker_after: Duration::from_secs(20),
            patience: Duration::from_secs(120),
        }
    }
}

/// Follows a batch until every item is settled, telling each change.
///
/// Being cancelled is [`JobsError::Cancelled`]; the batch goes on without us.
pub async fn follow(
    target: &Target,
    manifest: &Manifest,
    options: &FollowOptions,
    reporter: &Reporter,
    cancel: &CancellationToken,
) -> Result<BatchStatus, JobsError> {
    let _ = (target, manifest, options, reporter, cancel);
    Err(JobsError::Cancelled)
}

/// Looks once.
pub async fn snapshot(target: &Target, manifest: &Manifest) -> Result<BatchStatus, JobsError> {
    let _ = (target, manifest);
    Err(JobsError::Cancelled)
}

/// Reads one execution's whole history; `execution` is its name or ARN.
pub async fn execution_view(target: &Target, execution: &str) -> Result<ExecutionView, JobsError> {
    let _ = (target, execution);
    Err(JobsError::Cancelled)
}
