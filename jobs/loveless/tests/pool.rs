//! A real function, driven through the pool into every kind of end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod function;

use std::time::Duration;

use function::{eventually, file, is_gone, runs, script, spec, written_pid};
use loveless::{Completed, FunctionPool, FunctionSpec, Invocation, Throttled};
use serde_json::{Value, json};

#[test]
#[ignore = "is the function that the other tests start"]
fn function_process() {
    function::serve();
}

async fn invoke(pool: &FunctionPool, event: Value) -> Completed {
    pool.invoke(Invocation::new(event.to_string()))
        .await
        .unwrap()
}

async fn result(pool: &FunctionPool, event: Value) -> Value {
    serde_json::from_slice(&invoke(pool, event).await.result.unwrap()).unwrap()
}

/// The failure's name and message.
async fn failure(pool: &FunctionPool, event: Value) -> (String, String) {
    let error = invoke(pool, event).await.result.unwrap_err();
    let body: Value = serde_json::from_slice(&error.body).unwrap();
    assert_eq!(body["errorType"], error.error_type.as_str());
    (
        error.error_type,
        body["errorMessage"].as_str().unwrap_or_default().to_owned(),
    )
}

fn with(spec: FunctionSpec) -> FunctionPool {
    FunctionPool::new(spec, 1)
}

#[tokio::test]
async fn every_shape_of_json_comes_back() {
    let pool = with(spec());
    for event in [
        json!({"do": "echo", "nested": {"é": [1, 2.5, null, true]}}),
        json!({"errorType": "NotAnError"}),
    ] {
        assert_eq!(result(&pool, event.clone()).await, event);
    }
}

#[tokio::test]
async fn a_warm_process_is_used_again_and_only_its_first_report_has_an_init() {
    let pool = with(spec());
    let first = invoke(&pool, json!({"do": "who"})).await;
    let second = invoke(&pool, json!({"do": "who"})).await;
    let who = |completed: &Completed| -> Value {
        serde_json::from_slice(completed.result.as_ref().unwrap()).unwrap()
    };
    assert_eq!(who(&first)["pid"], who(&second)["pid"]);
    assert_eq!(who(&second)["calls"], 2);
    assert!(first.report.init_duration.is_some());
    assert_eq!(second.report.init_duration, None);
    assert!(second.report.max_memory_mb > 0);
}

#[tokio::test]
async fn the_function_sees_lambdas_context_and_a_clean_environment() {
    let mut spec = spec();
    spec.env.insert("STAGE".into(), "test".into());
    let pool = with(spec);
    let invocation = Invocation::new(json!({"do": "context"}).to_string());
    let id = invocation.request_id.clone();
    let completed = pool.invoke(invocation).await.unwrap();
    let context: Value = serde_json::from_slice(&completed.result.unwrap()).unwrap();
    assert_eq!(
        context,
        json!({"request_id": id, "memory": 1024, "in_time": true,
               "arn": "arn:aws:lambda:us-east-1:000000000000:function:test-function"})
    );
    let environment = result(&pool, json!({"do": "environment"})).await;
    assert_eq!(environment["STAGE"], "test");
    assert_eq!(environment["AWS_REGION"], "us-east-1");
    assert_eq!(environment["TZ"], ":UTC");
    assert_eq!(
        environment.get("CARGO_MANIFEST_DIR"),
        None,
        "cargo's own variables stay out"
    );
}

#[tokio::test]
async fn the_functions_own_errors_leave_the_process_alive() {
    let pool = with(spec());
    let before = result(&pool, json!({"do": "who"})).await;
    let (name, message) = failure(&pool, json!({"do": "error"})).await;
    assert!(
        name.contains("Box<dyn"),
        "the Rust client names errors by type: {name}"
    );
    assert_eq!(message, "it broke");
    let (_, message) = failure(&pool, json!({"do": "panic"})).await;
    assert!(message.contains("it panicked"), "{message}");
    let after = result(&pool, json!({"do": "who"})).await;
    assert_eq!(before["pid"], after["pid"]);
}

