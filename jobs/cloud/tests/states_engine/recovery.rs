//! The engine ends and opens again: everything goes on.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::support::*;

#[tokio::test]
async fn timers_that_fell_due_meanwhile_fire_at_once() {
    let mut bench = Bench::new();
    let machine = bench.machine("m", &wait(1)).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    let later = bench.machine("later", &wait(3600)).await;
    let waiting = bench.start(&later, "e", &json!({})).await;
    bench.engine.close().await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    bench.reopen().await;
    assert_eq!(bench.ended(&execution).await["status"], "SUCCEEDED");
    assert_eq!(bench.describe(&waiting).await["status"], "RUNNING");
    assert_eq!(bench.engine.running(), 1);
}

#[tokio::test]
async fn ended_executions_go_when_they_were_kept_long_enough_and_running_ones_stay() {
    let mut bench = Bench::new();
    let pass = json!({ "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } } });
    let machine = bench.machine("m", &pass).await;
    // More than one piece of the sweeping takes.
    let mut ended = Vec::new();
    for number in 0..120 {
        let execution = bench
            .start(&machine, &format!("e{number}"), &json!({}))
            .await;
        bench.ended(&execution).await;
        ended.push(execution);
    }
    let slow = bench.machine("slow", &wait(3600)).await;
    let running = bench.start(&slow, "r", &json!({})).await;

    bench.reopen_keeping(Duration::from_hours(24)).await;
    for execution in &ended {
        bench.describe(execution).await;
    }
    // Whatever has ended by now has been kept for long enough.
    tokio::time::sleep(Duration::from_millis(5)).await;
    bench.reopen_keeping(Duration::ZERO).await;
    let all = json!({ "stateMachineArn": machine, "maxResults": 1000 });
    eventually(|| async {
        let listed = bench.ok("ListExecutions", all.clone()).await;
        listed["executions"]
            .as_array()
            .unwrap()
            .is_empty()
            .then_some(())
    })
    .await;
    let gone = json!({ "executionArn": ended[0] });
    for operation in ["DescribeExecution", "GetExecutionHistory"] {
        let refused = bench.refused(operation, gone.clone()).await;
        assert_eq!(refused.code, "ExecutionDoesNotExist");
    }
    assert_eq!(bench.describe(&running).await["status"], "RUNNING");
    bench.machine("m", &pass).await;
    // Its name is free again, as on AWS.
    bench.start(&machine, "e0", &json!({})).await;
}

#[tokio::test]
async fn queued_tasks_stay_in_their_order_and_taken_ones_with_their_workers() {
    let mut bench = Bench::new();
    let arn = bench.engine.ensure_activity("a").await.unwrap();
    let machine = bench.machine("m", &activity(&arn, &json!({}))).await;
    let mut executions = Vec::new();
    for number in 0..3 {
        executions.push(
            bench
                .start(&machine, &format!("e{number}"), &json!(number))
                .await,
        );
    }
    let taken = bench.poll(&arn, "w").await;
    bench.reopen().await;

    assert_eq!(bench.engine.activity_backlog("a"), 2);
    let answer = json!({ "taskToken": taken["taskToken"], "output": "\"before\"" });
    bench.ok("SendTaskSuccess", answer).await;
    assert_eq!(bench.ended(&executions[0]).await["output"], "\"before\"");
    assert_eq!(bench.poll(&arn, "w").await["input"], "1");
    assert_eq!(bench.poll(&arn, "w").await["input"], "2");
}

#[tokio::test]
async fn a_worker_that_is_silent_over_the_restart_times_out() {
    let mut bench = Bench::new();
    let arn = bench.engine.ensure_activity("a").await.unwrap();
    let fields = json!({ "HeartbeatSeconds": 1, "TimeoutSeconds": 60 });
    let machine = bench.machine("m", &activity(&arn, &fields)).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    bench.poll(&arn, "w").await;
    bench.reopen().await;
    assert_eq!(bench.ended(&execution).await["status"], "FAILED");
}

#[tokio::test]
async fn calls_without_an_answer_are_made_again() {
    let mut bench = Bench::new();
    let machine = bench.machine("m", &lambda("hang")).await;
    bench.start(&machine, "e", &json!({})).await;
    eventually(|| async { (bench.services.calls_of("e") == 1).then_some(()) }).await;
    bench.reopen().await;
    eventually(|| async { (bench.services.calls_of("e") == 2).then_some(()) }).await;
    assert_eq!(
        bench.services.dropped(),
        1,
        "the first call went on beside the second"
    );
}

#[tokio::test]
async fn what_has_ended_is_described_and_redriven_as_before() {
    let mut bench = Bench::new();
    let machine = bench.machine("m", &lambda("fail-until-1")).await;
    let execution = bench.start(&machine, "e", &json!({ "kept": true })).await;
    let before = bench.ended(&execution).await;
    let history = bench.events(&execution).await;
    bench.reopen().await;
    assert_eq!(bench.describe(&execution).await, before);
    assert_eq!(bench.events(&execution).await, history);
    bench
        .ok("RedriveExecution", json!({ "executionArn": execution }))
        .await;
    assert_eq!(bench.ended(&execution).await["status"], "SUCCEEDED");
}

#[tokio::test]
async fn status_changes_are_told_even_after_a_restart() {
    let mut bench = Bench::new();
    let machine = bench.machine("m", &lambda("fail")).await;
    let execution = bench.start(&machine, "e", &json!({ "x": 1 })).await;
    bench.ended(&execution).await;
    bench.reopen().await;

    let (sink, stop) = (Arc::new(Sink::refusing(3)), CancellationToken::new());
    let engine = Arc::clone(&bench.engine);
    let delivery = tokio::spawn(engine.deliver_events(Arc::clone(&sink) as _, stop.clone()));
    eventually(|| async { (sink.told().len() == 2).then_some(()) }).await;
    let mut told = sink.told();
    told.sort();
    let names = |status: &str| ("e".to_owned(), status.to_owned());
    assert_eq!(told, [names("FAILED"), names("RUNNING")]);

    // Events made while the loop waits come too.
    bench
        .ok("RedriveExecution", json!({ "executionArn": execution }))
        .await;
    eventually(|| async { (sink.told().len() == 4).then_some(()) }).await;
    stop.cancel();
    tokio::time::timeout(PATIENCE, delivery)
        .await
        .unwrap()
        .unwrap();

    let failed = sink.events.lock().unwrap().clone();
    let failed = failed
        .iter()
        .find(|event| event.detail["status"] == "FAILED")
        .unwrap();
    assert_eq!(failed.detail_type, "Step Functions Execution Status Change");
    assert_eq!(failed.source, "aws.states");
    assert_eq!(failed.resources, std::slice::from_ref(&execution));
    assert_eq!(failed.detail["executionArn"], json!(execution));
    assert_eq!(failed.detail["stateMachineArn"], json!(machine));
    assert_eq!(failed.detail["error"], "Broken");
    assert_eq!(failed.detail["input"], r#"{"x":1}"#);
    assert!(failed.detail["stopDate"].as_i64() >= failed.detail["startDate"].as_i64());

    // What was delivered is not delivered again.
    bench.reopen().await;
    let (sink, stop) = (Arc::new(Sink::default()), CancellationToken::new());
    let engine = Arc::clone(&bench.engine);
    let delivery = tokio::spawn(engine.deliver_events(Arc::clone(&sink) as _, stop.clone()));
    bench.start(&machine, "after", &json!({})).await;
    eventually(|| async { (sink.told().len() == 2).then_some(()) }).await;
    assert!(
        sink.told().iter().all(|(name, _)| name == "after"),
        "{:?}",
        sink.told()
    );
    stop.cancel();
    delivery.await.unwrap();
}

/// A store that fails (here: a table is away; a full disk behaves alike) costs an error, not the truth.
#[tokio::test]
async fn a_failing_store_undoes_requests_and_delays_timers() {
    let bench = Bench::new();
    let machine = bench.machine("m", &wait(1)).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    let other = rusqlite::Connection::open(bench.path()).unwrap();
    other.busy_timeout(PATIENCE).unwrap();
    other
        .execute_batch("ALTER TABLE outbox RENAME TO away")
        .unwrap();

    let refused = bench
        .refused("StartExecution", json!({ "stateMachineArn": machine }))
        .await;
    assert_eq!(
        (refused.code.as_str(), refused.status()),
        ("InternalFailure", 500)
    );
    // Reading works on, and the start has left nothing behind.
    let body = json!({ "stateMachineArn": machine });
    let listed = bench.ok("ListExecutions", body).await;
    assert_eq!(listed["executions"].as_array().unwrap().len(), 1);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(bench.describe(&execution).await["status"], "RUNNING");

    other
        .execute_batch("ALTER TABLE away RENAME TO outbox")
        .unwrap();
    assert_eq!(bench.ended(&execution).await["status"], "SUCCEEDED");
    assert_eq!(bench.engine.running(), 0);
}
