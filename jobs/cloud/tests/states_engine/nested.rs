//! Executions that start executions.

use serde_json::{Value, json};

use super::support::*;

fn parent(pattern: &str, machine: &str) -> Value {
    json!({"StartAt": "Start", "States": {"Start": {
        "Type": "Task", "Resource": format!("arn:aws:states:::states:startExecution{pattern}"),
        "Parameters": {"StateMachineArn": machine, "Name.$": "$.name", "Input": {"for.$": "$.name"}},
        "End": true}}})
}

async fn output(bench: &Bench, execution: &str) -> Value {
    let described = bench.ended(execution).await;
    assert_eq!(described["status"], "SUCCEEDED", "{described}");
    serde_json::from_str(&text(&described["output"])).unwrap()
}

#[tokio::test]
async fn one_that_is_only_asked_for_goes_its_own_way() {
    let bench = Bench::new();
    let child = bench.machine("child", &wait(3600)).await;
    let machine = bench.machine("m", &parent("", &child)).await;
    let execution = bench.start(&machine, "e", &json!({"name": "c"})).await;
    let answer = output(&bench, &execution).await;
    let started = text(&answer["ExecutionArn"]);
    assert_eq!(bench.describe(&started).await["status"], "RUNNING");
    assert_eq!(bench.describe(&started).await["input"], r#"{"for":"c"}"#);
    assert_eq!(
        bench.event_types(&execution).await,
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded",
        ]
    );
}

#[tokio::test]
async fn one_that_is_waited_for_brings_its_result() {
    let mut bench = Bench::new();
    let child = bench.machine("child", &wait(1)).await;
    let texts = bench.machine("texts", &parent(".sync", &child)).await;
    let values = bench.machine("values", &parent(".sync:2", &child)).await;
    let first = bench.start(&texts, "e", &json!({"name": "one"})).await;
    let second = bench.start(&values, "e", &json!({"name": "two"})).await;
    // Who waits for whom is stored.
    bench.reopen().await;
    let answer = output(&bench, &first).await;
    assert_eq!(answer["Output"], r#"{"for":"one"}"#);
    assert_eq!(answer["Status"], "SUCCEEDED");
    assert_eq!(
        output(&bench, &second).await["Output"],
        json!({"for": "two"})
    );
    let types = bench.event_types(&first).await;
    assert_eq!(types[4..6], ["TaskSubmitted", "TaskSucceeded"]);
}

#[tokio::test]
async fn a_failing_child_fails_its_task() {
    let bench = Bench::new();
    let fail = json!({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Broken"}}});
    let child = bench.machine("child", &fail).await;
    let machine = bench.machine("m", &parent(".sync", &child)).await;
    let execution = bench.start(&machine, "e", &json!({"name": "c"})).await;
    let described = bench.ended(&execution).await;
    assert_eq!(described["error"], "States.TaskFailed");
    let cause: Value = serde_json::from_str(&text(&described["cause"])).unwrap();
    assert_eq!(cause["Error"], "Broken");
    assert_eq!(cause["Status"], "FAILED");
}

#[tokio::test]
async fn a_child_stops_with_the_one_that_waits_for_it() {
    let bench = Bench::new();
    let child = bench.machine("child", &wait(3600)).await;
    let machine = bench.machine("m", &parent(".sync", &child)).await;
    let execution = bench.start(&machine, "e", &json!({"name": "c"})).await;
    let started = format!("{}:c", child.replace(":stateMachine:", ":execution:"));
    assert_eq!(bench.describe(&started).await["status"], "RUNNING");
    bench
        .ok("StopExecution", json!({ "executionArn": execution }))
        .await;
    assert_eq!(bench.ended(&started).await["status"], "ABORTED");
}

#[tokio::test]
async fn what_cannot_be_started_is_an_error_to_be_caught() {
    let bench = Bench::new();
    let machine = "arn:aws:states:us-east-1:000000000000:stateMachine:none";
    let mut definition = parent("", machine);
    definition["States"]["Start"]["Catch"] = json!([{
        "ErrorEquals": ["StepFunctions.StateMachineDoesNotExistException"], "Next": "Caught"}]);
    definition["States"]["Caught"] = json!({"Type": "Succeed"});
    let machine = bench.machine("m", &definition).await;
    let execution = bench.start(&machine, "e", &json!({"name": "c"})).await;
    assert_eq!(bench.ended(&execution).await["status"], "SUCCEEDED");
}

#[tokio::test]
async fn a_machine_that_starts_itself_does_not_hold_up_the_engine() {
    let bench = Bench::new();
    let itself = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
    let definition = json!({"StartAt": "Again", "States": {"Again": {
        "Type": "Task", "Resource": "arn:aws:states:::states:startExecution",
        "Parameters": {"StateMachineArn": itself}, "End": true}}});
    let machine = bench.machine("m", &definition).await;
    bench.start(&machine, "first", &json!({})).await;
    // Something else is still answered, and a deleted machine starts nothing any more.
    bench.ok("ListActivities", json!({})).await;
    bench
        .ok("DeleteStateMachine", json!({ "stateMachineArn": machine }))
        .await;
    eventually(|| async { (bench.engine.running() == 0).then_some(()) }).await;
}
