//! Asking the target, as often as is polite.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::budget::Pace;
use super::calls::read_history;
use super::follower::{Depth, Follower};
use super::history::{ExecutionView, Fold};
use super::outcome::BatchStatus;
use super::teller::Teller;
use crate::error::JobsError;
use crate::profile::Target;
use crate::progress::{Progress, Reporter};
use crate::submit::Manifest;

/// Longest pause between tries of an unreachable target.
const OFFLINE: Duration = Duration::from_secs(4);

/// How to follow.
#[derive(Clone, Debug)]
pub struct FollowOptions {
    /// Shortest pause between two looks; `None`: 200 ms on loopback, 1 s elsewhere. A look that
    /// took long is followed by a longer one: asking takes at most a fifth of the time.
    pub fastest: Option<Duration>,
    /// Longest pause while nothing changes.
    pub slowest: Duration,
    /// An original without an execution for so long is reported; `None`: 30 s on loopback, 2
    /// minutes elsewhere.
    pub no_execution_after: Option<Duration>,
    /// A task that no worker took for so long is reported.
    pub no_worker_after: Duration,
    /// For how long an unreachable target is tried again before giving up.
    pub patience: Duration,
    /// For how long histories are read on after every item is settled, for what they tell of
    /// places and times, when the service's limits let them through only slowly.
    pub details: Duration,
}

impl Default for FollowOptions {
    fn default() -> Self {
        Self {
            fastest: None,
            slowest: Duration::from_secs(5),
            no_execution_after: None,
            no_worker_after: Duration::from_secs(20),
            patience: Duration::from_mins(2),
            details: Duration::from_secs(30),
        }
    }
}

impl FollowOptions {
    fn fastest(&self, loopback: bool) -> Duration {
        let usual = Duration::from_millis(if loopback { 200 } else { 1_000 });
        self.fastest.unwrap_or(usual)
    }

    fn no_execution_after(&self, loopback: bool) -> Duration {
        let usual = Duration::from_secs(if loopback { 30 } else { 120 });
        self.no_execution_after.unwrap_or(usual)
    }

    fn follower<'a>(&self, target: &'a Target, manifest: &'a Manifest) -> Follower<'a> {
        let loopback = target.profile().is_loopback();
        let silence = self.no_execution_after(loopback) / 4;
        Follower::new(target, manifest, self.fastest(loopback), silence)
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
    follow_beside(target, manifest, options, reporter, cancel, None).await
}

/// Uploads that were given up, with the reason; sent once, when the uploads have ended.
pub(crate) type UploadErrors = watch::Receiver<BTreeMap<String, String>>;

/// [`follow`] beside uploads that go on.
pub(crate) async fn follow_beside(
    target: &Target,
    manifest: &Manifest,
    options: &FollowOptions,
    reporter: &Reporter,
    cancel: &CancellationToken,
    mut uploads: Option<UploadErrors>,
) -> Result<BatchStatus, JobsError> {
    let loopback = target.profile().is_loopback();
    let fastest = options.fastest(loopback);
    let slowest = if loopback {
        options.slowest.min(fastest * 5)
    } else {
        options.slowest
    };
    let mut pace = Pace::new(fastest, slowest, options.slowest);
    let mut follower = options.follower(target, manifest);
    let mut teller = Teller::new(
        reporter,
        manifest.items.len(),
        options.no_execution_after(loopback),
        options.no_worker_after,
    );
    let mut offline_since: Option<Instant> = None;
    let mut settled_since: Option<Instant> = None;
    loop {
        if let Some(uploads) = &mut uploads
            && uploads.has_changed().unwrap_or(true)
        {
            follower.set_upload_errors(&uploads.borrow_and_update());
        }
        let began = Instant::now();
        let looked = tokio::select! {
            () = cancel.cancelled() => return Err(JobsError::Cancelled),
            looked = follower.look(Depth::New) => looked,
        };
        let pause = match looked {
            Ok(looked) => {
                offline_since = None;
                let changed = teller.tell(&follower, &looked.changed);
                let settled = follower.is_settled();
                let pause = pace.after(began.elapsed(), looked.throttled, changed, !settled);
                let next_ms = pause.as_millis() as u64;
                let throttled = looked.throttled;
                reporter.tell(Progress::Polled { next_ms, throttled });
                if settled {
                    let since = *settled_since.get_or_insert_with(Instant::now);
                    if !follower.lacks_details() || since.elapsed() >= options.details {
                        return Ok(follower.status());
                    }
                } else {
                    settled_since = None;
                }
                pause
            }
            Err(error) if error.is_transient() => {
                let since = *offline_since.get_or_insert_with(Instant::now);
                if since.elapsed() > options.patience {
                    return Err(error);
                }
                let pause = pace.offline(OFFLINE);
                let next_ms = pause.as_millis() as u64;
                reporter.tell(Progress::Offline {
                    error: error.to_string(),
                    next_ms,
                });
                pause
            }
            Err(error) => return Err(error),
        };
        tokio::select! {
            () = cancel.cancelled() => return Err(JobsError::Cancelled),
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Looks once.
pub async fn snapshot(target: &Target, manifest: &Manifest) -> Result<BatchStatus, JobsError> {
    let mut follower = FollowOptions::default().follower(target, manifest);
    follower.look(Depth::All).await?;
    Ok(follower.status())
}

/// Looks once, and also returns the executions of each item, oldest first.
pub(crate) async fn snapshot_with_executions(
    target: &Target,
    manifest: &Manifest,
) -> Result<(BatchStatus, BTreeMap<String, Vec<ExecutionView>>), JobsError> {
    let mut follower = FollowOptions::default().follower(target, manifest);
    follower.look(Depth::All).await?;
    Ok((follower.status(), follower.executions()))
}

/// Reads one execution's whole history; `execution` is its name or ARN.
pub async fn execution_view(target: &Target, execution: &str) -> Result<ExecutionView, JobsError> {
    let name = execution.rsplit(':').next().unwrap_or(execution);
    let arn = if execution.starts_with("arn:") {
        execution.to_owned()
    } else {
        target.profile().execution_arn(execution)
    };
    let mut fold = Fold::new(name);
    for event in read_history(target, &arn, 0).await? {
        fold.apply(&event);
    }
    Ok(fold.into_view())
}
