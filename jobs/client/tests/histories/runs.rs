//! Executions as a whole: stopped, out of time, redriven.

use whiteboarder_jobs::track::history::{AttemptEnd, ExecutionStatus, StepEnd};
use whiteboarder_jobs::watch::Digest;

use super::{events, failed, places, view};

#[test]
fn a_stop_leaves_nothing_open() {
    let view = view("stopped");
    assert_eq!(view.status, ExecutionStatus::Aborted);
    assert_eq!(view.steps[0].end, Some(StepEnd::Aborted));
    assert_eq!(view.steps[0].ended_ms, view.stopped_ms);
    let digest = Digest::of(&view);
    assert_eq!((digest.state, digest.failed_in), (None, None));
    assert_eq!(digest.cause.as_deref(), Some("said somebody"));
}

#[test]
fn the_machines_time_out_stops_what_waits_in_a_queue() {
    let view = view("machine-times-out");
    assert_eq!(view.status, ExecutionStatus::TimedOut);
    assert!(
        view.steps
            .iter()
            .all(|step| step.end == Some(StepEnd::Aborted))
    );
    let queued = &view.steps[2].attempts[0];
    assert_eq!(queued.end, Some(AttemptEnd::Aborted));
    assert_eq!(queued.worked_ms(), None);
    assert_eq!(view.waiting_for_worker_since_ms, None);
    assert_eq!(Digest::of(&view).failed_in.as_deref(), Some("Polish"));
    assert_eq!(Digest::of(&view).usage.unknown, 0, "nothing ran");
}

#[test]
fn what_waits_for_a_worker_beside_a_pause_is_queued() {
    let mut events = events("machine-times-out");
    events.pop();
    let view = whiteboarder_jobs::track::history::fold("e", &events);
    let scheduled = events.last().unwrap().time_ms;
    assert_eq!(view.waiting_for_worker_since_ms, Some(scheduled));
    let digest = Digest::of(&view);
    assert_eq!(digest.state.as_deref(), Some("Polish"));
    assert_eq!(digest.held_by, None);
}

#[test]
fn a_redriven_task_goes_on_in_the_same_visit() {
    let view = view("redriven");
    assert_eq!(
        (view.status, view.redrives),
        (ExecutionStatus::Succeeded, 1)
    );
    assert_eq!(view.steps.len(), 1);
    let polish = &view.steps[0];
    assert_eq!(
        (polish.attempts.len(), polish.end.clone()),
        (2, Some(StepEnd::Left))
    );
    assert!(!polish.caught);
    assert_eq!(view.error, None);
    assert_eq!(view.worker.as_deref(), Some("gpu-box/4"));
}

#[test]
fn a_redrive_is_in_the_state_that_failed_until_more_is_told() {
    let mut events = events("redriven-parallel");
    let at = events
        .iter()
        .position(|event| event.kind == "ExecutionRedriven");
    events.truncate(at.unwrap() + 1);
    let view = whiteboarder_jobs::track::history::fold("e", &events);
    assert_eq!(view.status, ExecutionStatus::Running);
    assert!(view.steps[0].is_open() && view.steps[2].is_open());
    assert_eq!(view.steps[1].end, Some(StepEnd::Left));
    assert_eq!(Digest::of(&view).state.as_deref(), Some("Polish"));
}

#[test]
fn a_redriven_branch_ends_the_parallel_well() {
    let view = view("redriven-parallel");
    assert_eq!(view.status, ExecutionStatus::Succeeded);
    assert!(
        view.steps
            .iter()
            .all(|step| step.end == Some(StepEnd::Left))
    );
    assert_eq!(
        view.steps[1].attempts.len(),
        1,
        "what was done is not done again"
    );
    assert_eq!(view.steps[2].attempts.len(), 2);
    assert_eq!(Digest::of(&view).failed_in, None);
}

#[test]
fn a_redriven_fail_state_is_entered_and_fails_again() {
    let view = view("redriven-fail-state");
    assert_eq!(view.status, ExecutionStatus::Failed);
    let expected = [("Refuse", None, None, None); 2];
    assert_eq!(places(&view), expected);
    assert!(view.steps.iter().all(|step| step.end == failed("Refused")));
}