#[tokio::test]
async fn exits_have_lambdas_words_and_the_next_invocation_a_fresh_process() {
    let pool = with(spec());
    for (event, words) in [
        (
            json!({"do": "exit", "code": 3}),
            "Runtime exited with error: exit status 3",
        ),
        (
            json!({"do": "exit", "code": 0}),
            "Runtime exited without providing a reason",
        ),
        (
            json!({"do": "kill"}),
            "Runtime exited with error: signal: killed",
        ),
    ] {
        let invocation = Invocation::new(event.to_string());
        let id = invocation.request_id.clone();
        let error = pool.invoke(invocation).await.unwrap().result.unwrap_err();
        assert_eq!(error.error_type, "Runtime.ExitError");
        let body: Value = serde_json::from_slice(&error.body).unwrap();
        assert_eq!(
            body["errorMessage"],
            format!("RequestId: {id} Error: {words}")
        );
        assert_eq!(result(&pool, json!({"do": "who"})).await["calls"], 1);
    }
}

#[tokio::test]
async fn a_time_out_kills_the_process_and_its_grandchildren() {
    let directory = tempfile::tempdir().unwrap();
    let (pid_path, pid_file) = file(&directory, "pid");
    let (grandchild_path, grandchild_file) = file(&directory, "grandchild");
    let pool = with(FunctionSpec {
        timeout: Duration::from_secs(1),
        ..spec()
    });
    let event = json!({"do": "grandchild", "pid_file": pid_file,
                       "grandchild_file": grandchild_file});
    let (name, message) = failure(&pool, event).await;
    assert_eq!(name, "Sandbox.Timedout");
    assert!(
        message.ends_with("Error: Task timed out after 1.00 seconds"),
        "{message}"
    );
    is_gone(written_pid(&pid_path).await).await;
    is_gone(written_pid(&grandchild_path).await).await;
    assert_eq!(result(&pool, json!({"do": "who"})).await["calls"], 1);
}

#[tokio::test]
async fn too_much_memory_kills_the_process() {
    let pool = with(FunctionSpec {
        memory_mb: 200,
        ..spec()
    });
    let completed = invoke(&pool, json!({"do": "hog"})).await;
    let error = completed.result.unwrap_err();
    assert_eq!(error.error_type, "Runtime.OutOfMemory");
    let body: Value = serde_json::from_slice(&error.body).unwrap();
    let message = body["errorMessage"].as_str().unwrap();
    assert!(
        message.ends_with("Error: Runtime exited with error: signal: killed"),
        "{message}"
    );
    assert!(completed.report.max_memory_mb >= 200);
    assert_eq!(result(&pool, json!({"do": "who"})).await["calls"], 1);
}

#[tokio::test]
async fn memory_taken_between_two_looks_is_too_much_all_the_same() {
    let pool = with(FunctionSpec {
        memory_mb: 200,
        ..spec()
    });
    let (name, _) = failure(&pool, json!({"do": "gulp"})).await;
    assert_eq!(name, "Runtime.OutOfMemory");
}

#[tokio::test]
async fn a_result_past_the_limit_is_an_error_of_its_own() {
    let pool = with(spec());
    let most = invoke(
        &pool,
        json!({"do": "big", "bytes": loveless::RESPONSE_LIMIT}),
    )
    .await;
    assert_eq!(most.result.unwrap().len(), loveless::RESPONSE_LIMIT);
    let event = json!({"do": "big", "bytes": loveless::RESPONSE_LIMIT + 1});
    assert_eq!(
        failure(&pool, event).await.0,
        "Function.ResponseSizeTooLarge"
    );
    // Whether this client survives its 413 or not, the next invocation is served.
    assert_eq!(
        result(&pool, json!({"do": "echo"})).await,
        json!({"do": "echo"})
    );
}

#[tokio::test]
async fn a_large_event_passes() {
    let pool = with(spec());
    let event = json!({"do": "echo", "ballast": "x".repeat(5 << 20)});
    assert_eq!(result(&pool, event.clone()).await, event);
}

#[tokio::test]
async fn many_log_lines_do_not_stop_the_function_and_their_end_is_kept() {
    let pool = with(spec());
    let completed = invoke(&pool, json!({"do": "log", "lines": 20_000})).await;
    completed.result.unwrap();
    let tail = String::from_utf8(completed.log_tail).unwrap();
    assert!(tail.len() <= 4096);
    assert!(tail.contains("line 19999\n"), "{tail}");
    assert!(tail.contains("the last line\n"), "{tail}");
    assert!(tail.contains("\nREPORT RequestId: "), "{tail}");

    let quiet = invoke(&pool, json!({"do": "echo"})).await;
    let tail = String::from_utf8(quiet.log_tail).unwrap();
    assert!(
        !tail.contains("line"),
        "the earlier invocation's log is not this one's: {tail}"
    );
}

