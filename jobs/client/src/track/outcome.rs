//! Executions of one item → its outcome. Cleaned wins, however often it ran.

use serde::{Deserialize, Serialize};

use super::Place;
use super::history::{ExecutionStatus, ExecutionView};
use crate::names;
use crate::submit::{Manifest, ManifestItem, SameAs, Wish};

/// What Plan answered; unknown fields are ignored, missing ones are empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanReport {
    /// Where it shall run.
    pub place: Option<Place>,
    /// What was asked for.
    pub wished: Wish,
    /// One sentence.
    pub why: String,
    /// What the planner predicted for the target's Lambda.
    pub predicted: Predicted,
    /// What the header said.
    pub image: ImageFacts,
}

/// A prediction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Predicted {
    /// Seconds.
    pub seconds: f64,
    /// Peak memory in MB.
    pub memory_mb: f64,
}

/// What a picture's header says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageFacts {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// 1 or 3.
    pub channels: u32,
    /// `JPEG`, `PNG`.
    pub format: String,
    /// Size of the file.
    pub bytes: u64,
    /// `ETag` of the original.
    pub etag: String,
}

/// What the cleaning answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CleanReport {
    /// The result.
    pub output: OutputFacts,
    /// Which lane the function ran in.
    pub place: Option<Place>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Where the time went.
    pub seconds: Seconds,
    /// Peak memory of the process in MB, where the system tells.
    pub peak_memory_mb: Option<f64>,
    /// Whether the process was new.
    pub cold_start: bool,
    /// Hash of the recipe.
    pub recipe_hash: String,
    /// Algorithm version.
    pub version: u32,
}

/// A result in the bucket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OutputFacts {
    /// Its key.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// Hexadecimal sha256.
    pub sha256: String,
}

