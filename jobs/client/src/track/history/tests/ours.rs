//! Histories of the machine that cleans pictures.

use super::*;

#[test]
fn a_run_on_lambda_as_planned_is_not_moved() {
    let mut writer = Writer::planned("lambda");
    writer.enter("Task", "CleanOnLambda").lambda("clean");
    writer.succeeds("CleanOnLambda", "Task", "lambda");
    let view = writer.view();
    assert_eq!(view.status, ExecutionStatus::Succeeded);
    assert_eq!(view.places, [Place::Lambda]);
    assert!(!view.moved);
    assert_eq!(
        view.attempts, 1,
        "the planner's own call is no attempt at the picture"
    );
    assert_eq!(view.plan.unwrap().predicted.seconds, 2.0);
    assert_eq!(view.result.unwrap().output.key, "cleaned/b/a.jpg.png");
    let names: Vec<_> = view.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(
        names,
        ["Register", "Plan", "Place", "CleanOnLambda", "Done"]
    );
    assert_eq!(
        view.steps[0].attempts[0].compute,
        Compute::Service {
            service: "aws-sdk:s3".into(),
            action: "putObject".into()
        }
    );
}

#[test]
fn a_lambda_time_out_moves_the_item_to_a_named_worker() {
    let mut writer = Writer::planned("lambda");
    writer.enter("Task", "CleanOnLambda").lambda("clean");
    writer.lambda_fails("Sandbox.Timedout", "Task timed out after 1.00 seconds");
    let moved = json!({"moved": {"Error": "Sandbox.Timedout", "Cause": "…"}});
    writer.exit("Task", "CleanOnLambda", &moved);
    writer.enter("Task", "CleanOnEcs").activity();

    let waiting = writer.view();
    assert!(
        waiting.moved,
        "it has left Lambda although no worker has taken it yet"
    );
    assert_eq!(
        waiting.places,
        [Place::Lambda],
        "ECS has not worked on it yet"
    );
    let scheduled = writer.parsed().last().unwrap().time_ms;
    assert_eq!(waiting.waiting_for_worker_since_ms, Some(scheduled));

    writer.taken_by("ecs/2");
    writer.succeeds("CleanOnEcs", "Activity", "ecs");
    let view = writer.view();
    assert_eq!(view.places, [Place::Lambda, Place::Ecs]);
    assert_eq!(view.moved_by.as_deref(), Some("Sandbox.Timedout"));
    assert_eq!(view.worker.as_deref(), Some("ecs/2"));
    assert_eq!(view.attempts, 2);
    assert_eq!(view.plan.unwrap().place, Some(Place::Lambda));
    assert_eq!(view.waiting_for_worker_since_ms, None);
    assert_eq!(
        view.error, None,
        "a caught error is not the execution's error"
    );
    assert!(view.steps[3].caught && !view.steps[4].caught);
}

#[test]
fn a_silent_worker_costs_an_attempt_but_not_the_place() {
    let mut writer = Writer::planned("ecs");
    writer
        .enter("Task", "CleanOnEcs")
        .activity()
        .taken_by("ecs/1");
    writer.add(
        "ActivityTimedOut",
        "activityTimedOut",
        json!({"error": "States.Timeout"}),
    );
    writer.activity().taken_by("ecs/2");
    writer.succeeds("CleanOnEcs", "Activity", "ecs");
    let view = writer.view();
    assert_eq!((view.attempts, view.moved), (2, false));
    assert_eq!(view.places, [Place::Ecs]);
    assert_eq!(view.worker.as_deref(), Some("ecs/2"));
    let clean = &view.steps[3];
    assert_eq!(clean.attempts.len(), 2);
    let lost = AttemptEnd::Failed {
        error: "States.Timeout".into(),
        cause: String::new(),
    };
    assert_eq!(clean.attempts[0].end, Some(lost));
    assert!(!clean.caught, "a retry that succeeds is not a catch");
}