#[tokio::test]
async fn a_start_that_fails_is_told_to_each_caller() {
    for (command, name) in [
        (
            vec!["/nowhere/at/all".to_owned()],
            "Runtime.InvalidEntrypoint",
        ),
        (Vec::new(), "Runtime.InvalidEntrypoint"),
        (vec!["false".to_owned()], "Runtime.ExitError"),
    ] {
        let pool = with(FunctionSpec { command, ..spec() });
        for _ in 0..2 {
            assert_eq!(failure(&pool, json!({})).await.0, name);
        }
    }
}

#[tokio::test]
async fn what_a_start_says_on_its_way_out_is_kept() {
    let pool = with(script("echo 'cannot find the model' >&2; exit 7"));
    let completed = invoke(&pool, json!({})).await;
    assert_eq!(
        completed.result.unwrap_err().error_type,
        "Runtime.ExitError"
    );
    let tail = String::from_utf8(completed.log_tail).unwrap();
    assert!(tail.contains("cannot find the model\n"), "{tail}");
}

#[tokio::test]
async fn an_idle_process_that_died_is_not_missed() {
    let pool = with(spec());
    let before = result(&pool, json!({"do": "who"})).await["pid"]
        .as_u64()
        .unwrap() as u32;
    let pid = rustix::process::Pid::from_raw(before as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    // Gone for the kernel; whether the pool was told yet is its own affair.
    is_gone(before).await;
    let after = result(&pool, json!({"do": "who"})).await;
    assert_ne!(after["pid"], before);
}

#[tokio::test]
async fn more_than_the_limit_is_refused_and_runs_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (path, pid_file) = file(&directory, "pid");
    let pool = std::sync::Arc::new(with(spec()));
    let busy = tokio::spawn({
        let pool = pool.clone();
        async move { invoke(&pool, json!({"do": "hang", "pid_file": pid_file})).await }
    });
    let pid = written_pid(&path).await;
    assert_eq!(pool.running(), 1);
    let refused = pool.invoke(Invocation::new("{}")).await;
    assert_eq!(refused.unwrap_err(), Throttled { limit: 1 });

    // Whoever stops waiting stops the work.
    busy.abort();
    is_gone(pid).await;
    eventually("a free place", || (pool.running() == 0).then_some(())).await;
    assert_eq!(result(&pool, json!({"do": "who"})).await["calls"], 1);
}

#[tokio::test]
async fn invocations_at_the_same_time_have_processes_of_their_own() {
    let pool = FunctionPool::new(spec(), 2);
    let event = json!({"do": "sleep", "ms": 300});
    let (one, two) = tokio::join!(invoke(&pool, event.clone()), invoke(&pool, event));
    assert!(one.report.init_duration.is_some() && two.report.init_duration.is_some());
    let who = result(&pool, json!({"do": "who"})).await;
    assert_eq!(
        who["calls"], 2,
        "a warm process is used before a third is started"
    );
}

#[tokio::test]
async fn idle_processes_are_ended() {
    let pool = with(spec()).with_idle_after(Duration::from_millis(50));
    let pid = result(&pool, json!({"do": "who"})).await["pid"]
        .as_u64()
        .unwrap() as u32;
    is_gone(pid).await;
    assert_eq!(result(&pool, json!({"do": "who"})).await["calls"], 1);
}

#[tokio::test]
async fn a_shutdown_ends_idle_and_busy_processes() {
    let directory = tempfile::tempdir().unwrap();
    let (path, pid_file) = file(&directory, "pid");
    let pool = std::sync::Arc::new(FunctionPool::new(spec(), 2));
    let busy = tokio::spawn({
        let pool = pool.clone();
        let event = json!({"do": "hang", "pid_file": pid_file});
        async move { pool.invoke(Invocation::new(event.to_string())).await }
    });
    let busy_pid = written_pid(&path).await;
    let idle_pid = result(&pool, json!({"do": "who"})).await["pid"]
        .as_u64()
        .unwrap() as u32;
    assert!(runs(busy_pid) && runs(idle_pid));
    pool.shutdown().await;
    assert_eq!(busy.await.unwrap().unwrap_err(), Throttled { limit: 0 });
    is_gone(busy_pid).await;
    is_gone(idle_pid).await;
    assert!(pool.invoke(Invocation::new("{}")).await.is_err());
}
