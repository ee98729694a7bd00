//! The worker with a real function.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod function;
mod queue;

use std::collections::BTreeSet;
use std::time::Duration;

use function::{eventually, file, is_gone, spec, written_pid};
use loveless::{FunctionSpec, SourceError, WorkerSummary};
use queue::{Call, work};
use serde_json::{Value, json};

#[test]
#[ignore = "is the function that the other tests start"]
fn function_process() {
    function::serve();
}

#[tokio::test]
async fn results_and_failures_are_handed_in_and_a_crash_stops_nothing() {
    let running = work(1, spec());
    let queue = running.queue.clone();
    queue.add("echo", &json!({"do": "echo", "n": 1}));
    queue.add("error", &json!({"do": "error"}));
    queue.add("crash", &json!({"do": "exit", "code": 3}));
    queue.add("fresh", &json!({"do": "who"}));
    queue.add("big", &json!({"do": "big", "bytes": 262_145}));
    let ends = queue.until_ended(5).await;

    assert_eq!(
        ends[0],
        Call::Succeeded("echo".into(), r#"{"do":"echo","n":1}"#.into())
    );
    let failed = |call: &Call| match call {
        Call::Failed(token, error, cause) => (token.clone(), error.clone(), cause.clone()),
        other => panic!("not a failure: {other:?}"),
    };
    let (token, _, cause) = failed(&ends[1]);
    let document: Value = serde_json::from_str(&cause).unwrap();
    assert_eq!(
        (token.as_str(), &document["errorMessage"]),
        ("error", &json!("it broke"))
    );
    let (token, error, cause) = failed(&ends[2]);
    assert_eq!(
        (token.as_str(), error.as_str()),
        ("crash", "Runtime.ExitError")
    );
    assert!(cause.contains("exit status 3"), "{cause}");
    let Call::Succeeded(token, output) = &ends[3] else {
        panic!("{:?}", ends[3])
    };
    let who: Value = serde_json::from_slice(output).unwrap();
    assert_eq!((token.as_str(), &who["calls"]), ("fresh", &json!(1)));
    let (token, error, _) = failed(&ends[4]);
    assert_eq!(
        (token.as_str(), error.as_str()),
        ("big", "States.DataLimitExceeded")
    );

    let summary = running.stopped().await;
    assert_eq!(
        summary,
        WorkerSummary {
            succeeded: 2,
            failed: 3,
            gone: 0,
            undelivered: 0
        }
    );
}

#[tokio::test]
async fn heartbeats_go_on_until_the_answer_is_accepted_and_no_longer() {
    let running = work(1, spec());
    let queue = running.queue.clone();
    queue.answer_faults.lock().unwrap().extend([
        SourceError::Throttled,
        SourceError::Unreachable("down".into()),
        SourceError::Throttled,
    ]);
    queue.add("slow", &json!({"do": "sleep", "ms": 300}));
    queue.until_ended(1).await;
    let calls = queue.calls();
    let tried = Call::Tried("slow".into());
    let first_try = calls.iter().position(|call| *call == tried).unwrap();
    let heartbeat = Call::Heartbeat("slow".into());
    assert!(
        calls[..first_try].contains(&heartbeat),
        "while working: {calls:?}"
    );
    assert!(
        calls[first_try..].contains(&heartbeat),
        "while answering: {calls:?}"
    );
    assert_eq!(calls.iter().filter(|call| **call == tried).count(), 3);

    // Ten times the interval, and not one more.
    let before = queue.heartbeats("slow");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(queue.heartbeats("slow"), before);
    assert_eq!(running.stopped().await.succeeded, 1);
}

#[tokio::test]
async fn when_the_task_is_gone_its_work_is_killed_and_the_slot_is_free() {
    let directory = tempfile::tempdir().unwrap();
    let (pid_path, pid_file) = file(&directory, "pid");
    let (grandchild_path, grandchild_file) = file(&directory, "grandchild");
    let running = work(1, spec());
    let queue = running.queue.clone();
    queue.add(
        "doomed",
        &json!({"do": "grandchild", "pid_file": pid_file, "grandchild_file": grandchild_file}),
    );
    let (pid, grandchild) = (
        written_pid(&pid_path).await,
        written_pid(&grandchild_path).await,
    );
    queue.gone.lock().unwrap().insert("doomed".into());
    is_gone(pid).await;
    is_gone(grandchild).await;

    queue.add("next", &json!({"do": "who"}));
    let ends = queue.until_ended(1).await;
    assert!(
        matches!(&ends[0], Call::Succeeded(token, _) if token == "next"),
        "{ends:?}"
    );
    let summary = running.stopped().await;
    assert_eq!(
        summary,
        WorkerSummary {
            succeeded: 1,
            failed: 0,
            gone: 1,
            undelivered: 0
        }
    );
}

#[tokio::test]
async fn a_stop_while_working_finishes_the_work_and_takes_no_more() {
    let directory = tempfile::tempdir().unwrap();
    let (path, pid_file) = file(&directory, "pid");
    let running = work(1, spec());
    let queue = running.queue.clone();
    queue.add(
        "last",
        &json!({"do": "sleep", "ms": 400, "pid_file": pid_file}),
    );
    let pid = written_pid(&path).await;
    running.stop.cancel();
    queue.add("too late", &json!({"do": "echo"}));
    let heartbeats = queue.heartbeats("last");
    let summary = running.stopped().await;
    assert_eq!(summary.succeeded, 1);
    let ends = queue.ends();
    assert!(
        matches!(&ends[..], [Call::Succeeded(token, _)] if token == "last"),
        "{ends:?}"
    );
    assert!(
        queue.heartbeats("last") > heartbeats,
        "heartbeats go on while draining"
    );
    assert_eq!(
        queue.tasks.lock().unwrap().len(),
        1,
        "the second task stays for others"
    );
    is_gone(pid).await;
}

#[tokio::test]
async fn a_stop_while_polling_ends_the_poll_and_the_process() {
    let running = work(2, spec());
    let queue = running.queue.clone();
    eventually("two polls", || {
        (*queue.polls.lock().unwrap() == 2).then_some(())
    })
    .await;
    let summary = tokio::time::timeout(Duration::from_secs(30), running.stopped()).await;
    assert_eq!(
        summary.expect("the poll would be held for ever"),
        WorkerSummary::default()
    );
}

#[tokio::test]
async fn a_function_that_does_not_start_takes_no_tasks() {
    let running = work(
        1,
        FunctionSpec {
            command: vec!["false".into()],
            ..spec()
        },
    );
    let queue = running.queue.clone();
    queue.add("safe", &json!({"do": "echo"}));
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(*queue.polls.lock().unwrap(), 0);
    running.stopped().await;
    assert_eq!(queue.tasks.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_source_that_cannot_be_reached_is_tried_again() {
    let running = work(1, spec());
    let queue = running.queue.clone();
    // Only what is refused from the start ends the worker.
    queue.add("first", &json!({"do": "echo"}));
    queue.until_ended(1).await;
    queue.poll_faults.lock().unwrap().extend([
        SourceError::Unreachable("down".into()),
        SourceError::Throttled,
        SourceError::Rejected {
            code: "ActivityDoesNotExist".into(),
            message: String::new(),
        },
    ]);
    // One that the poll under way may still get, and one that comes after the faults.
    queue.add("late", &json!({"do": "echo"}));
    queue.add("later", &json!({"do": "echo"}));
    queue.until_ended(3).await;
    assert!(queue.poll_faults.lock().unwrap().is_empty());
    assert_eq!(running.stopped().await.succeeded, 3);
}

#[tokio::test]
async fn slots_work_side_by_side_each_in_a_process_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let running = work(3, spec());
    let queue = running.queue.clone();
    let mut pids = BTreeSet::new();
    let files: Vec<_> = ["a", "b", "c"].map(|name| file(&directory, name)).into();
    for (path, text) in &files {
        queue.add(
            path.file_name().unwrap().to_str().unwrap(),
            &json!({"do": "hang", "pid_file": text}),
        );
    }
    for (path, _) in &files {
        pids.insert(written_pid(path).await);
    }
    assert_eq!(pids.len(), 3, "all three hang at the same time");
    queue
        .gone
        .lock()
        .unwrap()
        .extend(["a", "b", "c"].map(str::to_owned));
    for pid in pids {
        is_gone(pid).await;
    }
    let summary = running.stopped().await;
    assert_eq!(
        summary,
        WorkerSummary {
            gone: 3,
            ..WorkerSummary::default()
        }
    );
}
