//! The real program, against a Step Functions API that is just real enough.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod function;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use function::{eventually, file, is_gone, runs, written_pid};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const ARN: &str = "arn:aws:states:eu-west-1:123456789012:activity:resize";

#[test]
#[ignore = "is the function that the other tests start"]
fn function_process() {
    function::serve();
}

fn loveless(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loveless"));
    command.args(arguments).arg("--").args(function::command());
    command
        .env_remove("AWS_LAMBDA_RUNTIME_API")
        .stdin(Stdio::null());
    command
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
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

/// What the worker calls, and what it is told.
#[derive(Default)]
struct Service {
    tasks: Mutex<VecDeque<(String, Value)>>,
    calls: Mutex<Vec<(String, Value)>>,
    /// Answers for the next calls of `SendTaskSuccess`: status and error name.
    faults: Mutex<VecDeque<(u16, &'static str)>>,
}

impl Service {
    async fn start() -> (Arc<Service>, String) {
        let service = Arc::new(Service::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let serving = service.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let service = serving.clone();
                let answer = hyper::service::service_fn(move |request| {
                    let service = service.clone();
                    async move { Ok::<_, Infallible>(service.answer(request).await) }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), answer),
                );
            }
        });
        (service, endpoint)
    }

    fn add(&self, token: &str, event: Value) {
        self.tasks
            .lock()
            .unwrap()
            .push_back((token.to_owned(), event));
    }

    fn called(&self, operation: &str) -> Vec<Value> {
        let calls = self.calls.lock().unwrap();
        calls
            .iter()
            .filter(|(name, _)| name == operation)
            .map(|(_, body)| body.clone())
            .collect()
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        let operation = header("x-amz-target").replace("AWSStepFunctions.", "");
        assert!(header("authorization").contains("/eu-west-1/states/aws4_request"));
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        self.calls.lock().unwrap().push((operation.clone(), body));
        let (status, answer) = match operation.as_str() {
            "GetActivityTask" => (200, self.task().await),
            "SendTaskSuccess" => match self.faults.lock().unwrap().pop_front() {
                Some((status, name)) => (status, json!({"__type": name, "message": "a fault"})),
                None => (200, json!({})),
            },
            _ => (200, json!({})),
        };
        Response::builder()
            .status(status)
            .header("content-type", "application/x-amz-json-1.0")
            .body(Full::new(answer.to_string().into()))
            .unwrap()
    }

    /// Held open for a while, then an answer with null fields, as the real service does it.
    async fn task(&self) -> Value {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(2) {
            if let Some((token, event)) = self.tasks.lock().unwrap().pop_front() {
                return json!({"taskToken": token, "input": event.to_string()});
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        json!({"taskToken": null, "input": null})
    }
}

fn worker(endpoint: &str, arguments: &[&str]) -> Command {
    let mut all = vec!["worker", "--activity", ARN, "--heartbeat", "50ms"];
    all.extend(arguments);
    let mut command = loveless(&all);
    command
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("STAGE", "test")
        .env("LOVELESS_WORKER_NAME", "the-worker")
        .env_remove("AWS_REGION")
        .env_remove("AWS_DEFAULT_REGION")
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid as i32).unwrap(), signal).unwrap();
}

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
    let directory = tempfile::tempdir().unwrap();
    let (pid_path, pid_file) = file(&directory, "pid");
    let (grandchild_path, grandchild_file) = file(&directory, "grandchild");
    let (service, endpoint) = Service::start().await;
    service.add(
        "orphaned",
        json!({"do": "grandchild", "pid_file": pid_file, "grandchild_file": grandchild_file}),
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
