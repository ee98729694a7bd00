//! Waits that last a part of their time, on an engine that is started so.

use local_cloud::{Rehearsal, TimeScale};
use serde_json::json;

use super::support::*;

fn scaled(scale: f64) -> Rehearsal {
    Rehearsal {
        time_scale: TimeScale::new(scale).unwrap(),
        ..Rehearsal::default()
    }
}

/// Days pass in a moment.
const QUICK: f64 = 0.000_001;

/// Far more than the patience of these tests.
const DAY: u64 = 86_400;

#[tokio::test]
async fn waits_and_pauses_before_retries_pass_quickly() {
    let bench = Bench::rehearsing(scaled(QUICK));
    let mut definition = lambda("fail-until-2");
    definition["StartAt"] = json!("Wait");
    definition["States"]["Wait"] = json!({ "Type": "Wait", "Seconds": DAY, "Next": "Call" });
    definition["States"]["Call"]["Retry"] =
        json!([{ "ErrorEquals": ["Broken"], "IntervalSeconds": DAY }]);
    let machine = bench.machine("m", &definition).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    assert_eq!(bench.ended(&execution).await["status"], "SUCCEEDED");
    assert_eq!(bench.services.calls_of("e"), 3);
}

#[tokio::test]
async fn children_of_a_distributed_map_do_not_wait_either() {
    let bench = Bench::rehearsing(scaled(QUICK));
    let definition = json!({ "StartAt": "Each", "States": { "Each": {
        "Type": "Map", "ItemsPath": "$.items", "End": true,
        "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "Wait",
            "States": { "Wait": { "Type": "Wait", "Seconds": DAY, "End": true } } } } } });
    let machine = bench.machine("m", &definition).await;
    let items = json!({ "items": [1, 2] });
    let execution = bench.start(&machine, "e", &items).await;
    assert_eq!(bench.ended(&execution).await["status"], "SUCCEEDED");
}

#[tokio::test]
async fn an_execution_keeps_the_scale_that_it_was_started_with() {
    let mut bench = Bench::rehearsing(scaled(QUICK));
    // A task holds each of them until the engine has been started again.
    let activity = bench.ok("CreateActivity", json!({ "name": "a" })).await;
    let definition = activity_then_wait(&text(&activity["activityArn"]));
    let machine = bench.machine("m", &definition).await;
    let quick = bench.start(&machine, "quick", &json!({})).await;
    bench.reopen_rehearsing(Rehearsal::default()).await;
    let slow = bench.start(&machine, "slow", &json!({})).await;
    bench.reopen_rehearsing(scaled(QUICK)).await;
    for _ in 0..2 {
        let task = bench.poll(&text(&activity["activityArn"]), "w").await;
        let body = json!({ "taskToken": task["taskToken"], "output": "{}" });
        bench.ok("SendTaskSuccess", body).await;
    }
    assert_eq!(bench.ended(&quick).await["status"], "SUCCEEDED");
    let entered = eventually(|| async {
        let types = bench.event_types(&slow).await;
        types.contains(&"WaitStateEntered".to_owned()).then_some(())
    });
    entered.await;
    assert_eq!(bench.describe(&slow).await["status"], "RUNNING");
}

fn activity_then_wait(arn: &str) -> serde_json::Value {
    let mut definition = activity(arn, &json!({}));
    let work = definition["States"]["Work"].as_object_mut().unwrap();
    work.remove("End");
    work.insert("Next".to_owned(), json!("Wait"));
    definition["States"]["Wait"] = json!({ "Type": "Wait", "Seconds": DAY, "End": true });
    definition
}

#[tokio::test]
async fn a_workers_time_is_its_own() {
    let bench = Bench::rehearsing(scaled(0.0));
    let arn = text(&bench.ok("CreateActivity", json!({ "name": "a" })).await["activityArn"]);
    let limits = json!({ "TimeoutSeconds": DAY, "HeartbeatSeconds": 600 });
    let machine = bench.machine("m", &activity(&arn, &limits)).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    let task = bench.poll(&arn, "w").await;
    // Time enough for a clock that were scaled to ring.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let body = json!({ "taskToken": task["taskToken"], "output": "{}" });
    bench.ok("SendTaskSuccess", body).await;
    assert_eq!(bench.ended(&execution).await["status"], "SUCCEEDED");
}
