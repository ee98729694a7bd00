//! Events of one execution → what it did, where, how often. Of any state machine, from the history alone.
//!
//! The rules are those that AWS's histories follow: every event names the one that caused it (`previousEventId`), and so
//! belongs to a path. A state's work begins with the *Scheduled* event that follows its entry; every further Scheduled
//! event before the state's exit is a retry; a failure that is followed directly by the state's exit was caught; one that
//! is followed by `ExecutionFailed` was not. The first state of a branch follows `ParallelStateStarted`, that of an
//! iteration `MapIterationStarted`; what tells of the end of a Parallel or Map follows the last event *inside*.
//!
//! `compute` tells what did the work, `work` folds the attempts of one visit, `open` knows which visits go on, `path`
//! what ends and begins again with what, `fold` which event is about which visit.

mod compute;
mod fold;
mod open;
mod path;
mod reports;
mod spot;
mod step;
mod view;
mod work;

pub use compute::{Compute, Pattern};
pub use fold::Fold;
pub use step::{Attempt, AttemptEnd, StateKind, Step, StepEnd};
pub use view::{ExecutionStatus, ExecutionView};

use super::event::Event;

/// Folds a whole history.
#[must_use]
pub fn fold<'a>(
    execution_name: &str,
    events: impl IntoIterator<Item = &'a Event>,
) -> ExecutionView {
    let mut fold = Fold::new(execution_name);
    for event in events {
        fold.apply(event);
    }
    fold.into_view()
}

#[cfg(test)]
mod tests;
