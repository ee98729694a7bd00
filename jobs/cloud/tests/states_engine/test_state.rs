//! `TestState`: one state by itself.

use serde_json::{Value, json};

use super::support::*;

fn call() -> Value {
    json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "echo", "Payload.$": "$.a"},
        "ResultSelector": {"p.$": "$.Payload"}, "ResultPath": "$.r", "Next": "Elsewhere",
        "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 1}]})
}

#[tokio::test]
async fn a_state_is_tested_with_its_real_work_or_a_mock() {
    let bench = Bench::new();
    let mut body = json!({"definition": call().to_string(), "roleArn": ROLE,
        "input": r#"{"a": 5}"#, "inspectionLevel": "DEBUG"});
    let tested = bench.ok("TestState", body.clone()).await;
    assert_eq!(tested["status"], "SUCCEEDED");
    assert_eq!(tested["output"], r#"{"a":5,"r":{"p":5}}"#);
    assert_eq!(tested["nextState"], "Elsewhere");
    assert_eq!(
        tested["inspectionData"]["afterResultSelector"],
        r#"{"p":5}"#
    );

    body["mock"] = json!({"errorOutput": {"error": "Busy", "cause": "c"}});
    assert_eq!(
        bench.ok("TestState", body.clone()).await["status"],
        "RETRIABLE"
    );
    body["stateConfiguration"] = json!({"retrierRetryCount": 1});
    let tested = bench.ok("TestState", body.clone()).await;
    assert_eq!(tested["status"], "FAILED");
    assert_eq!(tested["error"], "Busy");
    body["inspectionLevel"] = json!("INFO");
    assert!(
        bench
            .ok("TestState", body)
            .await
            .get("inspectionData")
            .is_none()
    );
}

#[tokio::test]
async fn a_state_is_named_in_its_machine() {
    let bench = Bench::new();
    let machine = json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Choice", "Default": "A", "Choices": [
            {"Variable": "$.n", "NumericEquals": 1, "Next": "C"}]},
        "C": {"Type": "Succeed"}}});
    let body = json!({"definition": machine.to_string(), "stateName": "B", "input": r#"{"n": 1}"#});
    assert_eq!(bench.ok("TestState", body.clone()).await["nextState"], "C");
    let mut stranger = body;
    stranger["stateName"] = json!("X");
    assert_eq!(
        bench.refused("TestState", stranger).await.code,
        "ValidationException"
    );
}

#[tokio::test]
async fn what_cannot_be_tested_is_said() {
    let bench = Bench::new();
    let arn = bench.engine.ensure_activity("a").await.unwrap();
    let work = json!({"Type": "Task", "Resource": arn, "End": true}).to_string();
    let refused = bench
        .refused("TestState", json!({ "definition": work }))
        .await;
    assert!(refused.message.contains("mock is required"), "{refused}");
    let mocked = json!({"definition": work, "mock": {"result": "7"}});
    assert_eq!(bench.ok("TestState", mocked).await["output"], "7");
    let refused = bench
        .refused("TestState", json!({"definition": "{}"}))
        .await;
    assert_eq!(refused.code, "InvalidDefinition");
    let body = json!({"definition": "{\"Type\": \"Succeed\"}", "input": "nonsense"});
    assert_eq!(
        bench.refused("TestState", body).await.code,
        "InvalidExecutionInput"
    );
}
