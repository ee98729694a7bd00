//! Executions of one item → its outcome. Cleaned wins, however often it ran.

use serde::{Deserialize, Serialize};

use super::Place;
use super::history::{ExecutionStatus, ExecutionView};
pub use super::report::{CleanReport, ImageFacts, OutputFacts, PlanReport, Predicted, Seconds};
use crate::names;
use crate::submit::{Manifest, ManifestItem, SameAs, Wish};

/// State of an item.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum ItemState {
    /// Not started, or waiting for a worker.
    #[default]
    Queued,
    /// An execution works on it.
    Running,
    /// Done.
    Cleaned,
    /// It failed, and nothing runs.
    Failed,
    /// It was stopped, and nothing runs.
    Stopped,
}

impl ItemState {
    /// Whether nothing more will happen by itself.
    #[must_use]
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Cleaned | Self::Failed | Self::Stopped)
    }
}

impl std::fmt::Display for ItemState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Cleaned => "cleaned",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        })
    }
}

/// What a queued item waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// Its upload.
    Upload,
    /// The event rule: the original is there, but no execution was started for it.
    Execution,
    /// A worker: nobody polls the activity, or all are busy.
    Worker,
}

/// An item as it is now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ItemStatus {
    /// Its batch.
    pub batch: String,
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: ItemState,
    /// Size of the original.
    pub bytes: u64,
    /// Where the sender wanted it.
    pub wished: Wish,
    /// Where Plan put it; until then where the sender thought.
    pub planned: Option<Place>,
    /// One sentence from Plan.
    pub why: String,
    /// The lanes that worked on it, in order.
    pub places: Vec<Place>,
    /// Whether it changed lanes.
    pub moved: bool,
    /// Error that made it leave a lane.
    pub moved_by: Option<String>,
    /// Tries of cleaning, over all its executions.
    pub attempts: u32,
    /// The last worker that took it.
    pub worker: Option<String>,
    /// Seconds from the start of its first execution to its end (or until now).
    pub seconds: Option<f64>,
    /// Error name.
    pub error: Option<String>,
    /// What happened, in one sentence.
    pub message: Option<String>,
    /// What it waits for.
    pub waiting: Option<Waiting>,
    /// Milliseconds since the epoch since when it waits.
    pub waiting_since_ms: Option<i64>,
    /// Names of its executions, oldest first.
    pub executions: Vec<String>,
    /// What Plan said.
    pub plan: Option<PlanReport>,
    /// What the cleaning said.
    pub result: Option<CleanReport>,
    /// Key of the result, when there is one.
    pub output: Option<String>,
    /// The item of another batch that does the work for this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<SameAs>,
}

/// Everything that one item's outcome depends on.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Its batch.
    pub manifest: &'a Manifest,
    /// The item.
    pub item: &'a ManifestItem,
    /// Its executions, in any order.
    pub executions: &'a [ExecutionView],
    /// Whether a result is in the bucket.
    pub cleaned: bool,
    /// What `failed/…` says, when it was read.
    pub failed: Option<&'a FailureRecord>,
    /// Milliseconds since the epoch when its original was stored; `None`: it is not in the bucket.
    pub uploaded_ms: Option<i64>,
    /// Why its upload was given up.
    pub upload_error: Option<&'a str>,
    /// Whether the work was another batch's, and that batch was deleted.
    pub home_gone: bool,
    /// Now, milliseconds since the epoch.
    pub now_ms: i64,
}

/// `failed/<batch>/<name>.json`, as the function's record action writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FailureRecord {
    /// ARN of the execution.
    pub execution: String,
    /// `FAILED`, `TIMED_OUT`, `ABORTED`.
    pub status: String,
    /// Error name.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<String>,
    /// One sentence.
    pub message: String,
    /// When, RFC 3339, UTC.
    pub time: String,
}

