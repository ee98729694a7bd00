//! Activities: queues, long polls, tokens, heartbeats.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::support::*;

async fn activity_machine(bench: &Bench, fields: &Value) -> (String, String) {
    let arn = bench.engine.ensure_activity("a").await.unwrap();
    let machine = bench.machine("m", &activity(&arn, fields)).await;
    (arn, machine)
}

async fn succeed(bench: &Bench, task: &Value, output: &Value) {
    let body = json!({ "taskToken": task["taskToken"], "output": output.to_string() });
    assert_eq!(bench.ok("SendTaskSuccess", body).await, json!({}));
}

#[tokio::test]
async fn two_workers_share_the_tasks_first_come_first_served() {
    let bench = Bench::new();
    let (arn, machine) = activity_machine(&bench, &json!({})).await;
    for number in 0..4 {
        bench
            .start(&machine, &format!("e{number}"), &json!(number))
            .await;
    }
    assert_eq!(bench.engine.activity_backlog("a"), 4);
    for number in 0..4 {
        let worker = if number % 2 == 0 { "even" } else { "odd" };
        let task = bench.poll(&arn, worker).await;
        assert_eq!(task["input"], json!(number.to_string()));
        succeed(&bench, &task, &json!({ "by": worker })).await;
    }
    assert_eq!(bench.engine.activity_backlog("a"), 0);
    let execution = machine.replace("stateMachine", "execution") + ":e3";
    let described = bench.ended(&execution).await;
    assert_eq!(described["output"], r#"{"by":"odd"}"#);
    let events = bench.events(&execution).await;
    let started = events
        .iter()
        .find(|event| event["type"] == "ActivityStarted")
        .unwrap();
    assert_eq!(started["activityStartedEventDetails"]["workerName"], "odd");
}

#[tokio::test]
async fn pollers_that_wait_get_a_task_each() {
    let bench = Bench::new();
    let (arn, machine) = activity_machine(&bench, &json!({})).await;
    let mut polls = Vec::new();
    for worker in ["one", "two"] {
        let (engine, arn) = (Arc::clone(&bench.engine), arn.clone());
        polls.push(tokio::spawn(async move {
            let body = json!({ "activityArn": arn, "workerName": worker });
            engine.request("GetActivityTask", body).await.unwrap()
        }));
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    for number in 0..2 {
        bench
            .start(&machine, &format!("e{number}"), &json!(number))
            .await;
    }
    let mut inputs = BTreeSet::new();
    for poll in polls {
        let task = tokio::time::timeout(PATIENCE, poll).await.unwrap().unwrap();
        inputs.insert(text(&task["input"]));
    }
    assert_eq!(inputs, BTreeSet::from(["0".to_owned(), "1".to_owned()]));
}

#[tokio::test]
async fn a_poller_that_goes_away_takes_no_task_along() {
    let bench = Bench::new();
    let (arn, machine) = activity_machine(&bench, &json!({})).await;
    let poll = {
        let (engine, arn) = (Arc::clone(&bench.engine), arn.clone());
        tokio::spawn(async move {
            engine
                .request("GetActivityTask", json!({ "activityArn": arn }))
                .await
        })
    };
    tokio::time::sleep(Duration::from_millis(50)).await;
    poll.abort();
    let _ = poll.await;
    bench.start(&machine, "e", &json!("kept")).await;
    assert_eq!(bench.poll(&arn, "w").await["input"], "\"kept\"");
}

/// Pollers are killed wherever they happen to be: waiting, offered a task, taking it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_pollers_die_every_task_reaches_one_worker() {
    const TASKS: usize = 80;
    let bench = Bench::new();
    let (arn, machine) = activity_machine(&bench, &json!({})).await;
    let received = Arc::new(Mutex::new(Vec::new()));
    let poll = || {
        let (engine, arn) = (Arc::clone(&bench.engine), arn.clone());
        let received = Arc::clone(&received);
        tokio::spawn(async move {
            let body = json!({ "activityArn": arn });
            let task = engine.request("GetActivityTask", body).await.unwrap();
            received.lock().unwrap().push(text(&task["input"]));
        })
    };
    let mut killed = 0;
    for number in 0..TASKS {
        bench
            .start(&machine, &format!("e{number}"), &json!(number))
            .await;
        for round in 0..5_u64 {
            let poll = poll();
            tokio::time::sleep(Duration::from_micros(
                (number as u64 * 5 + round) * 41 % 1500,
            ))
            .await;
            poll.abort();
            killed += usize::from(poll.await.is_err());
        }
    }
    assert!(killed > 0, "no poller was killed: the test shows nothing");
    while received.lock().unwrap().len() < TASKS {
        tokio::time::timeout(PATIENCE, poll())
            .await
            .expect("a task was lost")
            .unwrap();
    }
    let received = received.lock().unwrap();
    let distinct: BTreeSet<&String> = received.iter().collect();
    assert_eq!(
        (received.len(), distinct.len()),
        (TASKS, TASKS),
        "a task was given out twice"
    );
}

#[tokio::test]
async fn a_missed_heartbeat_gives_the_task_to_the_next_worker() {
    let bench = Bench::new();
    let retry = json!([{ "ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1 }]);
    let fields = json!({ "HeartbeatSeconds": 3, "TimeoutSeconds": 3600, "Retry": retry });
    let (arn, machine) = activity_machine(&bench, &fields).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    let lost = bench.poll(&arn, "dies").await;
    let task = bench.poll(&arn, "lives").await;
    assert_ne!(task["taskToken"], lost["taskToken"]);

    let late = json!({ "taskToken": lost["taskToken"], "output": "\"late\"" });
    let late = bench.refused("SendTaskSuccess", late).await;
    assert_eq!(late.code, "TaskTimedOut");
    assert_eq!(
        late.message,
        "Task Timed Out: 'Provided task does not exist anymore'"
    );
    let gone = json!({ "taskToken": lost["taskToken"] });
    assert_eq!(
        bench.refused("SendTaskHeartbeat", gone).await.code,
        "TaskTimedOut"
    );
    succeed(&bench, &task, &json!("on time")).await;
    assert_eq!(bench.ended(&execution).await["output"], "\"on time\"");
    let types = bench.event_types(&execution).await;
    assert_eq!(
        types
            .iter()
            .filter(|kind| *kind == "ActivityTimedOut")
            .count(),
        1
    );
}

#[tokio::test]
async fn heartbeats_keep_a_task() {
    let bench = Bench::new();
    let fields = json!({ "HeartbeatSeconds": 3, "TimeoutSeconds": 3600 });
    let (arn, machine) = activity_machine(&bench, &fields).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    let task = bench.poll(&arn, "w").await;
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        bench
            .ok(
                "SendTaskHeartbeat",
                json!({ "taskToken": task["taskToken"] }),
            )
            .await;
    }
    succeed(&bench, &task, &json!({})).await;
    assert_eq!(bench.ended(&execution).await["status"], "SUCCEEDED");
    let again = json!({ "taskToken": task["taskToken"], "output": "{}" });
    assert_eq!(
        bench.refused("SendTaskSuccess", again).await.code,
        "TaskTimedOut"
    );
}

#[tokio::test]
async fn a_task_in_the_queue_has_no_clock() {
    let bench = Bench::new();
    let fields = json!({ "HeartbeatSeconds": 2, "TimeoutSeconds": 3 });
    let (arn, machine) = activity_machine(&bench, &fields).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    assert_eq!(bench.describe(&execution).await["status"], "RUNNING");
    let task = bench.poll(&arn, "w").await;
    succeed(&bench, &task, &json!({})).await;
    assert_eq!(bench.ended(&execution).await["status"], "SUCCEEDED");
}

#[tokio::test]
async fn a_workers_failure_is_the_states_failure() {
    let bench = Bench::new();
    let (arn, machine) = activity_machine(&bench, &json!({})).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    let task = bench.poll(&arn, "w").await;
    let token = task["taskToken"].clone();
    let invalid = json!({ "taskToken": token, "output": "{" });
    assert_eq!(
        bench.refused("SendTaskSuccess", invalid).await.code,
        "InvalidOutput"
    );
    let failure = json!({ "taskToken": token, "error": "ImageCorrupt", "cause": "no end" });
    bench.ok("SendTaskFailure", failure).await;
    let described = bench.ended(&execution).await;
    assert_eq!(
        (&described["error"], &described["cause"]),
        (&json!("ImageCorrupt"), &json!("no end"))
    );
}

#[tokio::test]
async fn stopping_an_execution_takes_its_task_out_of_the_queue() {
    let bench = Bench::new();
    let (arn, machine) = activity_machine(&bench, &json!({})).await;
    let first = bench.start(&machine, "e1", &json!(1)).await;
    bench.start(&machine, "e2", &json!(2)).await;
    bench
        .ok("StopExecution", json!({ "executionArn": first }))
        .await;
    assert_eq!(bench.engine.activity_backlog("a"), 1);
    assert_eq!(bench.poll(&arn, "w").await["input"], "2");
}

#[tokio::test]
async fn tokens_that_nobody_gave_out_are_invalid() {
    let bench = Bench::new();
    let (arn, machine) = activity_machine(&bench, &json!({})).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    let task = bench.poll(&arn, "w").await;
    let token = text(&task["taskToken"]);
    let mut forged: Vec<char> = token.chars().collect();
    let middle = forged.len() / 2;
    forged[middle] = if forged[middle] == 'A' { 'B' } else { 'A' };
    let forged: String = forged.into_iter().collect();
    for token in [forged.as_str(), "x", &"y".repeat(2000)] {
        let refused = bench
            .refused("SendTaskHeartbeat", json!({ "taskToken": token }))
            .await;
        assert_eq!(refused.code, "InvalidToken");
        assert_eq!(refused.message, "Invalid Token: 'Invalid token'");
    }
    let long = bench
        .refused(
            "SendTaskHeartbeat",
            json!({ "taskToken": "y".repeat(2049) }),
        )
        .await;
    assert_eq!(long.code, "ValidationException");

    bench
        .ok("DeleteActivity", json!({ "activityArn": arn }))
        .await;
    let orphan = bench
        .refused("SendTaskHeartbeat", json!({ "taskToken": token }))
        .await;
    assert_eq!(orphan.code, "TaskDoesNotExist");
    assert_eq!(bench.describe(&execution).await["status"], "RUNNING");
}

#[tokio::test]
async fn an_activity_that_does_not_exist_fails_pollers_and_executions() {
    let bench = Bench::new();
    let arn = "arn:aws:states:us-east-1:000000000000:activity:nobody";
    let machine = bench.machine("m", &activity(arn, &json!({}))).await;
    let refused = bench
        .refused("GetActivityTask", json!({ "activityArn": arn }))
        .await;
    assert_eq!(refused.code, "ActivityDoesNotExist");
    assert_eq!(refused.message, format!("Activity Does Not Exist: '{arn}'"));
    let execution = bench.start(&machine, "e", &json!({})).await;
    let described = bench.ended(&execution).await;
    assert_eq!(described["error"], "States.Runtime");
    assert!(text(&described["cause"]).contains(arn));
}

#[tokio::test]
async fn making_an_activity_twice_makes_one() {
    let bench = Bench::new();
    let first = bench.ok("CreateActivity", json!({ "name": "a" })).await;
    assert_eq!(
        bench.ok("CreateActivity", json!({ "name": "a" })).await,
        first
    );
    let described = bench
        .ok(
            "DescribeActivity",
            json!({ "activityArn": first["activityArn"] }),
        )
        .await;
    assert_eq!(
        (&described["name"], &described["creationDate"]),
        (&json!("a"), &first["creationDate"])
    );
    let bad = bench
        .refused("CreateActivity", json!({ "name": "activity name" }))
        .await;
    assert_eq!(bad.message, "Invalid Name: 'activity name'");
    bench
        .ok(
            "DeleteActivity",
            json!({ "activityArn": first["activityArn"] }),
        )
        .await;
    bench
        .ok(
            "DeleteActivity",
            json!({ "activityArn": first["activityArn"] }),
        )
        .await;
    let gone = json!({ "activityArn": first["activityArn"] });
    assert_eq!(
        bench.refused("DescribeActivity", gone).await.code,
        "ActivityDoesNotExist"
    );
}
