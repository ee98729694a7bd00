//! One visit of a state, and the tries of its work.

use serde::{Deserialize, Serialize};

use super::compute::Compute;

/// What kind of state a step is a visit of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StateKind {
    /// Does work, or has it done.
    #[default]
    Task,
    /// Passes its input on.
    Pass,
    /// Decides where to go on.
    Choice,
    /// Lets time pass.
    Wait,
    /// Ends well.
    Succeed,
    /// Ends badly.
    Fail,
    /// Does several things at once.
    Parallel,
    /// Does the same thing with many items.
    Map,
}

impl StateKind {
    /// Of the language's word for it; what is not known is a task.
    #[must_use]
    pub fn named(word: &str) -> Self {
        match word {
            "Pass" => Self::Pass,
            "Choice" => Self::Choice,
            "Wait" => Self::Wait,
            "Succeed" => Self::Succeed,
            "Fail" => Self::Fail,
            "Parallel" => Self::Parallel,
            "Map" => Self::Map,
            _ => Self::Task,
        }
    }

    /// Whether other states run inside of it.
    #[must_use]
    pub fn has_inside(self) -> bool {
        matches!(self, Self::Parallel | Self::Map)
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
    /// The execution, or the branch or iteration that it was in, was stopped under it.
    Aborted,
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
    /// … when the service had accepted the job that is waited for (`.sync`, `.waitForTaskToken`).
    pub submitted_ms: Option<i64>,
    /// … when it ended.
    pub ended_ms: Option<i64>,
    /// Who took it, of activities.
    pub worker: Option<String>,
    /// How it ended; `None` while it runs.
    pub end: Option<AttemptEnd>,
}

/// A call that Lambda turned away: nothing ran.
const THROTTLED: &str = "Lambda.TooManyRequestsException";

impl Attempt {
    /// The error that it ended with.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        match &self.end {
            Some(AttemptEnd::Failed { error, .. }) => Some(error),
            _ => None,
        }
    }

    /// Whether Lambda turned the call away: nothing ran, nothing is billed.
    #[must_use]
    pub fn was_throttled(&self) -> bool {
        self.error() == Some(THROTTLED)
    }

    /// Whether anything really worked on it.
    #[must_use]
    pub fn ran(&self) -> bool {
        self.started_ms.is_some() && !self.was_throttled()
    }

    /// Milliseconds from its start to its end.
    #[must_use]
    pub fn worked_ms(&self) -> Option<i64> {
        Some((self.ended_ms? - self.started_ms?).max(0))
    }

    /// Whether it waits for a worker that takes it.
    #[must_use]
    pub fn is_queued(&self) -> bool {
        let activity = matches!(self.compute, Compute::Activity { .. });
        activity && self.started_ms.is_none() && self.end.is_none()
    }
}

/// How a visit of a state ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "end")]
pub enum StepEnd {
    /// It went on, or ended the machine well.
    Left,
    /// It went on through a Catch.
    Caught {
        /// The error.
        error: String,
    },
    /// Its error was not caught.
    Failed {
        /// The error; empty when the history does not tell it.
        error: String,
    },
    /// It was stopped: with the execution, or because another branch or iteration failed.
    Aborted,
}

/// One visit of a state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The state's name.
    pub name: String,
    /// What kind of state it is.
    pub kind: StateKind,
    /// Index of the Parallel or Map visit that it is inside of.
    pub within: Option<usize>,
    /// Which item of the enclosing Map, counted from 0.
    pub iteration: Option<u32>,
    /// Which visit it follows on its path; `None` for the first of the machine, a branch or an iteration.
    pub after: Option<usize>,
    /// How many items a Map visit has.
    pub items: Option<u32>,
    /// ARN of a distributed Map's run: what it does is in executions of its own.
    pub map_run: Option<String>,
    /// How often a Parallel or Map visit began anew because of a Retry or a redrive.
    pub restarts: u32,
    /// How it ended; `None` while it goes on.
    pub end: Option<StepEnd>,
    /// Milliseconds since the epoch when it was entered.
    pub entered_ms: i64,
    /// … when it was left; a state that failed or was stopped never is.
    pub exited_ms: Option<i64>,
    /// … when it ended, in whatever way.
    pub ended_ms: Option<i64>,
    /// Its work; none for Choice, Pass and the like.
    pub attempts: Vec<Attempt>,
    /// Whether it was left through a Catch.
    pub caught: bool,
}

impl Step {
    /// Whether it goes on.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// How often its work was tried again.
    #[must_use]
    pub fn retries(&self) -> u32 {
        self.attempts.len().saturating_sub(1) as u32 + self.restarts
    }

    /// The error that it failed with or that was caught; of one that goes on, of its last attempt.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        match &self.end {
            Some(StepEnd::Caught { error } | StepEnd::Failed { error }) => Some(error),
            Some(StepEnd::Left | StepEnd::Aborted) => None,
            None => self.attempts.last().and_then(Attempt::error),
        }
    }
}