/// The fold over an item's executions and objects: a success wins, then what still runs, then the
/// latest failure; a stop counts only when nothing else happened.
#[must_use]
pub fn item_status(facts: &Facts<'_>) -> ItemStatus {
    let mut executions: Vec<&ExecutionView> = facts.executions.iter().collect();
    executions.sort_by(|a, b| (a.started_ms, &a.name).cmp(&(b.started_ms, &b.name)));
    let with = |statuses: &[ExecutionStatus]| {
        executions
            .iter()
            .copied()
            .filter(|e| statuses.contains(&e.status))
            .collect::<Vec<_>>()
    };
    let succeeded = with(&[ExecutionStatus::Succeeded]);
    let running = with(&[ExecutionStatus::Running]);
    let failed = with(&[ExecutionStatus::Failed, ExecutionStatus::TimedOut]);
    let aborted = with(&[ExecutionStatus::Aborted]);
    let first_ended = succeeded.iter().copied().min_by_key(|e| e.stopped_ms);
    let last_ended =
        |of: &[&ExecutionView]| of.iter().copied().max_by_key(|e| e.stopped_ms).cloned();

    // An execution that still runs beside a stored result is about to say how it was made.
    let (state, telling) = if let Some(first) = first_ended {
        (ItemState::Cleaned, Some(first.clone()))
    } else if let Some(last) = running.last() {
        let waits = last.waiting_for_worker_since_ms.is_some();
        (
            if waits {
                ItemState::Queued
            } else {
                ItemState::Running
            },
            Some((*last).clone()),
        )
    } else if facts.cleaned {
        (ItemState::Cleaned, last_ended(&executions))
    } else if !failed.is_empty() {
        (ItemState::Failed, last_ended(&failed))
    } else if !aborted.is_empty() {
        (ItemState::Stopped, last_ended(&aborted))
    } else if facts
        .failed
        .is_some_and(|record| record.status == "ABORTED")
    {
        (ItemState::Stopped, None)
    } else if facts.failed.is_some() || facts.upload_error.is_some() || facts.home_gone {
        (ItemState::Failed, None)
    } else {
        (ItemState::Queued, None)
    };

    let mut status = ItemStatus {
        batch: facts.manifest.batch.clone(),
        name: facts.item.name.clone(),
        state,
        bytes: facts.item.bytes,
        wished: facts.manifest.wish,
        planned: facts.item.predicted,
        same_as: facts.item.same_as.clone(),
        attempts: executions.iter().map(|execution| execution.attempts).sum(),
        executions: executions
            .iter()
            .map(|execution| execution.name.clone())
            .collect(),
        ..ItemStatus::default()
    };
    if let Some(view) = telling {
        let from = executions
            .iter()
            .filter_map(|execution| execution.started_ms)
            .min();
        let until = view.stopped_ms.unwrap_or(facts.now_ms);
        status.seconds = from.map(|from| (until - from).max(0) as f64 / 1000.0);
        describe(&mut status, view);
    } else if state == ItemState::Queued {
        let waiting = if facts.uploaded_ms.is_some() {
            Waiting::Execution
        } else {
            Waiting::Upload
        };
        status.waiting = Some(waiting);
        status.waiting_since_ms = facts.uploaded_ms;
    } else if let Some(record) = facts.failed {
        status.error.clone_from(&record.error);
        status.message = Some(record.message.clone());
    } else if let Some(error) = facts.upload_error {
        status.error = Some("UploadFailed".to_owned());
        status.message = Some(error.to_owned());
    } else if let (ItemState::Failed, Some(other)) = (state, &facts.item.same_as) {
        status.error = Some("ResultDeleted".to_owned());
        status.message = Some(format!(
            "its result was deleted with batch {}: submit it again",
            other.batch
        ));
    }
    if state == ItemState::Cleaned {
        let stored = status
            .result
            .as_ref()
            .map(|result| result.output.key.clone());
        let key = stored.filter(|key| !key.is_empty());
        let (batch, name) = facts.manifest.home(facts.item);
        status.output = Some(key.unwrap_or_else(|| names::cleaned_key(batch, name)));
    }
    status
}

fn describe(status: &mut ItemStatus, view: ExecutionView) {
    if let Some(plan) = &view.plan {
        status.planned = plan.place.or(status.planned);
        status.wished = plan.wished;
        status.why.clone_from(&plan.why);
    }
    if matches!(status.state, ItemState::Failed | ItemState::Stopped) {
        status.message = Some(sentence(view.error.as_deref(), view.cause.as_deref()));
        status.error.clone_from(&view.error);
    }
    status.waiting_since_ms = view.waiting_for_worker_since_ms;
    status.waiting = view.waiting_for_worker_since_ms.map(|_| Waiting::Worker);
    status.places = view.places;
    status.moved = view.moved;
    status.moved_by = view.moved_by;
    status.worker = view.worker;
    status.plan = view.plan;
    status.result = view.result;
}

/// The words for people: a function's error is JSON with an `errorMessage`, others are plain text.
#[must_use]
pub fn sentence(error: Option<&str>, cause: Option<&str>) -> String {
    let cause = cause.unwrap_or_default();
    let json = serde_json::from_str::<serde_json::Value>(cause).ok();
    let inner = json
        .as_ref()
        .and_then(|json| json.get("errorMessage")?.as_str());
    match (inner.unwrap_or(cause), error) {
        ("", Some("States.Timeout")) => "it took longer than allowed".to_owned(),
        ("", Some("States.HeartbeatTimeout")) => "its worker went silent".to_owned(),
        ("", Some(error)) => error.to_owned(),
        ("", None) => "stopped without a reason given".to_owned(),
        (text, _) => text.to_owned(),
    }
}

/// A batch as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchStatus {
    /// Its id.
    pub batch: String,
    /// When it was submitted, RFC 3339, UTC.
    pub created: String,
    /// Its items, in the order of their names.
    pub items: Vec<ItemStatus>,
}

impl BatchStatus {
    /// How many items are in a state.
    #[must_use]
    pub fn count(&self, state: ItemState) -> usize {
        self.items.iter().filter(|item| item.state == state).count()
    }

    /// Whether nothing more will happen by itself.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.items.iter().all(|item| item.state.is_settled())
    }
}

#[cfg(test)]
#[path = "outcome_tests.rs"]
mod tests;