#[test]
fn a_broken_picture_fails_where_it_is_and_a_redrive_goes_on_from_there() {
    let mut writer = Writer::planned("lambda");
    writer.enter("Task", "CleanOnLambda").lambda("clean");
    writer.lambda_fails("ImageCorrupt", "the JPEG ends early");
    let cause = json!({"errorMessage": "the JPEG ends early"}).to_string();
    let details = json!({"error": "ImageCorrupt", "cause": cause});
    writer.add("ExecutionFailed", "executionFailed", details);

    let failed = writer.view();
    assert_eq!(failed.status, ExecutionStatus::Failed);
    assert_eq!(failed.error.as_deref(), Some("ImageCorrupt"));
    assert_eq!(
        failed.steps[3].exited_ms, None,
        "an uncaught failure never leaves its state"
    );
    assert_eq!(failed.moved_by, None);

    writer.add(
        "ExecutionRedriven",
        "executionRedriven",
        json!({"redriveCount": 1}),
    );
    let again = writer.view();
    assert_eq!(again.status, ExecutionStatus::Running);
    assert_eq!((again.error, again.stopped_ms), (None, None));

    // AWS goes on with the task itself: there is no second TaskStateEntered.
    writer.lambda("clean");
    writer.succeeds("CleanOnLambda", "Task", "lambda");
    let view = writer.view();
    assert_eq!(view.status, ExecutionStatus::Succeeded);
    assert_eq!((view.redrives, view.attempts, view.moved), (1, 2, false));
    assert_eq!(view.steps.len(), 5, "the redrive continued the same visit");
    assert!(view.steps[3].exited_ms.is_some() && !view.steps[3].caught);
}

#[test]
fn a_throttled_call_is_neither_an_attempt_nor_a_place() {
    let mut writer = Writer::planned("lambda");
    writer.enter("Task", "CleanOnLambda").lambda("clean");
    writer.lambda_fails("Lambda.TooManyRequestsException", "Rate exceeded");
    let view = writer.view();
    assert_eq!((view.attempts, view.places.len()), (0, 0));
    writer.lambda("clean");
    writer.succeeds("CleanOnLambda", "Task", "lambda");
    assert_eq!(writer.view().attempts, 1);
}

#[test]
fn a_stop_and_a_machine_time_out_end_it_without_an_exit() {
    for (kind, details, status) in [
        (
            "ExecutionAborted",
            "executionAborted",
            ExecutionStatus::Aborted,
        ),
        (
            "ExecutionTimedOut",
            "executionTimedOut",
            ExecutionStatus::TimedOut,
        ),
    ] {
        let mut writer = Writer::planned("ecs");
        writer.enter("Task", "CleanOnEcs").activity();
        // AWS writes these with previousEventId 0.
        writer.add(kind, details, json!({"error": "Why", "cause": "because"}));
        writer.events.last_mut().unwrap()["previousEventId"] = 0.into();
        let view = writer.view();
        assert_eq!(view.status, status);
        assert_eq!(view.error.as_deref(), Some("Why"));
        assert_eq!(
            view.waiting_for_worker_since_ms, None,
            "nothing waits any more"
        );
        assert_eq!(view.places, []);
    }
}

#[test]
fn a_direct_lambda_resource_is_lambda_too() {
    let mut writer = Writer::started();
    writer.enter("Task", "CleanOnLambda");
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
    let details = json!({"resource": arn, "input": "{}"});
    writer.add(
        "LambdaFunctionScheduled",
        "lambdaFunctionScheduled",
        details,
    );
    writer.add("LambdaFunctionStarted", "none", json!({}));
    let view = writer.view();
    assert_eq!(view.places, [Place::Lambda]);
    assert_eq!(
        view.steps[0].attempts[0].compute,
        Compute::Lambda {
            function: arn.into(),
            pattern: Pattern::Direct,
        }
    );
}

#[test]
fn what_other_machines_call_plan_and_result_is_their_own() {
    let mut writer = Writer::started();
    writer.enter("Task", "Build").lambda("build");
    writer.add("TaskSucceeded", "taskSucceeded", json!({"output": "{}"}));
    writer.exit("Task", "Build", &document("lambda"));
    let own = json!({"plan": {"steps": 3}, "result": "fine"});
    writer.enter("Task", "Plan").lambda("plan");
    writer.add("TaskSucceeded", "taskSucceeded", json!({"output": "{}"}));
    writer.exit("Task", "Plan", &own);
    let details = json!({"output": own.to_string()});
    writer.add("ExecutionSucceeded", "executionSucceeded", details);
    let view = writer.view();
    assert_eq!((&view.plan, &view.result), (&None, &None));
    assert_eq!(
        view.attempts, 2,
        "a state of that name works like any other"
    );
    assert!(!view.moved);
}
