//! A machine of the kind this was built for: two lanes, and one safe way from the first to the
//! second.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{ACTIVITY, Host, INVOKE, PUT_OBJECT};
use serde_json::{Value, json};
use states_language::{Event, Status};

fn lanes() -> Value {
    json!({
        "StartAt": "Register",
        "TimeoutSeconds": 86400,
        "States": {
            "Register": {
                "Type": "Task",
                "Resource": PUT_OBJECT,
                "Parameters": {
                    "Bucket.$": "$.detail.bucket.name",
                    "Key.$": "States.Format('runs/{}/{}', $.detail.object.key, $$.Execution.Name)",
                    "Body": {
                        "execution.$": "$$.Execution.Id",
                        "started.$": "$$.Execution.StartTime"
                    }
                },
                "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 5}],
                "ResultPath": null,
                "Next": "Plan"
            },
            "Plan": {
                "Type": "Task",
                "Resource": INVOKE,
                "Parameters": {
                    "FunctionName": "plan",
                    "Payload": {"action": "plan", "key.$": "$.detail.object.key"}
                },
                "ResultSelector": {"place.$": "$.Payload.place"},
                "ResultPath": "$.plan",
                "Next": "Place"
            },
            "Place": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.plan.place", "StringEquals": "lambda", "Next": "CleanOnLambda"}
                ],
                "Default": "CleanOnEcs"
            },
            "CleanOnLambda": {
                "Type": "Task",
                "Resource": INVOKE,
                "Parameters": {"FunctionName": "clean", "Payload.$": "$.detail"},
                "ResultSelector": {"value.$": "$.Payload"},
                "Retry": [{"ErrorEquals": ["Lambda.TooManyRequestsException"]}],
                "Catch": [{
                    "ErrorEquals": ["States.Timeout", "Sandbox.Timedout", "Lambda.Unknown"],
                    "ResultPath": "$.moved",
                    "Next": "CleanOnEcs"
                }],
                "ResultPath": "$.result",
                "Next": "Done"
            },
            "CleanOnEcs": {
                "Type": "Task",
                "Resource": ACTIVITY,
                "Parameters": {"key.$": "$.detail.object.key", "place": "ecs"},
                "HeartbeatSeconds": 30,
                "TimeoutSeconds": 3600,
                "Retry": [{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 2}],
                "ResultPath": "$.result",
                "Next": "Done"
            },
            "Done": {"Type": "Succeed", "OutputPath": "$"}
        }
    })
}

fn planned(place: &str) -> Host {
    let input = json!({"detail": {"bucket": {"name": "b"}, "object": {"key": "inbox/1/a.jpg"}}});
    let mut host = Host::new(&lanes(), &input);
    host.send(Event::Started);
    assert_eq!(
        serde_json::from_str::<Value>(&host.task().input).unwrap(),
        json!({
            "Bucket": "b",
            "Key": "runs/inbox/1/a.jpg/run",
            "Body": {
                "execution": "arn:aws:states:us-east-1:000000000000:execution:machine:run",
                "started": "2023-11-14T22:13:20.000Z",
            },
        })
    );
    host.task_starts();
    host.task_succeeds(&json!({"ETag": "e"}));
    host.task_starts();
    host.task_succeeds(&json!({"StatusCode": 200, "Payload": {"place": place}}));
    host
}

#[test]
fn a_small_picture_is_cleaned_on_lambda() {
    let mut host = planned("lambda");
    host.task_starts();
    host.task_fails("Lambda.TooManyRequestsException");
    host.wait();
    host.task_starts();
    host.task_succeeds(&json!({"Payload": {"bytes": 5}}));
    let output = host.output();
    assert_eq!(output["plan"], json!({"place": "lambda"}));
    assert_eq!(output["result"], json!({"value": {"bytes": 5}}));
    assert!(output.get("moved").is_none());
}

#[test]
fn a_picture_that_is_too_much_for_lambda_moves_once() {
    let mut host = planned("lambda");
    host.task_starts();
    host.task_fails("Sandbox.Timedout");
    assert_eq!(host.task().state, "CleanOnEcs");
    assert_eq!(
        host.task().input,
        r#"{"key":"inbox/1/a.jpg","place":"ecs"}"#
    );
    host.task_starts();
    for _ in 0..10 {
        host.now += 25_000;
        host.send(Event::TaskHeartbeat {
            task: host.task().task,
        });
    }
    host.task_succeeds(&json!({"bytes": 5}));
    let output = host.output();
    assert_eq!(output["moved"]["Error"], "Sandbox.Timedout");
    assert_eq!(output["result"], json!({"bytes": 5}));
    assert_eq!(host.timers(), []);
}

#[test]
fn a_worker_that_dies_is_missed_and_another_one_takes_over() {
    let mut host = planned("ecs");
    let first = host.task().task;
    host.task_starts();
    assert_eq!(host.wait(), 30_000);
    assert_eq!(host.wait(), 1000);
    assert_ne!(host.task().task, first);
    host.task_starts();
    let late = Event::TaskSucceeded {
        task: first,
        output: "{}".to_owned(),
    };
    assert!(host.send(late).ignored, "the result counts once");
    host.task_succeeds(&json!({"bytes": 5}));
    assert_eq!(host.status(), Status::Succeeded);
}

#[test]
fn a_broken_picture_fails_where_it_is_and_a_redrive_starts_there() {
    let mut host = planned("lambda");
    host.task_starts();
    host.task_fails("ImageCorrupt");
    assert_eq!(host.failure().0, "ImageCorrupt");
    host.send(Event::Redriven);
    assert_eq!(host.task().state, "CleanOnLambda");
    host.task_starts();
    host.task_succeeds(&json!({"Payload": {"bytes": 5}}));
    assert_eq!(host.status(), Status::Succeeded);
}
