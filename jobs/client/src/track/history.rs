//! Events of one execution → what it did, where, how often.
//!
//! The rules are those that AWS's histories follow: a state's work begins with the *Scheduled*
//! event that follows its *StateEntered* event (linked by `previousEventId`); every further
//! Scheduled event before the state's exit is a retry; a failure that is followed directly by the
//! state's exit was caught; one that is followed by `ExecutionFailed` was not.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Place;
use super::event::Event;
use super::outcome::{CleanReport, PlanReport};

/// Status of an execution, as Step Functions says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExecutionStatus {
    /// Not ended, or running again after a redrive.
    #[default]
    Running,
    /// Reached its end.
    Succeeded,
    /// A state failed and nothing caught it.
    Failed,
    /// The machine's own time-out.
    TimedOut,
    /// Stopped by somebody.
    Aborted,
}

/// What did a step's work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Compute {
    /// A Lambda function.
    Lambda {
        /// Its ARN or name.
        function: String,
    },
    /// A worker that polls an activity.
    Activity {
        /// Its ARN.
        activity: String,
    },
    /// A plain call of a service: `aws-sdk:s3`, `putObject`.
    Service {
        /// The service.
        service: String,
        /// The action.
        action: String,
    },
}

impl Compute {
    /// The lane, of computes that are lanes.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Lambda { .. } => Some(Place::Lambda),
            Self::Activity { .. } => Some(Place::Ecs),
            Self::Service { .. } => None,
        }
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "end")]
pub enum AttemptEnd {
    /// With a result.
    Succeeded,
    /// With an error or a time-out.
    Failed {
        /// Its name.
        error: String,
        /// Its cause.
        cause: String,
    },
}

/// One try of a step's work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// What did the work.
    pub compute: Compute,
    /// Milliseconds since the epoch when it was asked for.
    pub scheduled_ms: i64,
    /// … when it was taken; until then it waits in a queue.
    pub started_ms: Option<i64>,
    /// … when it ended.
    pub ended_ms: Option<i64>,
    /// Who took it, of activities.
    pub worker: Option<String>,
    /// How it ended; `None` while it runs or when the execution was stopped under it.
    pub end: Option<AttemptEnd>,
}

/// One visit of a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The state's name.
    pub name: String,
    /// Milliseconds since the epoch when it was entered.
    pub entered_ms: i64,
    /// … when it was left.
    pub exited_ms: Option<i64>,
    /// Its work; none for Choice, Pass and the like.
    pub attempts: Vec<Attempt>,
    /// Whether it was left through a Catch.
    pub caught: bool,
}

/// Everything that one execution's history says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExecutionView {
    /// Its name within the state machine.
    pub name: String,
    /// Its status.
    pub status: ExecutionStatus,
    /// Milliseconds since the epoch when it started.
    pub started_ms: Option<i64>,
    /// … when it ended (the last time).
    pub stopped_ms: Option<i64>,
    /// The states it visited, in order.
    pub steps: Vec<Step>,
    /// What Plan said.
    pub plan: Option<PlanReport>,
    /// What the cleaning said.
    pub result: Option<CleanReport>,
    /// Lanes that worked on the picture, in order, without immediate repetitions.
    pub places: Vec<Place>,
    /// Whether it went to another lane than planned, or to a second one.
    pub moved: bool,
    /// Tries of cleaning, on all lanes together.
    pub attempts: u32,
    /// The last worker that took it.
    pub worker: Option<String>,
    /// Error name of a failed one.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<String>,
    /// Whether the cleaning waits in the activity's queue since (ms): no worker has taken it.
    pub waiting_for_worker_since_ms: Option<i64>,
    /// How often it was redriven.
    pub redrives: u32,
    /// Id of the last event that was folded in.
    pub last_event: u64,
}

/// The fold. Events may come in portions, in order of their ids; one that was seen before is
/// passed over, so that pages may overlap.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    view: ExecutionView,
    /// Event id → index of the step it belongs to.
    owner: HashMap<u64, usize>,
}

/// The state whose output carries the plan.
const PLAN_STATE: &str = "Plan";
