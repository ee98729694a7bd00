//! What did the work, and how each try of it ended.

use whiteboarder_jobs::track::history::{
    AttemptEnd, Compute, ExecutionStatus, ExecutionView, Pattern, StepEnd,
};
use whiteboarder_jobs::track::{Attempt, Place};
use whiteboarder_jobs::watch::{Digest, Kind};

use super::{caught, failed, view};

const TASK: &str = "arn:aws:ecs:us-east-1:123456789012:task/work/0b69d5c0";

fn attempt(view: &ExecutionView) -> &Attempt {
    &view.steps[0].attempts[0]
}

fn error(attempt: &Attempt) -> &str {
    attempt.error().unwrap()
}

#[test]
fn an_activity_tells_who_took_it_and_how_long_it_waited() {
    let view = view("activity-succeeds");
    assert_eq!(view.status, ExecutionStatus::Succeeded);
    let attempt = attempt(&view);
    assert_eq!(attempt.worker.as_deref(), Some("gpu-box/3"));
    let waited = attempt.started_ms.unwrap() - attempt.scheduled_ms;
    assert_eq!((waited, attempt.worked_ms()), (2000, Some(5000)));
    assert_eq!(view.places, [Place::Ecs]);
    assert!(!view.moved && view.plan.is_none());
    assert_eq!(view.steps[0].end, Some(StepEnd::Left));
    let digest = Digest::of(&view);
    assert_eq!(digest.kinds, [Kind::Worker]);
    assert_eq!(digest.done_by, ["gpu-box/3"]);
}

#[test]
fn a_failed_and_a_late_activity_fail_the_state_they_are_in() {
    for (name, why) in [
        ("activity-fails", "Scratched"),
        ("activity-times-out", "States.Timeout"),
    ] {
        let view = view(name);
        assert_eq!(view.status, ExecutionStatus::Failed);
        assert_eq!(view.steps[0].end, failed(why), "{name}");
        assert_eq!(view.steps[0].exited_ms, None);
        assert_eq!(error(attempt(&view)), why);
        let digest = Digest::of(&view);
        assert_eq!(digest.failed_in.as_deref(), Some("Polish"));
        assert_eq!(digest.error.as_deref(), Some(why));
        assert_eq!(digest.lane(Place::Ecs).unwrap().failures, 1);
        assert_eq!(
            (digest.workers.len(), digest.done_by.len()),
            (1, 0),
            "{name}"
        );
    }
}

#[test]
fn an_activity_that_is_gone_fails_the_state_without_an_attempt() {
    let view = view("activity-deleted");
    assert_eq!(view.steps[0].end, failed("States.Runtime"));
    assert!(view.steps[0].attempts.is_empty());
    assert_eq!(Digest::of(&view).failed_in.as_deref(), Some("Polish"));
}

#[test]
fn a_token_is_waited_for_from_the_moment_the_message_was_sent() {
    for (name, end) in [
        ("token-comes-back", Some(StepEnd::Left)),
        ("token-brings-a-failure", failed("Refused")),
        ("token-times-out", failed("States.Timeout")),
    ] {
        let view = view(name);
        assert_eq!(view.steps[0].end, end, "{name}");
        let attempt = attempt(&view);
        assert!(attempt.submitted_ms > attempt.started_ms);
        assert_eq!(
            attempt.compute,
            Compute::Service {
                service: "sqs".into(),
                action: "sendMessage.waitForTaskToken".into()
            }
        );
        assert!(view.places.is_empty(), "a queue is no lane");
        assert_eq!(Digest::of(&view).kinds, [Kind::Service]);
        assert_eq!(Digest::of(&view).usage.unknown, 0);
    }
}

#[test]
fn a_function_by_its_arn_is_retried_and_then_caught() {
    let view = view("lambda-by-arn-retried-then-caught");
    assert_eq!(view.status, ExecutionStatus::Succeeded);
    let shrink = &view.steps[0];
    assert_eq!((shrink.attempts.len(), shrink.retries()), (2, 1));
    assert_eq!(shrink.end, caught("States.Timeout"));
    assert!(shrink.caught);
    assert_eq!(error(&shrink.attempts[0]), "OSError");
    assert_eq!(
        shrink.attempts[0].compute.function_name(),
        Some("thumbnails")
    );
    assert!(matches!(
        shrink.attempts[0].compute,
        Compute::Lambda {
            pattern: Pattern::Direct,
            ..
        }
    ));
    assert!(!view.moved, "it went on, but nowhere else");
    assert_eq!(view.moved_by, None);
    // Three states, and one more try.
    assert_eq!(Digest::of(&view).usage.transitions, 3);
    assert_eq!(view.steps[1].after, Some(0));
}

