//! Waits that last a part of their time, and what is never scaled.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{Host, START, machine};
use serde_json::{Value, json};
use states_language::{Event, Execution, TimeScale, Timestamp};

/// A machine of these states that was started at a hundredth of its waits.
fn hundredth(states: &Value) -> Host {
    let mut host = Host::new(&machine(states), &json!({}));
    let scale = TimeScale::new(0.01).unwrap();
    host.execution = host.execution.clone().with_time_scale(scale);
    host.send(Event::Started);
    host
}

/// Milliseconds from the start to each timer that is set.
fn timers(host: &Host) -> Vec<i64> {
    let timers = host.execution.timers();
    timers.map(|(_, at)| at.0 - START).collect()
}

#[test]
fn a_wait_lasts_its_part_however_it_names_its_end() {
    let moment = Timestamp(START + 100_000).to_iso();
    let waits = [
        json!({ "Type": "Wait", "Seconds": 100, "End": true }),
        json!({ "Type": "Wait", "Timestamp": moment, "End": true }),
        json!({ "Type": "Wait", "QueryLanguage": "JSONata", "Seconds": "{% 10 * 10 %}", "End": true }),
    ];
    for wait in waits {
        let host = hundredth(&json!({ "Wait": wait }));
        assert_eq!(timers(&host), [1_000], "{wait}");
    }
}

#[test]
fn the_pause_before_a_retry_lasts_its_part() {
    let resource = "arn:aws:lambda:us-east-1:000000000000:function:f";
    let mut host = hundredth(&json!({ "Work": {
        "Type": "Task", "Resource": resource, "End": true,
        "Retry": [{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 50, "BackoffRate": 3 }] } }));
    for pause in [500, 1_500] {
        host.task_starts();
        host.send(Event::TaskFailed {
            task: host.task().task,
            error: Some("E".to_owned()),
            cause: None,
        });
        let (timer, at) = host.execution.timers().next().unwrap();
        assert_eq!(at.0 - host.now, pause);
        host.now = at.0;
        host.send(Event::TimerFired { timer });
    }
}

#[test]
fn time_outs_and_heartbeats_measure_work_and_are_not_scaled() {
    let resource = "arn:aws:states:us-east-1:000000000000:activity:a";
    let mut definition = machine(&json!({ "Work": {
        "Type": "Task", "Resource": resource, "End": true,
        "TimeoutSeconds": 90, "HeartbeatSeconds": 30 } }));
    definition["TimeoutSeconds"] = json!(600);
    let mut host = Host::new(&definition, &json!({}));
    let scale = TimeScale::new(0.01).unwrap();
    host.execution = host.execution.clone().with_time_scale(scale);
    host.send(Event::Started);
    host.task_starts();
    assert_eq!(timers(&host), [600_000, 90_000, 30_000]);
}

#[test]
fn an_execution_keeps_its_scale_when_it_is_stored() {
    let host = hundredth(&json!({
        "First": { "Type": "Wait", "Seconds": 100, "Next": "Second" },
        "Second": { "Type": "Wait", "Seconds": 100, "End": true },
    }));
    let stored = serde_json::to_string(&host.execution).unwrap();
    let restored: Execution = serde_json::from_str(&stored).unwrap();
    assert_eq!(restored, host.execution);
    // One in real time is stored as it always was.
    let real = restored.with_time_scale(TimeScale::REAL);
    assert!(!serde_json::to_string(&real).unwrap().contains("time_scale"));
}

#[test]
fn nothing_waits_at_a_scale_of_nothing() {
    let wait = json!({ "Wait": { "Type": "Wait", "Seconds": 100, "End": true } });
    let mut host = Host::new(&machine(&wait), &json!({}));
    let scale = TimeScale::new(0.0).unwrap();
    host.execution = host.execution.clone().with_time_scale(scale);
    let ended = host.send(Event::Started);
    assert_eq!(ended.execution.status().as_str(), "SUCCEEDED");
}
