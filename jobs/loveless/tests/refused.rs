//! `loveless worker` where it is not wanted, and where nobody is: one sentence, and an exit code that tells them apart.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod function;
mod service;

use std::process::{Command, Output};

use function::eventually;
use rustix::process::Signal;
use serde_json::json;
use service::{ARN, Service, loveless, signal, stderr, worker};

#[test]
#[ignore = "is the function that the other tests start"]
fn function_process() {
    function::serve();
}

async fn end(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

/// How many lines of a log are errors, whatever colours it has.
fn errors(output: &Output) -> usize {
    let text = stderr(output);
    text.lines().filter(|line| line.contains("ERROR")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_refused_from_the_start_says_why_and_ends() {
    for refusal in [
        "ActivityDoesNotExist",
        "AccessDeniedException",
        "InvalidSignatureException",
    ] {
        let (service, endpoint) = Service::start().await;
        *service.refusal.lock().unwrap() = Some(refusal);
        let output = end(worker(&endpoint, &["--slots", "2"])).await;
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(3), "{said}");
        let sentence = format!("cannot work for {ARN}: the source refused: {refusal}: not for you");
        assert!(said.contains(&sentence), "{said}");
        assert_eq!(errors(&output), 1, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_holds_for_a_queue() {
    let (service, endpoint) = Service::start().await;
    *service.refusal.lock().unwrap() = Some("com.amazonaws.sqs#QueueDoesNotExist");
    let url = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
    let mut command = loveless(&["worker", "--queue", url]);
    command
        .env("AWS_ENDPOINT_URL", &endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    let output = end(command).await;
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let sentence = format!("cannot work for {url}: the source refused: QueueDoesNotExist");
    assert!(stderr(&output).contains(&sentence), "{}", stderr(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_it_says_what_to_set() {
    let (_service, endpoint) = Service::start().await;
    let mut command = worker(&endpoint, &[]);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"] {
        command.env_remove(name);
    }
    command
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/nowhere")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere");
    let output = end(command).await;
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let sentence = "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
    assert!(stderr(&output).contains(sentence), "{}", stderr(&output));
    assert_eq!(errors(&output), 1, "{}", stderr(&output));
}

#[test]
fn what_could_never_work_is_refused_before_anything_starts() {
    let run = |command: &[&str], endpoint: &str| {
        let program = env!("CARGO_BIN_EXE_loveless");
        let arguments = [&["worker", "--activity", ARN, "--"], command].concat();
        let mut worker = Command::new(program);
        worker
            .args(arguments)
            .env_remove("AWS_LAMBDA_RUNTIME_API")
            .env("AWS_ENDPOINT_URL", endpoint);
        let output = worker.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
        stderr(&output)
    };
    for program in ["/nowhere/bootstrap", "no-such-program-anywhere", "/"] {
        let sentence = format!("cannot start `{program}`: there is no such program here");
        let said = run(&[program], "http://127.0.0.1:9");
        assert!(said.contains(&sentence), "{said}");
    }
    let said = run(&["sh"], "nonsense");
    assert!(
        said.contains("AWS_ENDPOINT_URL is `nonsense`, which is no URL"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_later_is_waited_out() {
    let (service, endpoint) = Service::start().await;
    service.add("first", json!({"do": "echo"}));
    let child = worker(&endpoint, &[]).spawn().unwrap();
    let succeeded = |count: usize| {
        let service = &service;
        eventually("a result", move || {
            (service.called("SendTaskSuccess").len() >= count).then_some(())
        })
    };
    succeeded(1).await;
    *service.refusal.lock().unwrap() = Some("AccessDeniedException");
    let polls = service.called("GetActivityTask").len();
    eventually("two refused polls", || {
        (service.called("GetActivityTask").len() > polls + 2).then_some(())
    })
    .await;
    *service.refusal.lock().unwrap() = None;
    service.add("second", json!({"do": "echo"}));
    succeeded(2).await;
    signal(child.id(), Signal::TERM);
    let output = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap());
    assert_eq!(output.await.unwrap().status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_answers_it_asks_again_and_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let log = std::fs::File::create(&path).unwrap();
    // The port of a listener that is gone.
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let endpoint = format!("http://127.0.0.1:{port}");
    let mut command = worker(&endpoint, &[]);
    let mut child = command.stderr(log).spawn().unwrap();
    let said = eventually("two attempts", || {
        let said = std::fs::read_to_string(&path).unwrap();
        (said.matches("cannot ask for tasks").count() >= 2).then_some(said)
    })
    .await;
    assert!(
        said.contains("the source cannot be reached: no connection: Connection refused"),
        "{said}"
    );
    assert!(said.contains(&endpoint), "{said}");
    signal(child.id(), Signal::TERM);
    let code = tokio::task::spawn_blocking(move || child.wait().unwrap().code());
    assert_eq!(code.await.unwrap(), Some(0));
}
