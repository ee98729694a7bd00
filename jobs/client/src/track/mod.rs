//! What became of each item: run records → executions → histories → one outcome per item.
//!
//! [`follow`] watches a batch until every item is settled, [`snapshot`] looks once.
//! [`history`] folds the events of one execution, [`outcome`] folds the executions of one item;
//! both are pure and know nothing of the network.

pub mod event;
pub mod history;
pub mod outcome;
mod poll;

pub use history::{Attempt, AttemptEnd, Compute, ExecutionStatus, ExecutionView, Step};
pub use outcome::{
    BatchStatus, CleanReport, FailureRecord, ItemState, ItemStatus, PlanReport, Waiting,
};
pub use poll::{FollowOptions, execution_view, follow, snapshot};
pub(crate) use poll::{follow_beside, snapshot_with_executions};

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