#[test]
fn a_lane_that_is_left_through_a_catch_is_a_move_in_any_machine() {
    let view = view("lambda-invoked-throttled-retried-then-caught");
    let shrink = &view.steps[0];
    assert!(matches!(
        &shrink.attempts[0].compute,
        Compute::Lambda { function, pattern: Pattern::Request } if function == "thumbnails"
    ));
    assert!(shrink.attempts[0].was_throttled());
    assert_eq!(shrink.end, caught("OSError"));
    assert_eq!(view.places, [Place::Lambda, Place::Ecs]);
    assert_eq!(view.attempts, 2, "a throttled call is no attempt");
    assert!(view.moved);
    assert_eq!(view.moved_by.as_deref(), Some("OSError"));
    let digest = Digest::of(&view);
    assert_eq!(digest.kinds, [Kind::Lambda, Kind::Ecs]);
    assert_eq!(digest.state.as_deref(), Some("ShrinkElsewhere"));
    assert_eq!(digest.at, Some(Place::Ecs));
    assert_eq!(digest.lane(Place::Lambda).unwrap().failures, 1);
}

#[test]
fn a_function_may_wait_for_a_token_too() {
    let view = view("lambda-invoked-with-a-token");
    let attempt = attempt(&view);
    assert!(matches!(
        attempt.compute,
        Compute::Lambda {
            pattern: Pattern::TaskToken,
            ..
        }
    ));
    assert!(attempt.submitted_ms.is_some() && attempt.end.is_none());
    assert!(view.steps[0].is_open());
    assert_eq!(view.waiting_for_worker_since_ms, None);
}

#[test]
fn an_ecs_task_is_known_by_its_cluster_its_definition_and_its_arn() {
    for (name, asked, known) in [
        ("ecs-asked-only", Pattern::Request, true),
        ("ecs-runs-to-its-end", Pattern::Sync, true),
        ("ecs-does-not-start", Pattern::Sync, true),
        ("ecs-calls-back", Pattern::TaskToken, true),
        (
            "lambda-invoked-throttled-retried-then-caught",
            Pattern::Sync,
            false,
        ),
    ] {
        let view = view(name);
        let last = view.steps.last().unwrap();
        let Compute::Ecs {
            cluster,
            task_definition,
            launch_type,
            pattern,
            task,
        } = &last.attempts[0].compute
        else {
            panic!("{name}: {:?}", last.attempts[0].compute);
        };
        assert!(cluster.ends_with("work"), "{name}");
        assert!(!task_definition.is_empty() && launch_type == "FARGATE");
        assert_eq!(*pattern, asked, "{name}");
        assert_eq!(task.as_deref(), known.then_some(TASK), "{name}");
        assert_eq!(Digest::of(&view).usage.ecs_seconds, 0.0);
        assert!(Digest::of(&view).usage.unknown > 0, "its size is not told");
    }
}

#[test]
fn an_ecs_task_that_is_only_asked_for_says_nothing_of_its_seconds() {
    let seconds = |name| Digest::of(&view(name)).lane(Place::Ecs).unwrap().seconds;
    assert_eq!(seconds("ecs-asked-only"), None);
    assert_eq!(seconds("ecs-runs-to-its-end"), Some(42.1));
}

#[test]
fn an_ecs_task_that_does_not_start_fails_with_its_description() {
    let view = view("ecs-does-not-start");
    let Some(AttemptEnd::Failed { cause, .. }) = &attempt(&view).end else {
        panic!("{:?}", attempt(&view).end);
    };
    assert!(cause.contains("TaskFailedToStart"));
    assert_eq!(view.steps[0].end, failed("States.TaskFailed"));
}

#[test]
fn another_execution_is_named_and_is_no_lane() {
    let view = view("child-execution");
    assert_eq!(
        attempt(&view).compute,
        Compute::Execution {
            machine: "arn:aws:states:us-east-1:123456789012:stateMachine:child".into(),
            pattern: Pattern::Sync,
            child: Some("arn:aws:states:us-east-1:123456789012:execution:child:77".into()),
        }
    );
    assert!(view.places.is_empty());
    let digest = Digest::of(&view);
    assert_eq!(digest.kinds, [Kind::Execution]);
    assert_eq!((digest.usage.unknown, digest.attempts), (0, 0));
}
