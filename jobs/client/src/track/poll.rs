//! Asking the target, as often as is polite.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use futures::StreamExt;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::event::Event;
use super::history::{ExecutionStatus, ExecutionView, Fold};
use super::outcome::{
    BatchStatus, Facts, FailureRecord, ItemState, ItemStatus, Waiting, item_status,
};
use crate::error::{JobsError, from_sdk};
use crate::names;
use crate::profile::Target;
use crate::progress::{Progress, Reporter};
use crate::store;
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
            patience: Duration::from_mins(2),
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
    uploads: Option<UploadErrors>,
) -> Result<BatchStatus, JobsError> {
    let loopback = target.profile().is_loopback();
    let fastest = options
        .fastest
        .unwrap_or(Duration::from_millis(if loopback { 200 } else { 1_000 }));
    let slowest = if loopback {
        options.slowest.min(fastest * 5)
    } else {
        options.slowest
    };
    let mut follower = Follower::new(target, manifest);
    let mut teller = Teller::new(options, reporter);
    let mut pause = fastest;
    let mut offline_since: Option<Instant> = None;
    loop {
        if let Some(uploads) = &uploads {
            follower.upload_errors.clone_from(&uploads.borrow());
        }
        let looked = tokio::select! {
            () = cancel.cancelled() => return Err(JobsError::Cancelled),
            looked = follower.look(Depth::New) => looked,
        };
        match looked {
            Ok(throttled) => {
                let status = follower.status();
                offline_since = None;
                let changed = teller.tell(&status);
                pause = match (throttled, changed) {
                    (true, _) => (pause * 2).min(options.slowest.max(fastest)),
                    (false, true) => fastest,
                    (false, false) => (pause * 13 / 10).min(slowest.max(fastest)),
                };
                let next_ms = pause.as_millis() as u64;
                reporter.tell(Progress::Polled { next_ms, throttled });
                if status.is_settled() {
                    return Ok(status);
                }
            }
            Err(error) if error.is_transient() => {
                let since = *offline_since.get_or_insert_with(Instant::now);
                if since.elapsed() > options.patience {
                    return Err(error);
                }
                pause = (pause * 2).clamp(Duration::from_millis(250), Duration::from_secs(4));
                let next_ms = pause.as_millis() as u64;
                reporter.tell(Progress::Offline {
                    error: error.to_string(),
                    next_ms,
                });
            }
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = cancel.cancelled() => return Err(JobsError::Cancelled),
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Looks once.
pub async fn snapshot(target: &Target, manifest: &Manifest) -> Result<BatchStatus, JobsError> {
    let mut follower = Follower::new(target, manifest);
    follower.look(Depth::All).await?;
    Ok(follower.status())
}

/// Looks once, and also returns the executions of each item, oldest first.
pub(crate) async fn snapshot_with_executions(
    target: &Target,
    manifest: &Manifest,
) -> Result<(BatchStatus, BTreeMap<String, Vec<ExecutionView>>), JobsError> {
    let mut follower = Follower::new(target, manifest);
    follower.look(Depth::All).await?;
    let mut views: BTreeMap<String, Vec<ExecutionView>> = BTreeMap::new();
    for (name, runs) in &follower.runs {
        let mut found: Vec<_> = runs.values().filter_map(Watched::view).collect();
        found.sort_by_key(|view| view.started_ms);
        views.insert(name.clone(), found);
    }
    Ok((follower.status(), views))
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
    Ok(fold.view())
}

/// How much a look reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// What may have changed since the last look, within the service's limits.
    New,
    /// Everything.
    All,
}

/// How often an execution that ended badly is read again: it may have been redriven.
const REDRIVE_CHECK: Duration = Duration::from_secs(5);
/// How often objects are listed while nothing needs them urgently.
const OBJECTS_EVERY: Duration = Duration::from_secs(1);
/// Histories read at the same time.
const READERS: usize = 8;
/// Histories read in one look at AWS, where an account has 20 such calls a second.
const READS_PER_LOOK: usize = 10;

/// One execution.
#[derive(Debug)]
struct Watched {
    fold: Fold,
    read: Option<Instant>,
    /// The service does not know it (yet, or any more).
    unknown: bool,
}

impl Watched {
    fn view(&self) -> Option<ExecutionView> {
        (self.fold.last_event() > 0).then(|| self.fold.view())
    }

    fn due(&self, now: Instant) -> bool {
        let Some(read) = self.read else { return true };
        let settled = self.fold.is_ended() || self.unknown;
        let succeeded = self.fold.status() == ExecutionStatus::Succeeded;
        !settled || (!succeeded && now.duration_since(read) > REDRIVE_CHECK)
    }
}

/// Everything that is known of a batch.
struct Follower<'a> {
    target: &'a Target,
    manifest: &'a Manifest,
    /// Item → execution name → what is known of it.
    runs: BTreeMap<String, BTreeMap<String, Watched>>,
    /// Items whose original is there → since when.
    stored: HashMap<String, i64>,
    cleaned: HashSet<String>,
    failed: HashMap<String, FailureRecord>,
    upload_errors: BTreeMap<String, String>,
    objects_listed: Option<Instant>,
}

impl<'a> Follower<'a> {
    fn new(target: &'a Target, manifest: &'a Manifest) -> Self {
        let runs = manifest
            .items
            .iter()
            .map(|item| (item.name.clone(), BTreeMap::new()));
        Self {
            target,
            manifest,
            runs: runs.collect(),
            stored: HashMap::new(),
            cleaned: HashSet::new(),
            failed: HashMap::new(),
            upload_errors: BTreeMap::new(),
            objects_listed: None,
        }
    }

    /// Asks for news; true when the service asked us to slow down.
    async fn look(&mut self, depth: Depth) -> Result<bool, JobsError> {
        let records = store::list(self.target, &names::runs_prefix(&self.manifest.batch)).await?;
        for record in records {
            let Some((_, name, execution)) = names::parse_run_key(&record.key) else {
                continue;
            };
            // Not an item of ours: somebody put an object under our prefix by hand.
            let Some(runs) = self.runs.get_mut(name) else {
                continue;
            };
            runs.entry(execution.to_owned()).or_insert_with(|| Watched {
                fold: Fold::new(execution),
                read: None,
                unknown: false,
            });
        }
        let throttled = self.read_histories(depth).await?;
        if self.needs_objects(depth) {
            self.list_objects(depth).await?;
        }
        Ok(throttled)
    }

    async fn read_histories(&mut self, depth: Depth) -> Result<bool, JobsError> {
        let now = Instant::now();
        let profile = self.target.profile();
        let mut due: Vec<_> = self
            .runs
            .iter()
            .flat_map(|(item, runs)| runs.iter().map(move |(name, run)| (item, name, run)))
            .filter(|(_, _, run)| run.due(now))
            .map(|(item, name, run)| (run.read, item.clone(), name.clone(), run.fold.last_event()))
            .collect();
        // Those that waited longest come first.
        due.sort();
        if depth == Depth::New && !profile.is_loopback() {
            due.truncate(READS_PER_LOOK);
        }
        let target = self.target;
        let reads = due.into_iter().map(|(_, item, name, last)| {
            let arn = profile.execution_arn(&name);
            async move { (read_history(target, &arn, last).await, item, name) }
        });
        let mut reads = futures::stream::iter(reads).buffer_unordered(READERS);
        let mut throttled = false;
        while let Some((events, item, name)) = reads.next().await {
            let run = self
                .runs
                .get_mut(&item)
                .and_then(|runs| runs.get_mut(&name));
            let Some(run) = run else { continue };
            match events {
                Ok(events) => {
                    run.read = Some(now);
                    run.unknown = false;
                    for event in &events {
                        run.fold.apply(event);
                    }
                }
                Err(JobsError::Service { code, .. }) if code == "ExecutionDoesNotExist" => {
                    run.read = Some(now);
                    run.unknown = true;
                }
                Err(JobsError::Service { code, .. }) if code == "ThrottlingException" => {
                    throttled = true;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(throttled)
    }

    /// Objects tell about items that executions do not speak for: not started, or ended without
    /// success though a result may have been stored.
    fn needs_objects(&self, depth: Depth) -> bool {
        if depth == Depth::All || self.objects_listed.is_none() {
            return true;
        }
        let silent = self.runs.iter().any(|(name, runs)| {
            let status = |wanted| runs.values().any(|run| run.fold.status() == wanted);
            let speaks = status(ExecutionStatus::Succeeded)
                || runs
                    .values()
                    .any(|run| run.fold.last_event() > 0 && !run.fold.is_ended());
            !speaks && !self.cleaned.contains(name)
        });
        silent
            && self
                .objects_listed
                .is_none_or(|listed| listed.elapsed() >= OBJECTS_EVERY)
            || self.ended_since_listing()
    }

    /// Whether an execution ended badly after the objects were listed: its failure counts only
    /// when there is no result.
    fn ended_since_listing(&self) -> bool {
        self.runs.values().flatten().any(|(_, run)| {
            run.fold.is_ended()
                && run.fold.status() != ExecutionStatus::Succeeded
                && self.objects_listed < run.read
        })
    }

    async fn list_objects(&mut self, depth: Depth) -> Result<(), JobsError> {
        let batch = &self.manifest.batch;
        let (inbox, cleaned, failed) = (
            names::inbox_prefix(batch),
            names::cleaned_prefix(batch),
            names::failed_prefix(batch),
        );
        let (stored, cleaned, failed) = tokio::try_join!(
            store::list(self.target, &inbox),
            store::list(self.target, &cleaned),
            store::list(self.target, &failed),
        )?;
        self.objects_listed = Some(Instant::now());
        let name = |key: &str| names::parse_inbox_key(key).map(|(_, name)| name.to_owned());
        self.stored = stored
            .iter()
            .filter_map(|o| Some((name(&o.key)?, o.modified_ms)))
            .collect();
        let name = |key: &str| names::parse_cleaned_key(batch, key).map(str::to_owned);
        self.cleaned = cleaned
            .iter()
            .filter_map(|object| name(&object.key))
            .collect();
        // Failure records speak where histories are gone; otherwise histories know more.
        let silent = |name: &str| {
            let runs = self.runs.get(name);
            runs.is_some_and(|runs| runs.values().all(|run| run.fold.last_event() == 0))
        };
        let wanted = failed.iter().filter(|object| {
            let name = names::parse_failed_key(batch, &object.key);
            depth == Depth::All && name.is_some_and(silent)
        });
        let mut found = HashMap::new();
        for object in wanted {
            let Some(name) = names::parse_failed_key(batch, &object.key) else {
                continue;
            };
            let text = store::get(self.target, &object.key)
                .await?
                .unwrap_or_default();
            if let Ok(record) = serde_json::from_slice(&text) {
                found.insert(name.to_owned(), record);
            }
        }
        self.failed.extend(found);
        Ok(())
    }

    fn status(&self) -> BatchStatus {
        let items = self.manifest.items.iter().map(|item| {
            let runs = self.runs.get(&item.name);
            let views: Vec<_> = runs
                .into_iter()
                .flat_map(BTreeMap::values)
                .filter_map(Watched::view)
                .collect();
            item_status(&Facts {
                manifest: self.manifest,
                item,
                executions: &views,
                cleaned: self.cleaned.contains(&item.name),
                failed: self.failed.get(&item.name),
                uploaded_ms: self.stored.get(&item.name).copied(),
                upload_error: self.upload_errors.get(&item.name).map(String::as_str),
                now_ms: now_ms(),
            })
        });
        BatchStatus {
            batch: self.manifest.batch.clone(),
            created: self.manifest.created.clone(),
            items: items.collect(),
        }
    }
}

/// Tells what changed between two looks.
struct Teller<'a> {
    options: &'a FollowOptions,
    reporter: &'a Reporter,
    last: HashMap<String, ItemStatus>,
    stuck: HashSet<(String, Waiting)>,
}

impl<'a> Teller<'a> {
    fn new(options: &'a FollowOptions, reporter: &'a Reporter) -> Self {
        Self {
            options,
            reporter,
            last: HashMap::new(),
            stuck: HashSet::new(),
        }
    }

    /// True when anything changed.
    fn tell(&mut self, status: &BatchStatus) -> bool {
        let mut changed = false;
        for item in &status.items {
            self.tell_stuck(item);
            // The clock of a running item is no news.
            let facts = ItemStatus {
                seconds: None,
                ..item.clone()
            };
            let untouched = item.state == ItemState::Queued && item.executions.is_empty();
            let known = self.last.get(&item.name);
            if known == Some(&facts) || (known.is_none() && untouched) {
                continue;
            }
            changed = true;
            let before = known.map(|known| known.state);
            let news = Box::new(item.clone());
            self.reporter.tell(match item.state {
                ItemState::Cleaned if before != Some(ItemState::Cleaned) => {
                    Progress::Cleaned { item: news }
                }
                ItemState::Failed | ItemState::Stopped if before != Some(item.state) => {
                    Progress::Failed { item: news }
                }
                _ => Progress::Execution { item: news },
            });
            self.last.insert(item.name.clone(), facts);
        }
        changed
    }

    fn tell_stuck(&mut self, item: &ItemStatus) {
        let (Some(waiting), Some(since)) = (item.waiting, item.waiting_since_ms) else {
            return;
        };
        let patience = match waiting {
            Waiting::Upload => return,
            Waiting::Execution => self.options.no_execution_after,
            Waiting::Worker => self.options.no_worker_after,
        };
        let seconds = (now_ms() - since).max(0) as f64 / 1000.0;
        if seconds > patience.as_secs_f64() && self.stuck.insert((item.name.clone(), waiting)) {
            self.reporter.tell(Progress::Stuck {
                item: item.name.clone(),
                waiting,
                seconds,
            });
        }
    }
}

/// Events after `last`, oldest first. Newest are asked for first, so that a history which was read
/// before costs one call.
async fn read_history(target: &Target, arn: &str, last: u64) -> Result<Vec<Event>, JobsError> {
    let profile = target.profile();
    let request = target
        .sfn()
        .get_execution_history()
        .execution_arn(arn)
        .reverse_order(true);
    let mut pages = request
        .max_results(if last == 0 { 200 } else { 50 })
        .include_execution_data(true)
        .into_paginator()
        .send();
    let mut events = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| {
            from_sdk(
                error,
                &profile.describe(),
                "states:GetExecutionHistory",
                arn,
            )
        })?;
        let mut reached = false;
        for event in page.events().iter().map(Event::from) {
            reached |= event.id <= last + 1;
            if event.id > last {
                events.push(event);
            }
        }
        if reached {
            break;
        }
    }
    events.reverse();
    Ok(events)
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as i64)
}
