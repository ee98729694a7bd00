//! Branches and iterations: what is inside of what, what follows what, and what stops with what.

use whiteboarder_jobs::track::history::{AttemptEnd, ExecutionStatus, Fold, StateKind, StepEnd};
use whiteboarder_jobs::watch::Digest;

use super::{caught, events, failed, places, view};

#[test]
fn one_item_that_is_late_fails_the_map_and_stops_the_others() {
    let view = view("map-one-item-times-out");
    assert_eq!(view.status, ExecutionStatus::Failed);
    let map = &view.steps[0];
    assert_eq!((map.kind, map.items), (StateKind::Map, Some(4)));
    assert_eq!(map.end, failed("States.Timeout"));
    let asks: Vec<_> = places(&view)[1..].to_vec();
    let expected: Vec<_> = (0..4)
        .map(|item| ("Ask", Some(0), Some(item), None))
        .collect();
    assert_eq!(asks, expected);
    assert_eq!(view.steps[1].end, failed("States.Timeout"));
    assert!(
        view.steps[2..]
            .iter()
            .all(|step| step.end == Some(StepEnd::Aborted))
    );
    assert_eq!(Digest::of(&view).failed_in.as_deref(), Some("Ask"));
}

#[test]
fn each_event_of_a_map_belongs_to_its_own_visit() {
    let events = events("map-one-item-times-out");
    let mut fold = Fold::new("e");
    for event in &events {
        fold.apply(event);
    }
    let owners = |kind: &str| -> Vec<_> {
        let of_kind = events.iter().filter(|event| event.kind == kind);
        of_kind.map(|event| fold.owner(event.id)).collect()
    };
    assert_eq!(owners("ExecutionStarted"), [None]);
    assert_eq!(owners("ExecutionFailed"), [None]);
    for kind in [
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskTimedOut",
    ] {
        assert_eq!(owners(kind), [Some(1), Some(2), Some(3), Some(4)], "{kind}");
    }
    assert_eq!(owners("TaskStateAborted"), [Some(2), Some(3), Some(4)]);
    assert_eq!(owners("MapIterationAborted"), [Some(0); 3]);
    assert_eq!(owners("MapStateFailed"), [Some(0)]);
}

#[test]
fn items_that_run_one_after_the_other_do_not_follow_each_other() {
    let view = view("map-one-at-a-time");
    assert_eq!(
        places(&view),
        [
            ("Each", None, None, None),
            ("Name", Some(0), Some(0), None),
            ("Polish", Some(0), Some(0), Some(1)),
            ("Name", Some(0), Some(1), None),
            ("Polish", Some(0), Some(1), Some(3)),
            ("Done", None, None, Some(0)),
        ]
    );
    assert!(
        view.steps
            .iter()
            .all(|step| step.end == Some(StepEnd::Left))
    );
    assert_eq!(Digest::of(&view).done_by, ["gpu-box/3", "gpu-box/4"]);
}

#[test]
fn a_map_that_is_retried_is_one_visit_and_each_try_fails_in_its_own() {
    let view = view("map-retried");
    assert_eq!(
        places(&view),
        [
            ("Begin", None, None, None),
            ("Each", None, None, Some(0)),
            ("Refuse", Some(1), Some(0), None),
            ("Refuse", Some(1), Some(0), None),
        ]
    );
    assert_eq!(view.steps[1].retries(), 1);
    assert!(
        view.steps[1..]
            .iter()
            .all(|step| step.end == failed("Refused"))
    );
    assert_eq!(Digest::of(&view).failed_in.as_deref(), Some("Refuse"));
    assert_eq!(Digest::of(&view).usage.transitions, 5);
}

#[test]
fn a_branch_that_fails_stops_the_others() {
    let view = view("parallel-fails");
    assert_eq!(
        places(&view),
        [
            ("Both", None, None, None),
            ("Rest", Some(0), None, None),
            ("Refuse", Some(0), None, None),
        ]
    );
    assert_eq!(view.steps[0].end, failed("Refused"));
    assert_eq!(view.steps[1].end, Some(StepEnd::Aborted));
    assert_eq!(view.steps[2].end, failed("Refused"));
    assert_eq!(view.steps[2].kind, StateKind::Fail);
    assert!(view.steps[1].ended_ms.is_some() && view.steps[1].exited_ms.is_none());
    assert_eq!(Digest::of(&view).failed_in.as_deref(), Some("Refuse"));
}

#[test]
fn a_branch_that_fails_may_be_caught_around_it() {
    let view = view("parallel-caught");
    assert_eq!(view.status, ExecutionStatus::Succeeded);
    assert_eq!(view.steps[0].end, caught("Refused"));
    assert_eq!(view.steps[1].end, Some(StepEnd::Aborted));
    assert_eq!(view.steps[2].end, failed("Refused"));
    assert_eq!(places(&view)[3], ("Apologise", None, None, Some(0)));
    assert_eq!(Digest::of(&view).failed_in, None);
}

#[test]
fn branches_of_branches_keep_their_places() {
    let view = view("parallel-in-parallel");
    assert_eq!(
        places(&view),
        [
            ("Outer", None, None, None),
            ("Left", Some(0), None, None),
            ("Inner", Some(0), None, None),
            ("Polish", Some(2), None, None),
            ("Quick", Some(2), None, None),
            ("After", Some(0), None, Some(2)),
        ]
    );
    assert!(
        view.steps
            .iter()
            .all(|step| step.end == Some(StepEnd::Left))
    );
    assert_eq!(view.steps[3].attempts[0].end, Some(AttemptEnd::Succeeded));
}

#[test]
fn a_distributed_map_names_its_run_and_does_not_count_its_items() {
    let view = view("distributed-map");
    let map = &view.steps[0];
    let run = "arn:aws:states:us-east-1:123456789012:mapRun:machine/Each:3f1c";
    assert_eq!(map.map_run.as_deref(), Some(run));
    assert_eq!((map.items, view.steps.len()), (None, 1));
    assert_eq!(map.end, Some(StepEnd::Left));
    let fails = super::view("distributed-map-fails");
    let error = "States.ExceedToleratedFailureThreshold";
    assert_eq!(fails.steps[0].end, failed(error));
}

#[test]
fn an_expression_without_a_value_fails_its_state() {
    let view = view("evaluation-fails");
    assert_eq!(view.steps[0].end, failed("States.QueryEvaluationError"));
    assert_eq!(view.steps[0].items, None);
    assert_eq!(Digest::of(&view).failed_in.as_deref(), Some("Each"));
    let event = &events("evaluation-fails")[2];
    assert_eq!(event.location.as_deref(), Some("Items"));
}
