//! How far a state is: one visit of it, and all of them together.

mod states;

use ratatui::style::Style;
use whiteboarder_jobs::track::{AttemptEnd, ExecutionStatus, Step, StepEnd};

pub use states::States;

use super::row;
use crate::term::glyph::Mark;
use crate::term::theme::Theme;

/// How far a visit of a state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nobody has taken its work yet.
    Queued,
    /// It goes on.
    Running,
    /// A try failed, and the next has not begun.
    Retrying,
    /// It was left well.
    Done,
    /// It failed, and the machine went on through a Catch.
    Caught,
    /// It failed.
    Failed,
    /// It was stopped.
    Stopped,
}

impl Phase {
    /// Of a visit, in an execution of this status.
    pub fn of(step: &Step, execution: ExecutionStatus) -> Phase {
        match &step.end {
            Some(StepEnd::Left) => return Phase::Done,
            Some(StepEnd::Caught { .. }) => return Phase::Caught,
            Some(StepEnd::Failed { .. }) => return Phase::Failed,
            Some(StepEnd::Aborted) => return Phase::Stopped,
            None => {}
        }
        match (step.exited_ms, execution, step.attempts.last()) {
            (Some(_), ..) if step.caught => Phase::Caught,
            (Some(_), ..) => Phase::Done,
            (None, ExecutionStatus::Running, Some(last)) => match last.end {
                Some(AttemptEnd::Failed { .. }) => Phase::Retrying,
                None if last.started_ms.is_none() => Phase::Queued,
                _ => Phase::Running,
            },
            (None, ExecutionStatus::Running, None) => Phase::Running,
            (None, ..) => Phase::Stopped,
        }
    }

    /// Whether more is to come of it.
    pub fn is_open(self) -> bool {
        matches!(self, Phase::Queued | Phase::Running | Phase::Retrying)
    }

    /// Its glyph.
    pub fn mark(self) -> Mark {
        match self {
            Phase::Queued => Mark::Queued,
            Phase::Running => Mark::Running,
            Phase::Retrying => Mark::Retrying,
            Phase::Done => Mark::Done,
            Phase::Caught | Phase::Failed => Mark::Failed,
            Phase::Stopped => Mark::Stopped,
        }
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Queued => "queued",
            Phase::Running => "running",
            Phase::Retrying => "retrying",
            Phase::Done => "done",
            Phase::Caught => "caught",
            Phase::Failed => "failed",
            Phase::Stopped => "stopped",
        }
    }

    /// Its style: what was caught is no failure of the execution.
    pub fn style(self, theme: &Theme) -> Style {
        match self {
            Phase::Caught => theme.notable,
            other => row::style(other.mark(), theme),
        }
    }
}

/// The error that a visit ended with, or that its last try ended with.
pub fn error(step: &Step) -> Option<&str> {
    match &step.end {
        Some(StepEnd::Caught { error } | StepEnd::Failed { error }) => return Some(error),
        Some(StepEnd::Left | StepEnd::Aborted) => return None,
        None => {}
    }
    match step.attempts.last()?.end.as_ref()? {
        AttemptEnd::Failed { error, .. } => Some(error),
        AttemptEnd::Succeeded | AttemptEnd::Aborted => None,
    }
}
