//! Executions that earlier versions of this library have stored.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{ACTIVITY, Host, info, machine};
use serde_json::{Value, json};
use states_language::{Definition, Event, Execution, Status, TaskId};

fn definition() -> Definition {
    let states = json!({
        "Call": {"Type": "Task", "Resource": ACTIVITY, "TimeoutSeconds": 60, "HeartbeatSeconds": 5,
                 "Retry": [{"ErrorEquals": ["Busy"]}], "Next": "Rest"},
        "Rest": {"Type": "Wait", "Seconds": 9, "End": true}
    });
    Definition::parse(&machine(&states).to_string()).unwrap()
}

/// As version 1 wrote it: one place, without a number of the format.
fn first_format(status: &str, current: &Value) -> Value {
    let info = serde_json::to_value(info()).unwrap();
    json!({
        "info": info, "input": "{\"a\": 1}", "status": status,
        "start_date": 1_700_000_000_000_i64, "stop_date": null, "output": null, "error": null,
        "cause": null, "redrive_count": 0, "redrive_date": null, "last_event": 4, "path_event": 4,
        "next_task": 2, "next_timer": 3, "machine_timer": null, "current": current
    })
}

fn calling() -> Value {
    let resource = json!({"Activity": {"arn": ACTIVITY}});
    json!({
        "state": "Call", "input": "{\"a\": 1}", "entered_at": 1_700_000_000_000_i64,
        "entered_event": 2, "attempts": [1],
        "phase": {"Task": {
            "request": {"task": 1, "state": "Call", "resource": resource, "input": "{\"a\": 1}",
                        "timeout_seconds": 60, "heartbeat_seconds": 5},
            "started": true,
            "timeout": {"id": 1, "at": 1_700_000_060_000_i64},
            "heartbeat": {"id": 2, "at": 1_700_000_005_000_i64}
        }}
    })
}

fn host(stored: &Value) -> Host {
    let execution: Execution = serde_json::from_value(stored.clone()).unwrap();
    let mut host = Host::with(definition(), &json!({}));
    // What had happened before is not known here; the host only counts it.
    let filler = host.send(Event::Started).history.remove(0);
    host.history = vec![filler; 4];
    host.commands.clear();
    host.execution = execution;
    host
}

#[test]
fn a_task_that_was_open_is_open() {
    let mut host = host(&first_format("RUNNING", &calling()));
    assert_eq!(host.execution.current_state(), Some("Call"));
    assert_eq!(host.task().task, TaskId(1));
    assert!(host.execution.task_started(TaskId(1)));
    assert_eq!(host.timers().len(), 2);
    host.task_succeeds(&json!("done"));
    assert_eq!(
        host.lines()[4..],
        [
            "5 ActivitySucceeded <- 4",
            "6 TaskStateExited <- 5",
            "7 WaitStateEntered <- 6",
        ]
    );
    assert_eq!(host.wait(), 9000);
    assert_eq!(host.output(), json!("done"));
}

#[test]
fn a_wait_goes_on_waiting() {
    let current = json!({
        "state": "Rest", "input": "5", "entered_at": 1_700_000_000_000_i64, "entered_event": 4,
        "phase": {"Waiting": {"id": 2, "at": 1_700_000_007_000_i64}}
    });
    let mut host = host(&first_format("RUNNING", &current));
    assert_eq!(host.wait(), 7000);
    assert_eq!(host.status(), Status::Succeeded);
}

#[test]
fn one_that_failed_is_redriven_where_it_stood() {
    let mut current = calling();
    current["phase"] = json!("Idle");
    let mut stored = first_format("FAILED", &current);
    stored["stop_date"] = json!(1_700_000_001_000_i64);
    let mut host = host(&stored);
    host.send(Event::Redriven);
    assert_eq!(
        host.lines()[4..],
        ["5 ExecutionRedriven <- 0", "6 ActivityScheduled <- 2"]
    );
}

#[test]
fn one_that_has_not_begun_begins() {
    let mut stored = first_format("RUNNING", &Value::Null);
    stored["start_date"] = Value::Null;
    let mut host = host(&stored);
    host.send(Event::Started);
    assert_eq!(host.task().state, "Call");
}

#[test]
fn a_later_format_is_refused_and_not_guessed_at() {
    let mut stored = first_format("RUNNING", &calling());
    stored["format"] = json!(3);
    let error = serde_json::from_value::<Execution>(stored).unwrap_err();
    assert!(error.to_string().contains("version 3"), "{error}");
}
