//! The ways in which it can go wrong, each done to a real process: the table of `loveless::worker`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod function;
mod queue;

use std::time::Duration;

use function::{eventually, file, is_gone, spec, written_pid};
use loveless::{FunctionSpec, RESPONSE_LIMIT, STOPPED, WorkerSummary};
use queue::{Call, Running, work};
use serde_json::{Value, json};

#[test]
#[ignore = "is the function that the other tests start"]
fn function_process() {
    function::serve();
}

/// What the function does, and what has to come of it.
struct Edge {
    what: &'static str,
    event: Value,
    /// The name of the failure.
    error: &'static str,
    /// A part of its cause.
    cause: &'static str,
    /// Whether the next task has a process of its own.
    fresh: bool,
    /// Whether a grandchild has to be gone.
    grandchild: bool,
}

impl Edge {
    fn new(what: &'static str, event: Value, error: &'static str, cause: &'static str) -> Edge {
        Edge {
            what,
            event,
            error,
            cause,
            fresh: true,
            grandchild: false,
        }
    }
}

fn edges(grandchild: &str) -> Vec<Edge> {
    let leaves = |event: Value, error, cause| Edge {
        grandchild: true,
        ..Edge::new("grandchildren", event, error, cause)
    };
    vec![
        Edge::new(
            "crash with a status",
            json!({"do": "exit", "code": 3}),
            "Runtime.ExitError",
            "exit status 3",
        ),
        Edge::new(
            "exit 0 without an answer",
            json!({"do": "exit", "code": 0}),
            "Runtime.ExitError",
            "Runtime exited without providing a reason",
        ),
        Edge::new(
            "crash by a signal",
            json!({"do": "kill"}),
            "Runtime.ExitError",
            "signal: killed",
        ),
        Edge::new(
            "hang asleep",
            json!({"do": "hang"}),
            "Sandbox.Timedout",
            "Task timed out after 1.00 seconds",
        ),
        Edge::new(
            "hang at work",
            json!({"do": "spin"}),
            "Sandbox.Timedout",
            "Task timed out after 1.00 seconds",
        ),
        leaves(
            json!({"do": "grandchild", "grandchild_file": grandchild}),
            "Sandbox.Timedout",
            "timed out",
        ),
        leaves(
            json!({"do": "orphan", "grandchild_file": grandchild}),
            "Sandbox.Timedout",
            "timed out",
        ),
        leaves(
            json!({"do": "orphan", "then": "exit", "grandchild_file": grandchild}),
            "Runtime.ExitError",
            "exit status 3",
        ),
        Edge {
            fresh: false,
            ..Edge::new(
                "too large for the Runtime API",
                json!({"do": "big", "bytes": RESPONSE_LIMIT + 1}),
                "Function.ResponseSizeTooLarge",
                "6291556 bytes",
            )
        },
        Edge {
            fresh: false,
            ..Edge::new(
                "too large for Step Functions",
                json!({"do": "big", "bytes": 262_145}),
                "States.DataLimitExceeded",
                "262144",
            )
        },
    ]
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn what_ends_a_task_has_its_name_and_the_next_task_is_done() {
    let directory = tempfile::tempdir().unwrap();
    let (path, grandchild) = file(&directory, "grandchild");
    let running = work(
        1,
        FunctionSpec {
            timeout: Duration::from_secs(1),
            ..spec()
        },
    );
    let mut done = 0;
    for edge in edges(&grandchild) {
        let what = format!("{}: {}", edge.what, edge.event);
        let _ = std::fs::remove_file(&path);
        running.queue.add("before", &json!({"do": "who"}));
        running.queue.add("edge", &edge.event);
        running.queue.add("after", &json!({"do": "who"}));
        done += 3;
        let ends = running.queue.until_ended(done).await;
        let [before, at, after] = &ends[done - 3..] else {
            panic!("{what}: {ends:?}")
        };
        let Call::Failed(token, error, cause) = at else {
            panic!("{what}: {at:?}")
        };
        assert_eq!(
            (token.as_str(), error.as_str()),
            ("edge", edge.error),
            "{what}"
        );
        assert!(cause.contains(edge.cause), "{what}: {cause}");
        if edge.grandchild {
            is_gone(written_pid(&path).await).await;
        }
        let (before, after) = (who(before), who(after));
        if edge.fresh {
            assert_ne!(before["pid"], after["pid"], "{what}");
            assert_eq!(after["calls"], 1, "{what}");
        }
    }
    let summary = running.stopped().await;
    assert_eq!((summary.gone, summary.undelivered), (0, 0));
    assert_eq!(summary.failed as usize, edges("").len());
}

fn who(call: &Call) -> Value {
    match call {
        Call::Succeeded(_, output) => serde_json::from_slice(output).unwrap(),
        other => panic!("not a result: {other:?}"),
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn an_orphan_of_an_answered_task_does_not_outlive_its_process() {
    let directory = tempfile::tempdir().unwrap();
    let (path, grandchild) = file(&directory, "grandchild");
    let running = work(1, spec());
    let event = json!({"do": "orphan", "then": "answer", "grandchild_file": grandchild});
    running.queue.add("answered", &event);
    running.queue.until_ended(1).await;
    let orphan = written_pid(&path).await;
    assert!(
        function::runs(orphan),
        "as on Lambda it lives on while the process does"
    );
    assert_eq!(running.stopped().await.succeeded, 1);
    is_gone(orphan).await;
}

#[tokio::test]
async fn a_stop_while_polling_hands_back_what_the_poll_still_brings() {
    let running = work(1, spec());
    polls(&running).await;
    running.stop.cancel();
    // Time to notice the stop: nothing tells from outside that a poll is not given up.
    tokio::time::sleep(Duration::from_millis(200)).await;
    running.queue.add("late", &json!({"do": "echo"}));
    let ends = running.queue.until_ended(1).await;
    let [Call::Failed(token, error, cause)] = ends.as_slice() else {
        panic!("{ends:?}")
    };
    assert_eq!((token.as_str(), error.as_str()), ("late", STOPPED));
    let document: Value = serde_json::from_str(cause).unwrap();
    assert_eq!(document["errorType"], STOPPED);
    assert_eq!(running.stopped().await.failed, 1);
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_stop_while_working_waits_and_then_hands_in_a_failure_that_retry_catches() {
    let directory = tempfile::tempdir().unwrap();
    let (path, grandchild) = file(&directory, "grandchild");
    let running = work(1, spec());
    let event = json!({"do": "orphan", "grandchild_file": grandchild});
    running.queue.add("endless", &event);
    let orphan = written_pid(&path).await;
    running.stop.cancel();
    let before = running.queue.heartbeats("endless");
    let queue = running.queue.clone();
    let summary = running.stopped().await;
    assert_eq!(
        summary,
        WorkerSummary {
            failed: 1,
            ..WorkerSummary::default()
        }
    );
    let ends = queue.ends();
    assert!(
        matches!(ends.as_slice(), [Call::Failed(_, error, _)] if error == STOPPED),
        "{ends:?}"
    );
    assert!(
        queue.heartbeats("endless") > before,
        "heartbeats while draining"
    );
    is_gone(orphan).await;
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn when_the_task_is_gone_nothing_that_it_started_is_left() {
    let directory = tempfile::tempdir().unwrap();
    let (path, grandchild) = file(&directory, "grandchild");
    let running = work(1, spec());
    let event = json!({"do": "orphan", "grandchild_file": grandchild});
    running.queue.add("doomed", &event);
    let orphan = written_pid(&path).await;
    running.queue.gone.lock().unwrap().insert("doomed".into());
    is_gone(orphan).await;
    running.queue.add("next", &json!({"do": "who"}));
    let ends = running.queue.until_ended(1).await;
    assert_eq!(who(&ends[0])["calls"], 1);
    let summary = running.stopped().await;
    assert_eq!((summary.succeeded, summary.gone), (1, 1));
}

#[tokio::test]
async fn an_error_document_is_not_replaced_by_the_exit_after_it() {
    // Says what was wrong, and ends: what clients do that cannot go on after a 413, for example.
    let running = work(1, spec());
    running
        .queue
        .add("first", &json!({"do": "error then exit"}));
    let ends = running.queue.until_ended(1).await;
    assert!(
        matches!(&ends[0], Call::Failed(_, error, _) if error == "Mine"),
        "{ends:?}"
    );
    running.stopped().await;
}

async fn polls(running: &Running) {
    eventually("a poll", || {
        (*running.queue.polls.lock().unwrap() > 0).then_some(())
    })
    .await;
}
