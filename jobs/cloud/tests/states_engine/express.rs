//! Express machines.

use serde_json::{Value, json};

use super::support::*;

async fn express(bench: &Bench, name: &str, definition: &Value) -> String {
    let body = json!({"name": name, "definition": definition.to_string(), "roleArn": ROLE,
        "type": "EXPRESS"});
    text(&bench.ok("CreateStateMachine", body).await["stateMachineArn"])
}

#[tokio::test]
async fn a_synchronous_execution_answers_with_its_end() {
    let bench = Bench::new();
    let machine = express(&bench, "m", &lambda("echo")).await;
    let body = json!({"stateMachineArn": machine, "name": "e", "input": "{\"a\": 1}"});
    let answer = bench.ok("StartSyncExecution", body.clone()).await;
    assert_eq!(answer["status"], "SUCCEEDED");
    assert_eq!(answer["output"], r#"{"Payload":{"a":1},"StatusCode":200}"#);
    assert!(text(&answer["executionArn"]).contains(":express:m:e:"));
    assert_eq!(answer["billingDetails"]["billedMemoryUsedInMB"], 64);
    // The name may be used again, and what can be done at once is answered at once.
    bench.ok("StartSyncExecution", body).await;
    let fail = json!({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E"}}});
    let machine = express(&bench, "f", &fail).await;
    let body = json!({ "stateMachineArn": machine });
    let answer = bench.ok("StartSyncExecution", body).await;
    assert_eq!(
        (&answer["status"], &answer["error"]),
        (&json!("FAILED"), &json!("E"))
    );
    assert_eq!(bench.engine.running(), 0);
}

#[tokio::test]
async fn an_asynchronous_execution_is_not_to_be_asked_about() {
    let bench = Bench::new();
    let machine = express(&bench, "m", &wait(1)).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    let again = bench.start(&machine, "e", &json!({})).await;
    assert_ne!(execution, again);
    for operation in ["DescribeExecution", "GetExecutionHistory", "StopExecution"] {
        let refused = bench
            .refused(operation, json!({ "executionArn": execution }))
            .await;
        assert_eq!(
            refused.message,
            "Invalid Arn: 'Resource type not valid in this context: express'"
        );
    }
    let refused = bench
        .refused("ListExecutions", json!({ "stateMachineArn": machine }))
        .await;
    assert_eq!(refused.code, "StateMachineTypeNotSupported");
    let described = bench
        .ok(
            "DescribeStateMachine",
            json!({ "stateMachineArn": machine }),
        )
        .await;
    assert_eq!(described["type"], "EXPRESS");
    eventually(|| async { (bench.engine.running() == 0).then_some(()) }).await;
}

#[tokio::test]
async fn what_waits_for_others_is_refused() {
    let bench = Bench::new();
    let arn = bench.engine.ensure_activity("a").await.unwrap();
    let refused = |definition: Value| {
        let body = json!({"name": "m", "definition": definition.to_string(), "roleArn": ROLE,
            "type": "EXPRESS"});
        bench.refused("CreateStateMachine", body)
    };
    let told = refused(activity(&arn, &json!({}))).await;
    assert_eq!(told.code, "InvalidDefinition");
    let mut token = lambda("echo");
    token["States"]["Call"]["Resource"] = json!("arn:aws:states:::lambda:invoke.waitForTaskToken");
    let told = refused(token).await;
    assert!(
        told.message.contains(
            "Express state machine does not support '.waitForTaskToken' service integration  at"
        ),
        "{told}"
    );
    let standard = bench.machine("s", &wait(1)).await;
    let told = bench
        .refused("StartSyncExecution", json!({ "stateMachineArn": standard }))
        .await;
    assert_eq!(told.code, "StateMachineTypeNotSupported");
}
