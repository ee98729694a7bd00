//! The life of executions.

use serde_json::{Value, json};

use super::support::*;

#[tokio::test]
async fn an_execution_runs_through_and_tells_how() {
    let bench = Bench::new();
    let machine = bench.machine("m", &lambda("echo")).await;
    let execution = bench.start(&machine, "e", &json!({ "x": 1 })).await;
    assert_eq!(
        execution,
        "arn:aws:states:us-east-1:000000000000:execution:m:e"
    );

    let described = bench.ended(&execution).await;
    assert_eq!(described["status"], "SUCCEEDED");
    assert_eq!(described["stateMachineArn"], json!(machine));
    assert_eq!(described["input"], r#"{"x":1}"#);
    let output: Value = serde_json::from_str(&text(&described["output"])).unwrap();
    assert_eq!(output["Payload"], json!({ "x": 1 }));
    assert_eq!(described["redriveStatus"], "NOT_REDRIVABLE");
    assert_eq!(
        described["redriveStatusReason"],
        "Execution is SUCCEEDED and cannot be redriven"
    );
    let (start, stop) = (&described["startDate"], &described["stopDate"]);
    assert!(start.as_f64().unwrap() > 1.7e9 && stop.as_f64() >= start.as_f64());

    let events = bench.events(&execution).await;
    let links: Vec<(&str, u64)> = events
        .iter()
        .map(|e| {
            (
                e["type"].as_str().unwrap(),
                e["previousEventId"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        links,
        [
            ("ExecutionStarted", 0),
            ("TaskStateEntered", 0),
            ("TaskScheduled", 2),
            ("TaskStarted", 3),
            ("TaskSucceeded", 4),
            ("TaskStateExited", 5),
            ("ExecutionSucceeded", 6),
        ]
    );
    assert!(!bench.engine.busy());
}

#[tokio::test]
async fn metadata_can_be_had_without_data() {
    let bench = Bench::new();
    let machine = bench.machine("m", &lambda("echo")).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    bench.ended(&execution).await;
    let body = json!({ "executionArn": execution, "includedData": "METADATA_ONLY" });
    let described = bench.ok("DescribeExecution", body).await;
    assert_eq!(described.get("input"), None);
    assert_eq!(described.get("output"), None);
    assert_eq!(described["outputDetails"], json!({ "included": false }));

    let body = json!({ "executionArn": execution, "includeExecutionData": false });
    let history = bench.ok("GetExecutionHistory", body).await;
    assert!(!history.to_string().contains("\"input\""), "{history}");
}

#[tokio::test]
async fn a_failed_call_fails_its_execution_with_the_calls_error() {
    let bench = Bench::new();
    let machine = bench.machine("m", &lambda("fail")).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    let described = bench.ended(&execution).await;
    assert_eq!(described["status"], "FAILED");
    assert_eq!(
        (&described["error"], &described["cause"]),
        (&json!("Broken"), &json!("call 1"))
    );
    assert_eq!(described["redriveStatus"], "REDRIVABLE");
    assert_eq!(described.get("output"), None);
}

#[tokio::test]
async fn a_call_that_panics_fails_its_execution_and_nothing_else() {
    let bench = Bench::new();
    let machine = bench.machine("m", &lambda("panic")).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    assert_eq!(bench.ended(&execution).await["error"], "States.Runtime");
    let machine = bench.machine("fine", &lambda("echo")).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    assert_eq!(bench.ended(&execution).await["status"], "SUCCEEDED");
}

#[tokio::test]
async fn a_retrier_waits_and_calls_again() {
    let bench = Bench::new();
    let mut definition = lambda("fail-until-1");
    definition["States"]["Call"]["Retry"] =
        json!([{ "ErrorEquals": ["Broken"], "IntervalSeconds": 1, "MaxAttempts": 2 }]);
    let machine = bench.machine("m", &definition).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    assert_eq!(bench.ended(&execution).await["status"], "SUCCEEDED");
    assert_eq!(bench.services.calls_of("e"), 2);
    let types = bench.event_types(&execution).await;
    assert_eq!(
        types.iter().filter(|kind| *kind == "TaskScheduled").count(),
        2
    );
}

#[tokio::test]
async fn a_call_that_takes_too_long_times_out_and_is_dropped() {
    let bench = Bench::new();
    let mut definition = lambda("hang");
    definition["States"]["Call"]["TimeoutSeconds"] = json!(1);
    let machine = bench.machine("m", &definition).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    assert_eq!(bench.ended(&execution).await["error"], "States.Timeout");
    eventually(|| async { (bench.services.dropped() == 1).then_some(()) }).await;
}

#[tokio::test]
async fn a_machines_own_time_out_ends_its_executions() {
    let bench = Bench::new();
    let mut definition = wait(3600);
    definition["TimeoutSeconds"] = json!(1);
    let machine = bench.machine("m", &definition).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    assert_eq!(bench.ended(&execution).await["status"], "TIMED_OUT");
    assert_eq!(
        bench.event_types(&execution).await.last().unwrap(),
        "ExecutionTimedOut"
    );
}

#[tokio::test]
async fn stopping_drops_the_call_and_can_be_repeated() {
    let bench = Bench::new();
    let machine = bench.machine("m", &lambda("hang")).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    eventually(|| async { (bench.services.calls_of("e") == 1).then_some(()) }).await;
    assert!(bench.engine.busy());
    assert_eq!(
        bench.describe(&execution).await["redriveStatusReason"],
        "Execution is RUNNING and cannot be redriven"
    );

    let body = json!({ "executionArn": execution, "error": "Enough", "cause": "of this" });
    let stopped = bench.ok("StopExecution", body.clone()).await;
    let described = bench.describe(&execution).await;
    assert_eq!(described["status"], "ABORTED");
    assert_eq!(
        (&described["error"], &described["cause"]),
        (&json!("Enough"), &json!("of this"))
    );
    assert_eq!(described["stopDate"], stopped["stopDate"]);
    let last = bench.events(&execution).await.pop().unwrap();
    assert_eq!(
        (&last["type"], &last["previousEventId"]),
        (&json!("ExecutionAborted"), &json!(0))
    );
    assert_eq!(bench.ok("StopExecution", body).await, stopped);
    eventually(|| async { (bench.services.dropped() == 1).then_some(()) }).await;
    assert!(!bench.engine.busy());
}

#[tokio::test]
async fn a_redriven_execution_goes_on_from_where_it_failed() {
    let bench = Bench::new();
    let mut definition = lambda("fail-until-1");
    definition["StartAt"] = json!("First");
    definition["States"]["First"] = json!({ "Type": "Pass", "Next": "Call" });
    let machine = bench.machine("m", &definition).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    assert_eq!(bench.ended(&execution).await["status"], "FAILED");

    let body = json!({ "executionArn": execution, "clientToken": "once" });
    let redriven = bench.ok("RedriveExecution", body.clone()).await;
    let described = bench.ended(&execution).await;
    assert_eq!(described["status"], "SUCCEEDED");
    assert_eq!(described["redriveCount"], 1);
    assert_eq!(described["redriveDate"], redriven["redriveDate"]);
    assert_eq!(described.get("error"), None);
    let types = bench.event_types(&execution).await;
    assert_eq!(
        types
            .iter()
            .filter(|kind| *kind == "PassStateEntered")
            .count(),
        1
    );
    assert_eq!(
        types
            .iter()
            .filter(|kind| *kind == "ExecutionRedriven")
            .count(),
        1
    );

    // The same request again is the same redrive; another one is too late.
    assert_eq!(bench.ok("RedriveExecution", body).await, redriven);
    let late = bench
        .refused("RedriveExecution", json!({ "executionArn": execution }))
        .await;
    assert_eq!(late.code, "ExecutionNotRedrivable");
    assert_eq!(
        late.message,
        "Execution is SUCCEEDED and cannot be redriven"
    );
}

#[tokio::test]
async fn executions_keep_the_definition_they_were_started_with() {
    let bench = Bench::new();
    let machine = bench.machine("m", &lambda("fail-until-1")).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    bench.ended(&execution).await;
    let body = json!({ "stateMachineArn": machine, "definition": lambda("fail").to_string() });
    let updated = bench.ok("UpdateStateMachine", body).await;
    let now = bench
        .ok(
            "DescribeStateMachine",
            json!({ "stateMachineArn": machine }),
        )
        .await;
    assert_eq!(now["revisionId"], updated["revisionId"]);
    assert_eq!(now["definition"], json!(lambda("fail").to_string()));

    let body = json!({ "executionArn": execution });
    let then = bench
        .ok("DescribeStateMachineForExecution", body.clone())
        .await;
    assert_eq!(
        then["definition"],
        json!(lambda("fail-until-1").to_string())
    );
    bench.ok("RedriveExecution", body).await;
    assert_eq!(bench.ended(&execution).await["status"], "SUCCEEDED");
}

#[tokio::test]
async fn starting_again_is_the_same_start_while_it_runs() {
    let bench = Bench::new();
    let machine = bench.machine("m", &wait(3600)).await;
    let body = |input: &str| json!({ "stateMachineArn": machine, "name": "e", "input": input });
    let first = bench.ok("StartExecution", body("{}")).await;
    assert_eq!(bench.ok("StartExecution", body("{}")).await, first);
    let arn = text(&first["executionArn"]);
    let taken = format!("Execution Already Exists: '{arn}'");
    let other = bench.refused("StartExecution", body("[]")).await;
    assert_eq!(
        (other.code.as_str(), &other.message),
        ("ExecutionAlreadyExists", &taken)
    );
    bench
        .ok("StopExecution", json!({ "executionArn": arn }))
        .await;
    let closed = bench.refused("StartExecution", body("{}")).await;
    assert_eq!(
        (closed.code.as_str(), &closed.message),
        ("ExecutionAlreadyExists", &taken)
    );
}

#[tokio::test]
async fn one_event_starts_one_execution_however_often_it_comes() {
    let bench = Bench::new();
    let machine = bench.machine("m", &lambda("echo")).await;
    for _ in 0..3 {
        bench
            .engine
            .start_from_event("m", "event-id", json!({ "detail": 1 }))
            .await
            .unwrap();
        let arn = machine.replace("stateMachine", "execution") + ":event-id";
        assert_eq!(bench.ended(&arn).await["status"], "SUCCEEDED");
    }
    assert_eq!(bench.services.calls_of("event-id"), 1);
    let nobody = bench
        .engine
        .start_from_event("nobody", "event-id", json!({}))
        .await;
    assert_eq!(nobody.unwrap_err().code, "StateMachineDoesNotExist");
}

#[tokio::test]
async fn inputs_may_be_any_json_and_nothing_else() {
    let bench = Bench::new();
    let machine = bench.machine("m", &wait(0)).await;
    for input in ["null", "1", "\"text\"", "[1, 2]"] {
        let body = json!({ "stateMachineArn": machine, "input": input });
        let execution = text(&bench.ok("StartExecution", body).await["executionArn"]);
        assert_eq!(bench.ended(&execution).await["output"], json!(input));
    }
    let body = |input: &str| json!({ "stateMachineArn": machine, "input": input });
    let empty = bench.refused("StartExecution", body("")).await;
    assert_eq!(
        empty.message,
        "Invalid State Machine Execution Input: 'Invalid execution input.'"
    );
    assert_eq!(
        bench.refused("StartExecution", body("{")).await.code,
        "InvalidExecutionInput"
    );
    let long = format!("\"{}\"", "x".repeat(262_144));
    assert_eq!(
        bench.refused("StartExecution", body(&long)).await.code,
        "ValidationException"
    );
}

#[tokio::test]
async fn a_machine_is_deleted_with_its_last_execution_and_its_name_is_free() {
    let bench = Bench::new();
    let machine = bench.machine("m", &wait(3600)).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    let this = json!({ "stateMachineArn": machine });
    bench.ok("DeleteStateMachine", this.clone()).await;
    assert_eq!(
        bench.ok("DescribeStateMachine", this.clone()).await["status"],
        "DELETING"
    );
    assert_eq!(
        bench.refused("StartExecution", this.clone()).await.code,
        "StateMachineDeleting"
    );

    bench
        .ok("StopExecution", json!({ "executionArn": execution }))
        .await;
    let gone = bench.refused("DescribeStateMachine", this.clone()).await;
    assert_eq!(
        gone.message,
        format!("State Machine Does Not Exist: '{machine}'")
    );
    // What belonged to the old one is not the new one's.
    let machine = bench.machine("m", &wait(0)).await;
    let unknown = bench
        .refused("DescribeExecution", json!({ "executionArn": execution }))
        .await;
    assert_eq!(
        unknown.message,
        format!("Execution Does Not Exist: '{execution}'")
    );
    let execution = bench.start(&machine, "e", &json!({})).await;
    assert_eq!(bench.ended(&execution).await["status"], "SUCCEEDED");

    // The rows of the old one are removed in time.
    let path = bench.path();
    eventually(|| async {
        let store = rusqlite::Connection::open(&path).unwrap();
        let count = "SELECT count(*) FROM executions";
        let left: i64 = store.query_row(count, [], |row| row.get(0)).unwrap();
        (left == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn many_requests_at_once_are_all_answered() {
    let bench = Bench::new();
    let machine = bench.machine("m", &wait(0)).await;
    let starts = (0..500).map(|number| {
        let body = json!({ "stateMachineArn": machine, "name": format!("e{number}") });
        let engine = std::sync::Arc::clone(&bench.engine);
        tokio::spawn(async move { engine.request("StartExecution", body).await.unwrap() })
    });
    for start in starts.collect::<Vec<_>>() {
        tokio::time::timeout(PATIENCE, start)
            .await
            .unwrap()
            .unwrap();
    }
    eventually(|| async { (!bench.engine.busy()).then_some(()) }).await;
}
