//! Tasks that wait until somebody sends their token back.

use serde_json::{Value, json};

use super::support::*;

fn waiting(fields: &Value) -> Value {
    let mut state = json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"FunctionName": "keep", "Payload": {"token.$": "$$.Task.Token"}},
        "End": true
    });
    state
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    json!({"StartAt": "Ask", "States": {"Ask": state}})
}

async fn token(bench: &Bench) -> String {
    eventually(|| async { bench.services.tokens.lock().unwrap().pop() }).await
}

#[tokio::test]
async fn the_token_brings_the_result_whenever_it_comes() {
    let mut bench = Bench::new();
    let machine = bench.machine("m", &waiting(&json!({}))).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    let token = token(&bench).await;
    eventually(|| async {
        let types = bench.event_types(&execution).await;
        types.contains(&"TaskSubmitted".to_owned()).then_some(())
    })
    .await;
    bench.reopen().await;
    assert_eq!(
        bench.services.calls_of("e"),
        1,
        "the service was not asked again"
    );
    bench
        .ok("SendTaskHeartbeat", json!({ "taskToken": token }))
        .await;
    let success = json!({"taskToken": token, "output": "{\"yes\": true}"});
    bench.ok("SendTaskSuccess", success.clone()).await;
    let described = bench.ended(&execution).await;
    assert_eq!(described["output"], "{\"yes\": true}");
    assert_eq!(
        bench.event_types(&execution).await,
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitted",
            "TaskSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded",
        ]
    );
    assert_eq!(
        bench.refused("SendTaskSuccess", success).await.code,
        "TaskTimedOut"
    );
}

#[tokio::test]
async fn the_token_may_bring_a_failure_and_time_may_pass() {
    let bench = Bench::new();
    let machine = bench.machine("m", &waiting(&json!({}))).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    let failure = json!({"taskToken": token(&bench).await, "error": "Refused"});
    bench.ok("SendTaskFailure", failure).await;
    assert_eq!(bench.ended(&execution).await["error"], "Refused");

    let machine = bench
        .machine("t", &waiting(&json!({"HeartbeatSeconds": 1})))
        .await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    assert_eq!(bench.ended(&execution).await["error"], "States.Timeout");
    let late = json!({"taskToken": token(&bench).await, "output": "1"});
    assert_eq!(
        bench.refused("SendTaskSuccess", late).await.code,
        "TaskTimedOut"
    );
    let stranger = json!({"taskToken": "A".repeat(54), "output": "1"});
    assert_eq!(
        bench.refused("SendTaskSuccess", stranger).await.code,
        "InvalidToken"
    );
}
