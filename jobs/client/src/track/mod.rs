//! What became of each item: run records → executions → histories → one outcome per item.
//!
//! [`follow`] watches a batch until every item is settled, [`snapshot`] looks once.
//! [`history`] folds the events of one execution, [`outcome`] folds the executions of one item;
//! both are pure and know nothing of the network.
//!
//! A *home* is where the work on an item is done: the item itself, or another batch's that is the
//! same. `follower` knows what is known of every home and asks for what is new within `budget`;
//! `discover` finds executions that left no record; `teller` says what changed.

pub(crate) mod budget;
pub(crate) mod calls;
mod discover;
pub mod event;
mod follow;
mod follower;
pub mod history;
mod home;
pub mod outcome;
mod report;
mod teller;

pub use follow::{FollowOptions, execution_view, follow, snapshot};
pub(crate) use follow::{follow_beside, snapshot_with_executions};
pub use history::{
    Attempt, AttemptEnd, Compute, ExecutionStatus, ExecutionView, Pattern, StateKind, Step, StepEnd,
};
pub use outcome::{
    BatchStatus, CleanReport, FailureRecord, ItemState, ItemStatus, PlanReport, Waiting,
};

use serde::{Deserialize, Serialize};

/// Where an item runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// The Lambda lane.
    Lambda,
    /// The ECS lane: a worker that polls the activity.
    Ecs,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Lambda => "lambda",
            Self::Ecs => "ecs",
        })
    }
}
