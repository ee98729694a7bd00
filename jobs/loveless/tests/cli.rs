//! The real program, against a Step Functions API that is just real enough.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod function;
mod service;

use std::process::{Command, Stdio};
use std::time::Duration;

use function::{eventually, file, is_gone, runs, written_pid};
use rustix::process::Signal;
use serde_json::{Value, json};
use service::{ARN, Service, loveless, signal, stderr, stdout, worker};

#[test]
#[ignore = "is the function that the other tests start"]
fn function_process() {
    function::serve();
}

// loveless invoke

#[test]
fn invoke_prints_the_result_and_the_report() {
    let output = loveless(&["invoke", "--event", r#"{"do": "echo", "n": 1}"#])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output), "{\"do\":\"echo\",\"n\":1}\n");
    assert!(
        stderr(&output).contains("REPORT RequestId: "),
        "{}",
        stderr(&output)
    );
    assert!(
        stderr(&output).contains("Init Duration: "),
        "{}",
        stderr(&output)
    );
}

#[test]
fn invoke_takes_events_from_files() {
    let directory = tempfile::tempdir().unwrap();
    let (path, name) = file(&directory, "event.json");
    std::fs::write(path, r#"{"do": "exit", "code": 4}"#).unwrap();
    let output = loveless(&["invoke", "--event", &format!("@{name}")])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(document["errorType"], "Runtime.ExitError");
}

#[test]
fn invoke_keeps_to_its_limits() {
    for (event, limit, name) in [
        (
            r#"{"do": "hang"}"#,
            ["--timeout", "500ms"],
            "Sandbox.Timedout",
        ),
        (
            r#"{"do": "hog"}"#,
            ["--memory-mb", "150"],
            "Runtime.OutOfMemory",
        ),
    ] {
        let output = loveless(&["invoke", "--event", event, limit[0], limit[1]])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!(document["errorType"], name);
    }
}

#[test]
fn wrong_usage_is_one_sentence_and_exit_code_2() {
    for (arguments, sentence) in [
        (&["invoke", "--event", "{"][..], "the event is not JSON"),
        (
            &["invoke", "--event", "@/nowhere"][..],
            "cannot read /nowhere",
        ),
        (
            &["worker", "--activity", "resize"][..],
            "`resize` is not an activity's ARN",
        ),
        (
            &["worker"][..],
            "say what to work on: --activity ARN or --queue URL",
        ),
        (
            &["worker", "--queue", "jobs"][..],
            "`jobs` is not a queue's URL",
        ),
        (
            &["worker", "--queue", "https://x/1/q", "--activity", ARN][..],
            "cannot be used with",
        ),
        (
            &["worker", "--activity", ARN, "--heartbeat", "soon"][..],
            "none of ms, s, m, h",
        ),
    ] {
        let output = loveless(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(sentence), "{}", stderr(&output));
    }
}

// On Lambda

#[test]
fn on_lambda_the_worker_becomes_the_function() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loveless"));
    // Without an activity: on Lambda nobody needs one.
    command.args(["worker", "--", "sh", "-c", "echo $$ $*; exit 9", "sh", "a"]);
    let child = command
        .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = child.id();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(9));
    assert_eq!(
        stdout(&output),
        format!("{pid} a\n"),
        "the same process, no child"
    );
}

// loveless worker

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_does_the_tasks_of_an_activity_and_drains_on_sigterm() {
    let directory = tempfile::tempdir().unwrap();
    let (path, pid_file) = file(&directory, "pid");
    let (service, endpoint) = Service::start().await;
    service
        .faults
        .lock()
        .unwrap()
        .extend([(400, "ThrottlingException"), (503, "ServiceDown")]);
    service.add("environment", json!({"do": "environment"}));
    service.add("crash", json!({"do": "exit", "code": 3}));
    let child = worker(&endpoint, &[]).spawn().unwrap();

    let succeeded = eventually("an accepted success", || {
        let calls = service.called("SendTaskSuccess");
        (calls.len() >= 3).then_some(calls)
    })
    .await;
    assert!(
        succeeded.iter().all(|call| call == &succeeded[0]),
        "tried until it was accepted"
    );
    assert_eq!(succeeded[0]["taskToken"], "environment");
    let environment: Value =
        serde_json::from_str(succeeded[0]["output"].as_str().unwrap()).unwrap();
    assert_eq!(
        environment["STAGE"], "test",
        "the function gets the worker's environment"
    );
    assert_eq!(
        environment["AWS_REGION"], "eu-west-1",
        "the activity's Region"
    );
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_NAME"], "resize");
    assert_eq!(
        environment.get("LOVELESS_WORKER_NAME"),
        None,
        "without what is the worker's"
    );

    let failed = eventually("a failure", || {
        service.called("SendTaskFailure").into_iter().next()
    })
    .await;
    assert_eq!(failed["taskToken"], "crash");
    assert_eq!(failed["error"], "Runtime.ExitError");
    let poll = service.called("GetActivityTask").swap_remove(0);
    assert_eq!(
        poll,
        json!({"activityArn": ARN, "workerName": "the-worker"})
    );

    service.add(
        "last",
        json!({"do": "sleep", "ms": 500, "pid_file": pid_file}),
    );
    written_pid(&path).await;
    signal(child.id(), Signal::TERM);
    let output = tokio::task::spawn_blocking(|| child.wait_with_output())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let last = service.called("SendTaskSuccess").pop().unwrap();
    assert_eq!(last["taskToken"], "last");
    assert!(
        service
            .called("SendTaskHeartbeat")
            .iter()
            .any(|call| call["taskToken"] == "last")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_interrupt_ends_at_once_and_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let (path, pid_file) = file(&directory, "pid");
    let (service, endpoint) = Service::start().await;
    service.add("endless", json!({"do": "hang", "pid_file": pid_file}));
    let mut child = worker(&endpoint, &[])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let function = written_pid(&path).await;
    signal(child.id(), Signal::INT);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(runs(function), "the first one waits for the work");
    signal(child.id(), Signal::INT);
    let status = tokio::task::spawn_blocking(move || child.wait())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(status.code(), Some(130));
    is_gone(function).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_takes_its_function_and_grandchildren_with_it() {
    killed_with("grandchild").await;
}

/// Also one that left for a session of its own, and whose parent has ended.
#[tokio::test(flavor = "multi_thread")]
#[cfg(target_os = "linux")]
async fn a_killed_worker_takes_orphans_with_it() {
    killed_with("orphan").await;
}

async fn killed_with(what: &str) {
    let directory = tempfile::tempdir().unwrap();
    let (pid_path, pid_file) = file(&directory, "pid");
    let (grandchild_path, grandchild_file) = file(&directory, "grandchild");
    let (service, endpoint) = Service::start().await;
    service.add(
        "orphaned",
        json!({"do": what, "pid_file": pid_file, "grandchild_file": grandchild_file}),
    );
    let mut child = worker(&endpoint, &[])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (function, grandchild) = (
        written_pid(&pid_path).await,
        written_pid(&grandchild_path).await,
    );
    assert!(runs(function) && runs(grandchild));
    signal(child.id(), Signal::KILL);
    child.wait().unwrap();
    is_gone(function).await;
    is_gone(grandchild).await;
}

// loveless validate

#[test]
fn validate_names_the_place_of_each_mistake() {
    let directory = tempfile::tempdir().unwrap();
    let (good_path, good) = file(&directory, "good.json");
    let (bad_path, bad) = file(&directory, "bad.json");
    let text = "{\n  \"StartAt\": \"A\",\n  \"States\": {\"A\": {\"Type\": \"Succeed\"}}\n}";
    std::fs::write(good_path, text).unwrap();
    std::fs::write(bad_path, text.replace("\"A\",", "\"B\",")).unwrap();
    let validate = |files: &[&str]| {
        let program = env!("CARGO_BIN_EXE_loveless");
        Command::new(program)
            .arg("validate")
            .args(files)
            .output()
            .unwrap()
    };
    let fine = validate(&[&good]);
    assert_eq!((fine.status.code(), stdout(&fine).as_str()), (Some(0), ""));
    let wrong = validate(&[&good, &bad]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        stdout(&wrong).starts_with(&format!("{bad}:2:")),
        "{}",
        stdout(&wrong)
    );
    assert_eq!(validate(&["/nowhere"]).status.code(), Some(2));
}

#[test]
fn validate_warns_of_what_can_be_used_and_bites() {
    let directory = tempfile::tempdir().unwrap();
    let (path, name) = file(&directory, "warned.json");
    let activity = "arn:aws:states:us-east-1:000000000000:activity:a";
    let text = format!(
        "{{\n  \"StartAt\": \"A\",\n  \"States\": {{\"A\": {{\"Type\": \"Task\", \"End\": true,\n    \"Resource\": \"{activity}\"}}}}\n}}"
    );
    std::fs::write(path, text).unwrap();
    let validate = |arguments: &[&str]| {
        let program = env!("CARGO_BIN_EXE_loveless");
        let output = Command::new(program)
            .arg("validate")
            .args(arguments)
            .output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(0), "it can be used");
        stdout(&output)
    };
    let plain = validate(&[&name]);
    assert!(
        plain.starts_with(&format!("{name}:4:5: warning: NO_HEARTBEAT: ")),
        "{plain}"
    );
    assert!(plain.trim_end().ends_with(" at /States/A"), "{plain}");
    let json = validate(&["--json", &name]);
    let found: Value = serde_json::from_str(json.trim_end()).unwrap();
    assert_eq!(found["severity"], "WARNING");
    assert_eq!((&found["line"], &found["column"]), (&4.into(), &5.into()));
    assert_eq!(
        (&found["code"], &found["location"], &found["file"]),
        (&"NO_HEARTBEAT".into(), &"/States/A".into(), &name.into())
    );
}
