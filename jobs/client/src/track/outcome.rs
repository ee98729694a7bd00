//! Executions of one item → its outcome. Cleaned wins, however often it ran.

use serde::{Deserialize, Serialize};

use super::Place;
use super::history::{ExecutionStatus, ExecutionView};
use crate::submit::{Manifest, ManifestItem, Wish};

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
    /// ETag of the original.
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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
