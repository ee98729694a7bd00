//! Distributed Maps: runs of child executions.

use serde_json::{Value, json};

use super::support::*;

fn distributed(inner: &Value, fields: &Value) -> Value {
    let mut state = json!({
        "Type": "Map", "Label": "Pictures", "End": true,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "One", "States": {"One": inner}
        }
    });
    state
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    json!({"StartAt": "Each", "States": {"Each": state}})
}

fn pass() -> Value {
    json!({"Type": "Pass", "End": true})
}

async fn run_of(bench: &Bench, execution: &str) -> Value {
    let runs = bench
        .ok("ListMapRuns", json!({ "executionArn": execution }))
        .await;
    let arn = &runs["mapRuns"][0]["mapRunArn"];
    bench
        .ok("DescribeMapRun", json!({ "mapRunArn": arn }))
        .await
}

async fn children(bench: &Bench, run: &Value) -> Vec<Value> {
    let list = json!({"mapRunArn": run["mapRunArn"], "maxResults": 1000});
    let list = bench.ok("ListExecutions", list).await;
    list["executions"].as_array().unwrap().clone()
}

#[tokio::test]
async fn every_item_gets_an_execution_and_the_state_their_outputs() {
    let bench = Bench::new();
    let machine = distributed(
        &pass(),
        &json!({"ItemsPath": "$.list", "ItemSelector": {"v.$": "$$.Map.Item.Value", "w.$": "$.w"}}),
    );
    let machine = bench.machine("m", &machine).await;
    // More than begin in one transaction.
    let items: Vec<u32> = (0..150).collect();
    let execution = bench
        .start(&machine, "e", &json!({"list": items, "w": "x"}))
        .await;
    let described = bench.ended(&execution).await;
    let output: Value = serde_json::from_str(&text(&described["output"])).unwrap();
    assert_eq!(output[149], json!({"v": 149, "w": "x"}));
    assert_eq!(output.as_array().unwrap().len(), 150);

    let run = run_of(&bench, &execution).await;
    assert_eq!(run["status"], "SUCCEEDED");
    assert_eq!(run["itemCounts"]["succeeded"], 150);
    assert_eq!(run["executionArn"], json!(execution));
    let listed = children(&bench, &run).await;
    assert_eq!(listed.len(), 150);
    let child = bench.describe(&text(&listed[0]["executionArn"])).await;
    assert_eq!(child["mapRunArn"], run["mapRunArn"]);
    assert_eq!(child["status"], "SUCCEEDED");
    let types = bench.event_types(&text(&listed[0]["executionArn"])).await;
    assert_eq!(types.len(), 4);
    // The machine's own list does not show them.
    let own = bench
        .ok("ListExecutions", json!({ "stateMachineArn": machine }))
        .await;
    assert_eq!(own["executions"].as_array().unwrap().len(), 1);
    let types = bench.event_types(&execution).await;
    assert_eq!(
        types[2..6],
        [
            "MapStateStarted",
            "MapRunStarted",
            "MapRunSucceeded",
            "MapStateSucceeded"
        ]
    );
}

#[tokio::test]
async fn a_run_survives_the_end_of_the_engine() {
    let mut bench = Bench::new();
    let arn = bench.engine.ensure_activity("a").await.unwrap();
    let work = json!({"Type": "Task", "Resource": arn, "End": true});
    let machine = distributed(
        &work,
        &json!({"MaxConcurrency": 2, "ItemBatcher": {"MaxItemsPerBatch": 2}}),
    );
    let machine = bench.machine("m", &machine).await;
    let execution = bench.start(&machine, "e", &json!([1, 2, 3, 4, 5])).await;
    for _ in 0..3 {
        let task = bench.poll(&arn, "worker").await;
        bench.reopen().await;
        let done = json!({"taskToken": task["taskToken"], "output": task["input"]});
        bench.ok("SendTaskSuccess", done).await;
        bench.reopen().await;
    }
    let described = bench.ended(&execution).await;
    assert_eq!(
        described["output"],
        r#"[{"Items":[1,2]},{"Items":[3,4]},{"Items":[5]}]"#
    );
}

#[tokio::test]
async fn too_many_failures_end_the_run_and_a_redrive_tries_those_again() {
    let bench = Bench::new();
    let call = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName.$": "$.f", "Payload.$": "$"}, "End": true});
    let machine = bench.machine("m", &distributed(&call, &json!({}))).await;
    let items = json!([{"f": "echo"}, {"f": "fail-until-1"}, {"f": "echo"}]);
    let execution = bench.start(&machine, "e", &items).await;
    let described = bench.ended(&execution).await;
    assert_eq!(described["error"], "States.ExceedToleratedFailureThreshold");
    eventually(|| async {
        let run = run_of(&bench, &execution).await;
        (run["status"] == "FAILED" && bench.engine.running() == 0).then_some(())
    })
    .await;
    bench
        .ok("RedriveExecution", json!({ "executionArn": execution }))
        .await;
    let described = bench.ended(&execution).await;
    assert_eq!(described["status"], "SUCCEEDED", "{described}");
    let run = run_of(&bench, &execution).await;
    assert_eq!(run["redriveCount"], 1);
    assert_eq!(run["executionCounts"]["succeeded"], 3);
}

