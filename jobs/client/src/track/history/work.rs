//! The events of a task between its state's entry and exit.

use super::compute::Compute;
use super::step::{Attempt, AttemptEnd, Step};
use crate::track::event::Event;

/// Whether an event asks for work.
pub(super) fn is_scheduled(kind: &str) -> bool {
    matches!(
        kind,
        "ActivityScheduled" | "LambdaFunctionScheduled" | "TaskScheduled"
    )
}

/// Takes in what happened to the work of a step.
pub(super) fn take(step: &mut Step, event: &Event) {
    if is_scheduled(&event.kind) {
        step.attempts.push(Attempt {
            compute: Compute::of(event),
            scheduled_ms: event.time_ms,
            started_ms: None,
            submitted_ms: None,
            ended_ms: None,
            worker: None,
            end: None,
        });
        return;
    }
    let Some(attempt) = step.attempts.last_mut() else {
        return;
    };
    match event.kind.as_str() {
        "ActivityStarted" | "LambdaFunctionStarted" | "TaskStarted" => {
            attempt.started_ms = Some(event.time_ms);
            attempt.worker.clone_from(&event.worker);
        }
        "TaskSubmitted" => {
            attempt.submitted_ms = Some(event.time_ms);
            attempt.compute.answered(event);
        }
        "ActivitySucceeded" | "LambdaFunctionSucceeded" | "TaskSucceeded" => {
            attempt.ended_ms = Some(event.time_ms);
            attempt.end = Some(AttemptEnd::Succeeded);
            attempt.compute.answered(event);
        }
        "ActivityFailed"
        | "ActivityTimedOut"
        | "ActivityScheduleFailed"
        | "LambdaFunctionFailed"
        | "LambdaFunctionTimedOut"
        | "LambdaFunctionScheduleFailed"
        | "LambdaFunctionStartFailed"
        | "TaskFailed"
        | "TaskTimedOut"
        | "TaskStartFailed"
        | "TaskSubmitFailed" => {
            attempt.ended_ms = Some(event.time_ms);
            attempt.end = Some(failed(event));
            attempt.compute.answered(event);
        }
        _ => {}
    }
}

fn failed(event: &Event) -> AttemptEnd {
    let default = if event.kind.ends_with("TimedOut") {
        "States.Timeout"
    } else {
        "States.TaskFailed"
    };
    AttemptEnd::Failed {
        error: event.error.clone().unwrap_or_else(|| default.to_owned()),
        cause: event.cause.clone().unwrap_or_default(),
    }
}