/// Seconds of each part of the cleaning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Seconds {
    pub download: f64,
    pub decode: f64,
    pub background: f64,
    pub finish: f64,
    pub encode: f64,
    pub upload: f64,
    pub total: f64,
}

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
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;
    use whiteboarder_core::recipe::Recipe;

    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            version: 1,
            batch: "b".into(),
            created: String::new(),
            wish: Wish::Auto,
            recipe: Recipe::default(),
            recipe_hash: String::new(),
            algorithm: 1,
            items: vec![ManifestItem {
                name: "a.jpg".into(),
                bytes: 5,
                sha256: String::new(),
                width: None,
                height: None,
                predicted: Some(Place::Lambda),
                same_as: None,
            }],
        }
    }

    fn execution(
        name: &str,
        status: ExecutionStatus,
        start: i64,
        stop: Option<i64>,
    ) -> ExecutionView {
        ExecutionView {
            name: name.into(),
            status,
            started_ms: Some(start),
            stopped_ms: stop,
            attempts: 1,
            error: (status == Failed).then(|| "ImageCorrupt".into()),
            cause: Some(r#"{"errorType":"ImageCorrupt","errorMessage":"it ends early"}"#.into()),
            ..ExecutionView::default()
        }
    }

    fn outcome(executions: &[ExecutionView], cleaned: bool, uploaded: bool) -> ItemStatus {
        let manifest = manifest();
        item_status(&Facts {
            manifest: &manifest,
            item: &manifest.items[0],
            executions,
            cleaned,
            failed: None,
            uploaded_ms: uploaded.then_some(50),
            upload_error: None,
            home_gone: false,
            now_ms: 10_000,
        })
    }

    use ExecutionStatus::{Aborted, Failed, Running, Succeeded, TimedOut};

    #[test]
    fn a_success_wins_over_whatever_else_happened() {
        let runs = [
            execution("1", Failed, 100, Some(900)),
            execution("2", Succeeded, 200, Some(800)),
            execution("3", Running, 300, None),
            execution("4", Succeeded, 50, Some(2_000)),
        ];
        let item = outcome(&runs, false, true);
        assert_eq!(item.state, ItemState::Cleaned);
        assert_eq!(
            item.seconds,
            Some(0.75),
            "from the first start to the first success"
        );
        assert_eq!(item.output.as_deref(), Some("cleaned/b/a.jpg.png"));
        assert_eq!((item.error, item.message), (None, None));
        assert_eq!(item.executions, ["4", "1", "2", "3"]);
        assert_eq!(item.attempts, 4);
    }

    #[test]
    fn what_runs_is_not_given_up_because_of_an_older_failure() {
        let runs = [
            execution("1", Failed, 100, Some(900)),
            execution("2", Running, 1_000, None),
        ];
        assert_eq!(outcome(&runs, false, true).state, ItemState::Running);
        let mut queued = runs;
        queued[1].waiting_for_worker_since_ms = Some(1_500);
        let item = outcome(&queued, false, true);
        assert_eq!(
            (item.state, item.waiting),
            (ItemState::Queued, Some(Waiting::Worker))
        );
        assert_eq!(item.waiting_since_ms, Some(1_500));
    }

    #[test]
    fn a_failure_says_why_in_words() {
        let item = outcome(&[execution("1", Failed, 100, Some(900))], false, true);
        assert_eq!(item.state, ItemState::Failed);
        assert_eq!(item.error.as_deref(), Some("ImageCorrupt"));
        assert_eq!(item.message.as_deref(), Some("it ends early"));
        let stopped = outcome(&[execution("1", Aborted, 100, Some(900))], false, true);
        assert_eq!(stopped.state, ItemState::Stopped);
        let late = outcome(&[execution("1", TimedOut, 100, Some(900))], false, true);
        assert_eq!(late.state, ItemState::Failed);
    }

    #[test]
    fn without_executions_the_objects_tell() {
        assert_eq!(outcome(&[], false, false).waiting, Some(Waiting::Upload));
        let stored = outcome(&[], false, true);
        assert_eq!(
            (stored.state, stored.waiting),
            (ItemState::Queued, Some(Waiting::Execution))
        );
        assert_eq!(
            stored.planned,
            Some(Place::Lambda),
            "the sender's guess until Plan speaks"
        );
        assert_eq!(
            outcome(&[], true, true).state,
            ItemState::Cleaned,
            "histories expire"
        );
    }

    #[test]
    fn a_result_that_outlived_its_execution_counts() {
        let lost = [execution("1", Failed, 100, Some(900))];
        assert_eq!(outcome(&lost, true, true).state, ItemState::Cleaned);
        let running = [execution("1", Running, 100, None)];
        assert_eq!(outcome(&running, true, true).state, ItemState::Running);
    }

    #[test]
    fn another_batch_s_work_counts_as_long_as_that_batch_is_there() {
        let mut manifest = manifest();
        manifest.items[0].same_as = Some(SameAs {
            batch: "earlier".into(),
            name: "x.jpg".into(),
        });
        let of = |cleaned, home_gone| {
            item_status(&Facts {
                manifest: &manifest,
                item: &manifest.items[0],
                executions: &[],
                cleaned,
                failed: None,
                uploaded_ms: None,
                upload_error: None,
                home_gone,
                now_ms: 10_000,
            })
        };
        let done = of(true, false);
        assert_eq!(done.output.as_deref(), Some("cleaned/earlier/x.jpg.png"));
        assert_eq!((done.batch.as_str(), done.name.as_str()), ("b", "a.jpg"));
        assert_eq!(done.same_as, manifest.items[0].same_as);
        assert_eq!(of(true, true).state, ItemState::Cleaned);
        let lost = of(false, true);
        assert_eq!(lost.state, ItemState::Failed);
        assert_eq!(
            lost.message.as_deref(),
            Some("its result was deleted with batch earlier: submit it again")
        );
    }

    #[test]
    fn causes_become_sentences() {
        for (error, cause, words) in [
            (Some("X"), Some(r#"{"errorMessage":"m"}"#), "m"),
            (Some("X"), Some("plain"), "plain"),
            (Some("X"), None, "X"),
            (
                Some("States.Timeout"),
                Some(""),
                "it took longer than allowed",
            ),
            (None, None, "stopped without a reason given"),
        ] {
            assert_eq!(sentence(error, cause), words);
        }
    }

    proptest! {
        #[test]
        fn the_order_of_executions_does_not_matter(
            kinds in prop::collection::vec((0..5_usize, 0..1_000_i64, 0..1_000_i64), 1..6),
            cleaned in any::<bool>(), turn in 0..6_usize,
        ) {
            let mut runs: Vec<_> = kinds.iter().enumerate().map(|(index, (kind, start, took))| {
                let status = [Succeeded, Running, Failed, Aborted, TimedOut][*kind];
                // Distinct ends: AWS orders by them, too.
                let stop = (status != Running).then_some((start + took) * 10 + index as i64);
                execution(&index.to_string(), status, *start, stop)
            }).collect();
            let straight = outcome(&runs, cleaned, true);
            let turn = turn % runs.len();
            runs.rotate_left(turn);
            prop_assert_eq!(&outcome(&runs, cleaned, true), &straight);
            let any = |status| runs.iter().any(|run| run.status == status);
            if any(Succeeded) { prop_assert_eq!(straight.state, ItemState::Cleaned); }
            prop_assert_eq!(straight.state.is_settled(), any(Succeeded) || !any(Running));
        }
    }
}
