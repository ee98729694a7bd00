//! Parallel, Map, variables and `JSONata` on the durable engine.

use serde_json::{Value, json};

use super::support::*;

/// Each item goes to the workers; beside that a function is called and time passes.
fn busy(activity: &str) -> Value {
    json!({
        "StartAt": "Both",
        "States": {"Both": {"Type": "Parallel", "End": true, "Branches": [
            {"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemsPath": "$.items", "End": true,
                "MaxConcurrency": 3, "ItemProcessor": {"StartAt": "Work", "States": {
                    "Work": {"Type": "Task", "Resource": activity, "HeartbeatSeconds": 600,
                             "TimeoutSeconds": 3600, "End": true}}}}}},
            {"StartAt": "Rest", "States": {
                "Rest": {"Type": "Wait", "Seconds": 1, "Next": "Call"},
                "Call": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
                         "QueryLanguage": "JSONata",
                         "Arguments": {"FunctionName": "echo",
                                       "Payload": "{% $count($states.input.items) %}"},
                         "Output": "{% $states.result.Payload %}", "End": true}}}
        ]}}
    })
}

#[tokio::test]
async fn threads_survive_the_end_of_the_engine() {
    let mut bench = Bench::new();
    let arn = bench.engine.ensure_activity("a").await.unwrap();
    let machine = bench.machine("m", &busy(&arn)).await;
    let execution = bench
        .start(&machine, "e", &json!({"items": [1, 2, 3, 4, 5]}))
        .await;
    let mut answered = 0;
    while answered < 5 {
        let task = bench.poll(&arn, "worker").await;
        bench.reopen().await;
        let token = &task["taskToken"];
        bench
            .ok("SendTaskHeartbeat", json!({ "taskToken": token }))
            .await;
        let output = format!("{{\"did\": {}}}", text(&task["input"]));
        bench
            .ok(
                "SendTaskSuccess",
                json!({ "taskToken": token, "output": output }),
            )
            .await;
        answered += 1;
        bench.reopen().await;
    }
    let described = bench.ended(&execution).await;
    assert_eq!(described["status"], "SUCCEEDED");
    let output: Value = serde_json::from_str(&text(&described["output"])).unwrap();
    assert_eq!(
        output,
        json!([[{"did": 1}, {"did": 2}, {"did": 3}, {"did": 4}, {"did": 5}], 5])
    );
    let events = bench.events(&execution).await;
    for (position, event) in events.iter().enumerate() {
        assert_eq!(event["id"], position as u64 + 1);
    }
}

#[tokio::test]
async fn a_failing_branch_takes_the_tasks_of_the_others_from_the_workers() {
    let bench = Bench::new();
    let arn = bench.engine.ensure_activity("a").await.unwrap();
    let work = json!({"Work": {"Type": "Task", "Resource": arn, "End": true}});
    let call = json!({
        "Rest": {"Type": "Wait", "Seconds": 1, "Next": "Call"},
        "Call": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
                 "Parameters": {"FunctionName": "fail-until-1"}, "End": true}
    });
    let both = json!({"Type": "Parallel", "End": true, "Branches": [
        {"StartAt": "Work", "States": work}, {"StartAt": "Rest", "States": call}]});
    let machine = json!({"StartAt": "Both", "States": {"Both": both}});
    let machine = bench.machine("m", &machine).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    let task = bench.poll(&arn, "worker").await;
    assert_eq!(bench.ended(&execution).await["error"], "Broken");
    let late = json!({"taskToken": task["taskToken"], "output": "1"});
    let late = bench.refused("SendTaskSuccess", late).await;
    assert_eq!(late.code, "TaskTimedOut");
    let types = bench.event_types(&execution).await;
    assert!(types.contains(&"TaskStateAborted".to_owned()), "{types:?}");
    // Redriven, only the branches that did not succeed run: the task is there again.
    let again = json!({ "executionArn": execution });
    bench.ok("RedriveExecution", again).await;
    let again = text(&bench.poll(&arn, "worker").await["taskToken"]);
    let done = json!({"taskToken": again, "output": "\"done\""});
    bench.ok("SendTaskSuccess", done).await;
    assert_eq!(bench.ended(&execution).await["output"], r#"["done",{}]"#);
}

#[tokio::test]
async fn a_large_map_is_one_step() {
    let bench = Bench::new();
    let machine = json!({"StartAt": "Each", "States": {"Each": {"Type": "Map", "End": true,
        "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}}}});
    let machine = bench.machine("m", &machine).await;
    let items: Vec<u32> = (0..500).collect();
    let execution = bench.start(&machine, "e", &json!(items)).await;
    let described = bench.ended(&execution).await;
    let output: Value = serde_json::from_str(&text(&described["output"])).unwrap();
    assert_eq!(output, json!(items));
}
