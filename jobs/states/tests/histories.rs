//! Histories as they were recorded on the service: types, ids, causes and details.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::too_many_lines,
    missing_docs
)]

mod common;

use common::{ACTIVITY, FUNCTION, Host, INVOKE, PUT_OBJECT, START, machine};
use serde_json::{Value, json};
use states_language::{Command, Event, HistoryEvent, Status};

fn activity_task() -> Value {
    json!({ "Task": { "Type": "Task", "Resource": ACTIVITY, "End": true } })
}

#[test]
fn an_activity_that_succeeds() {
    let mut host = Host::start(&activity_task(), &json!({"a": 1}));
    let task = host.task().task;
    host.send(Event::TaskStarted {
        task,
        worker_name: Some("worker-1".to_owned()),
    });
    host.task_succeeds(&json!({"b": 2}));
    assert_eq!(
        host.lines(),
        [
            "1 ExecutionStarted <- 0",
            "2 TaskStateEntered <- 0",
            "3 ActivityScheduled <- 2",
            "4 ActivityStarted <- 3",
            "5 ActivitySucceeded <- 4",
            "6 TaskStateExited <- 5",
            "7 ExecutionSucceeded <- 6",
        ]
    );
    let api: Vec<Value> = host
        .history
        .iter()
        .map(|event| event.to_api(true))
        .collect();
    let at = |index: usize| &api[index - 1];
    assert_eq!(
        at(1),
        &json!({
            "timestamp": 1_700_000_000.0,
            "type": "ExecutionStarted",
            "id": 1,
            "previousEventId": 0,
            "executionStartedEventDetails": {
                "input": r#"{"a":1}"#,
                "inputDetails": {"truncated": false},
                "roleArn": "arn:aws:iam::000000000000:role/role",
            },
        })
    );
    assert_eq!(
        at(2)["stateEnteredEventDetails"],
        json!({"name": "Task", "input": r#"{"a":1}"#, "inputDetails": {"truncated": false}})
    );
    assert_eq!(
        at(3)["activityScheduledEventDetails"],
        json!({
            "resource": ACTIVITY,
            "input": r#"{"a":1}"#,
            "inputDetails": {"truncated": false},
        })
    );
    assert_eq!(
        at(4)["activityStartedEventDetails"],
        json!({"workerName": "worker-1"})
    );
    let output = json!({"output": r#"{"b":2}"#, "outputDetails": {"truncated": false}});
    assert_eq!(at(5)["activitySucceededEventDetails"], output);
    assert_eq!(at(7)["executionSucceededEventDetails"], output);
    assert_eq!(
        at(6)["stateExitedEventDetails"],
        json!({"name": "Task", "output": r#"{"b":2}"#, "outputDetails": {"truncated": false}})
    );
}

#[test]
fn an_activity_without_a_worker_name_has_empty_details() {
    let mut host = Host::start(&activity_task(), &json!({}));
    host.task_starts();
    assert_eq!(
        host.history[3].to_api(true)["activityStartedEventDetails"],
        json!({})
    );
}

#[test]
fn an_activity_that_fails() {
    let mut host = Host::start(&activity_task(), &json!({}));
    host.task_starts();
    host.task_fails("Broken");
    assert_eq!(
        host.lines()[3..],
        [
            "4 ActivityStarted <- 3",
            "5 ActivityFailed <- 4",
            "6 ExecutionFailed <- 5"
        ]
    );
    let details = json!({"error": "Broken", "cause": "cause of Broken"});
    assert_eq!(host.details(5), details);
    assert_eq!(host.details(6), details);
    assert_eq!(host.failure(), ("Broken", "cause of Broken"));
}

#[test]
fn an_activity_that_times_out() {
    let states = json!({
        "Task": { "Type": "Task", "Resource": ACTIVITY, "TimeoutSeconds": 60,
                  "HeartbeatSeconds": 10, "End": true }
    });
    let mut host = Host::start(&states, &json!({}));
    assert_eq!(host.details(3)["timeoutInSeconds"], 60);
    assert_eq!(host.details(3)["heartbeatInSeconds"], 10);
    let task = host.task().task;
    host.task_starts();
    assert_eq!(host.wait(), 10_000);
    assert_eq!(
        host.lines()[4..],
        ["5 ActivityTimedOut <- 4", "6 ExecutionFailed <- 5"]
    );
    assert_eq!(host.details(5), json!({"error": "States.Timeout"}));
    assert_eq!(host.details(6), json!({"error": "States.Timeout"}));
    assert!(host.commands.contains(&Command::CancelTask { task }));
}

#[test]
fn the_optimised_lambda_integration() {
    let states = json!({
        "Plan": {
            "Type": "Task",
            "Resource": INVOKE,
            "Parameters": { "FunctionName": "plan", "Payload.$": "$.payload" },
            "TimeoutSeconds": 5,
            "End": true
        }
    });
    let mut host = Host::start(&states, &json!({"payload": {"x": 1}}));
    host.task_starts();
    let output = json!({"ExecutedVersion": "$LATEST", "Payload": {"y": 2}, "StatusCode": 200});
    host.task_succeeds(&output);
    assert_eq!(
        host.lines(),
        [
            "1 ExecutionStarted <- 0",
            "2 TaskStateEntered <- 0",
            "3 TaskScheduled <- 2",
            "4 TaskStarted <- 3",
            "5 TaskSucceeded <- 4",
            "6 TaskStateExited <- 5",
            "7 ExecutionSucceeded <- 6",
        ]
    );
    assert_eq!(
        host.details(3),
        json!({
            "resourceType": "lambda",
            "resource": "invoke",
            "region": "us-east-1",
            "parameters": r#"{"FunctionName":"plan","Payload":{"x":1}}"#,
            "timeoutInSeconds": 5,
        })
    );
    assert_eq!(
        host.details(4),
        json!({"resourceType": "lambda", "resource": "invoke"})
    );
    assert_eq!(
        host.details(5),
        json!({
            "resourceType": "lambda",
            "resource": "invoke",
            "output": output.to_string(),
            "outputDetails": {"truncated": false},
        })
    );
}

#[test]
fn a_plain_api_call_names_the_sdk() {
    let states = json!({
        "Register": { "Type": "Task", "Resource": PUT_OBJECT,
                      "Parameters": {"Bucket": "b"}, "End": true }
    });
    let mut host = Host::start(&states, &json!({}));
    host.task_starts();
    host.task_fails("S3.NoSuchBucketException");
    assert_eq!(host.details(3)["resourceType"], "aws-sdk:s3");
    assert_eq!(host.details(3)["resource"], "putObject");
    assert_eq!(
        host.details(5),
        json!({
            "resourceType": "aws-sdk:s3",
            "resource": "putObject",
            "error": "S3.NoSuchBucketException",
            "cause": "cause of S3.NoSuchBucketException",
        })
    );
}

#[test]
fn a_function_named_directly() {
    let states = json!({
        "Start": { "Type": "Task", "Resource": FUNCTION, "TimeoutSeconds": 5, "End": true }
    });
    let mut host = Host::start(&states, &json!({"Payload": null}));
    host.task_starts();
    host.wait();
    assert_eq!(
        host.lines()[2..],
        [
            "3 LambdaFunctionScheduled <- 2",
            "4 LambdaFunctionStarted <- 3",
            "5 LambdaFunctionTimedOut <- 4",
            "6 ExecutionFailed <- 5",
        ]
    );
    assert_eq!(
        host.details(3),
        json!({
            "resource": FUNCTION,
            "input": r#"{"Payload":null}"#,
            "inputDetails": {"truncated": false},
            "timeoutInSeconds": 5,
        })
    );
    assert_eq!(host.history[3].details, None);
    assert_eq!(host.details(5), json!({"error": "States.Timeout"}));
}

#[test]
fn a_retry_is_a_gap_and_a_new_scheduled_event() {
    let states = json!({
        "Task": {
            "Type": "Task", "Resource": ACTIVITY, "End": true,
            "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 2}]
        }
    });
    let mut host = Host::start(&states, &json!({}));
    host.task_starts();
    host.task_fails("Once");
    assert_eq!(host.wait(), 2000);
    host.task_starts();
    host.task_fails("Twice");
    assert_eq!(host.wait(), 4000);
    host.task_starts();
    host.task_succeeds(&json!(1));
    assert_eq!(
        host.lines()[1..],
        [
            "2 TaskStateEntered <- 0",
            "3 ActivityScheduled <- 2",
            "4 ActivityStarted <- 3",
            "5 ActivityFailed <- 4",
            "6 ActivityScheduled <- 5",
            "7 ActivityStarted <- 6",
            "8 ActivityFailed <- 7",
            "9 ActivityScheduled <- 8",
            "10 ActivityStarted <- 9",
            "11 ActivitySucceeded <- 10",
            "12 TaskStateExited <- 11",
            "13 ExecutionSucceeded <- 12",
        ]
    );
}

#[test]
fn a_catch_leaves_the_state_with_the_error_output() {
    let states = json!({
        "Start": {
            "Type": "Task", "Resource": INVOKE, "Parameters": {"FunctionName": "f"}, "End": true,
            "Catch": [{"ErrorEquals": ["Exception"], "Next": "Handler"}]
        },
        "Handler": { "Type": "Pass", "ResultPath": "$.handled", "Result": true, "End": true }
    });
    let mut host = Host::start(&states, &json!({}));
    host.task_starts();
    host.task_fails("Exception");
    assert_eq!(
        host.lines()[4..],
        [
            "5 TaskFailed <- 4",
            "6 TaskStateExited <- 5",
            "7 PassStateEntered <- 6",
            "8 PassStateExited <- 7",
            "9 ExecutionSucceeded <- 8",
        ]
    );
    let output = json!({"Error": "Exception", "Cause": "cause of Exception"});
    assert_eq!(host.details(6)["output"], output.to_string());
    assert_eq!(host.details(7)["input"], output.to_string());
    assert_eq!(
        host.output(),
        json!({"Error": "Exception", "Cause": "cause of Exception", "handled": true})
    );
}

#[test]
fn a_stop_adds_one_event_that_follows_nothing() {
    let states = json!({ "Wait": { "Type": "Wait", "Seconds": 60, "End": true } });
    let mut host = Host::start(&states, &json!({}));
    host.send(Event::Stopped {
        error: None,
        cause: None,
    });
    assert_eq!(
        host.lines(),
        [
            "1 ExecutionStarted <- 0",
            "2 WaitStateEntered <- 0",
            "3 ExecutionAborted <- 0"
        ]
    );
    assert_eq!(host.details(3), json!({}));
    assert_eq!(host.status(), Status::Aborted);

    let mut host = Host::start(&states, &json!({}));
    host.send(Event::Stopped {
        error: Some("E".to_owned()),
        cause: Some("C".to_owned()),
    });
    assert_eq!(host.details(3), json!({"error": "E", "cause": "C"}));
    assert_eq!(
        (host.execution.error(), host.execution.cause()),
        (Some("E"), Some("C"))
    );
}

#[test]
fn a_wait_enters_and_exits() {
    let states = json!({ "Wait": { "Type": "Wait", "Seconds": 60, "End": true } });
    let mut host = Host::start(&states, &json!({}));
    assert_eq!(host.wait(), 60_000);
    assert_eq!(
        host.lines(),
        [
            "1 ExecutionStarted <- 0",
            "2 WaitStateEntered <- 0",
            "3 WaitStateExited <- 2",
            "4 ExecutionSucceeded <- 3",
        ]
    );
    assert_eq!(host.history[2].timestamp.0, START + 60_000);
}

#[test]
fn a_fail_state_has_no_exit() {
    let states = json!({ "F": { "Type": "Fail", "Error": "E", "Cause": "C" } });
    let host = Host::start(&states, &json!({}));
    assert_eq!(
        host.lines(),
        [
            "1 ExecutionStarted <- 0",
            "2 FailStateEntered <- 0",
            "3 ExecutionFailed <- 2"
        ]
    );
    assert_eq!(host.details(3), json!({"error": "E", "cause": "C"}));
}

#[test]
fn a_fail_state_that_says_nothing_has_empty_details() {
    let host = Host::start(&json!({ "F": { "Type": "Fail" } }), &json!({}));
    assert_eq!(host.details(3), json!({}));
}

#[test]
fn choice_and_succeed_enter_and_exit() {
    let states = json!({
        "Which": { "Type": "Choice", "Default": "Done",
                   "Choices": [{"Variable": "$.a", "IsPresent": false, "Next": "Done"}] },
        "Done": { "Type": "Succeed" }
    });
    let host = Host::start(&states, &json!({}));
    assert_eq!(
        host.lines()[1..],
        [
            "2 ChoiceStateEntered <- 0",
            "3 ChoiceStateExited <- 2",
            "4 SucceedStateEntered <- 3",
            "5 SucceedStateExited <- 4",
            "6 ExecutionSucceeded <- 5",
        ]
    );
}

#[test]
fn a_machine_time_out_ends_everything() {
    let mut definition = machine(&activity_task());
    definition["TimeoutSeconds"] = json!(30);
    let mut host = Host::new(&definition, &json!({}));
    host.send(Event::Started);
    let task = host.task().task;
    assert_eq!(host.wait(), 30_000);
    assert_eq!(
        host.lines()[2..],
        ["3 ActivityScheduled <- 2", "4 ExecutionTimedOut <- 3"]
    );
    assert_eq!(host.details(4), json!({}));
    assert_eq!(host.status(), Status::TimedOut);
    assert_eq!(
        host.commands[host.commands.len() - 2..],
        [Command::CancelTask { task }, Command::Finish]
    );
}

#[test]
fn an_event_without_data_leaves_the_payloads_out() {
    let mut host = Host::start(&activity_task(), &json!({"secret": 1}));
    host.task_starts();
    host.task_succeeds(&json!({"secret": 2}));
    for event in &host.history {
        let text = event.to_api(false).to_string();
        assert!(!text.contains("secret"), "{text}");
    }
    let entered = host.history[1].to_api(false);
    assert_eq!(
        entered["stateEnteredEventDetails"],
        json!({"name": "Task", "inputDetails": {"truncated": false}})
    );
}

#[test]
fn events_survive_being_stored() {
    let mut host = Host::start(&activity_task(), &json!({}));
    host.task_starts();
    for event in &host.history {
        let stored = serde_json::to_string(event).unwrap();
        let restored: HistoryEvent = serde_json::from_str(&stored).unwrap();
        assert_eq!(&restored, event);
    }
}

#[test]
fn times_are_seconds_with_milliseconds() {
    let mut host = Host::new(&machine(&activity_task()), &json!({}));
    host.now = START + 123;
    host.send(Event::Started);
    let text = host.history[0].to_api(true)["timestamp"].to_string();
    assert_eq!(text, "1700000000.123");
}