#[tokio::test]
async fn a_stopped_execution_stops_its_children() {
    let bench = Bench::new();
    let rest = json!({"Type": "Wait", "Seconds": 3600, "End": true});
    let machine = bench.machine("m", &distributed(&rest, &json!({}))).await;
    let items: Vec<u32> = (0..100).collect();
    let execution = bench.start(&machine, "e", &json!(items)).await;
    eventually(|| async { (bench.engine.running() == 101).then_some(()) }).await;
    let limits =
        json!({"mapRunArn": run_of(&bench, &execution).await["mapRunArn"], "maxConcurrency": 5});
    bench.ok("UpdateMapRun", limits).await;
    assert_eq!(run_of(&bench, &execution).await["maxConcurrency"], 5);
    bench
        .ok("StopExecution", json!({ "executionArn": execution }))
        .await;
    eventually(|| async { (bench.engine.running() == 0).then_some(()) }).await;
    let run = run_of(&bench, &execution).await;
    assert_eq!(run["status"], "ABORTED");
    assert_eq!(run["executionCounts"]["aborted"], 100);
}

#[tokio::test]
async fn items_that_cannot_be_read_fail_the_state() {
    let bench = Bench::new();
    let reader = json!({"ItemReader": {"Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"}, "Parameters": {"Bucket": "b", "Key": "k"}}});
    // These services have no store: the machine is refused before it can fail.
    let body = json!({"name": "m", "roleArn": ROLE,
        "definition": distributed(&pass(), &reader).to_string()});
    let refused = bench.refused("CreateStateMachine", body).await;
    assert_eq!(refused.code, "InvalidDefinition");
    assert!(
        refused.message.contains("/States/Each/ItemReader/Resource"),
        "{refused}"
    );
    let unknown = json!({"mapRunArn": "arn:aws:states:us-east-1:000000000000:mapRun:m/l:u"});
    let refused = bench.refused("DescribeMapRun", unknown).await;
    assert_eq!(refused.code, "ResourceNotFound");
}

#[tokio::test]
async fn express_children_run_as_express_executions() {
    let bench = Bench::new();
    let inner = json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 60, "End": true,
        "Parameters": {"FunctionName": "echo", "Payload.$": "$"}, "OutputPath": "$.Payload",
    });
    let mut machine = distributed(&inner, &json!({}));
    let config = &mut machine["States"]["Each"]["ItemProcessor"]["ProcessorConfig"];
    config["ExecutionType"] = "EXPRESS".into();
    let arn = bench.machine("m", &machine).await;
    let execution = bench.start(&arn, "e", &json!([1, 2, 3])).await;
    let described = bench.ended(&execution).await;
    assert_eq!(described["output"], "[1,2,3]", "{described}");
    let run = run_of(&bench, &execution).await;
    assert_eq!(run["itemCounts"]["succeeded"], 3);
    let list = json!({ "mapRunArn": run["mapRunArn"] });
    let refused = bench.refused("ListExecutions", list).await;
    assert_eq!(refused.code, "StateMachineTypeNotSupported");

    // They wait for nobody.
    let inner = json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "End": true,
        "Parameters": {"FunctionName": "keep", "Payload": {"token.$": "$$.Task.Token"}},
    });
    let states = &mut machine["States"]["Each"]["ItemProcessor"]["States"];
    states["One"] = inner;
    let body = json!({ "name": "n", "definition": machine.to_string(), "roleArn": ROLE });
    let refused = bench.refused("CreateStateMachine", body).await;
    assert!(
        refused
            .message
            .contains("'.waitForTaskToken' service integration"),
        "{refused}"
    );
}

#[tokio::test]
async fn an_express_child_that_failed_fails_its_run_and_is_redriven() {
    let bench = Bench::new();
    let inner = json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 60, "End": true,
        "Parameters": {"FunctionName": "fail", "Payload.$": "$"},
    });
    let mut machine = distributed(&inner, &json!({}));
    let config = &mut machine["States"]["Each"]["ItemProcessor"]["ProcessorConfig"];
    config["ExecutionType"] = "EXPRESS".into();
    let arn = bench.machine("m", &machine).await;
    let execution = bench.start(&arn, "e", &json!([1])).await;
    let described = bench.ended(&execution).await;
    assert_eq!(described["error"], "States.ExceedToleratedFailureThreshold");
    bench
        .ok("RedriveExecution", json!({ "executionArn": execution }))
        .await;
    let described = bench.ended(&execution).await;
    assert_eq!(
        (&described["status"], &described["redriveCount"]),
        (&json!("FAILED"), &json!(1))
    );
    let made: usize = bench.services.calls.lock().unwrap().values().sum();
    assert_eq!(made, 2, "the child has run again");
}
