//! `loveless run-task`, as a container of `runTask.waitForTaskToken` runs it.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod function;
mod service;

use std::process::{Command, Output};
use std::sync::Arc;

use function::{file, is_gone, written_pid};
use rustix::process::Signal;
use serde_json::{Value, json};
use service::{Service, loveless, signal, stderr};

#[test]
#[ignore = "is the function that the other tests start"]
fn function_process() {
    function::serve();
}

fn command(endpoint: &str, variables: &[(&str, &str)]) -> Command {
    let mut command = loveless(&["run-task", "--heartbeat", "50ms", "--drain", "500ms"]);
    command
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "eu-west-1")
        .env("TASK_TOKEN", "the token")
        .envs(variables.iter().copied());
    command
}

async fn run(endpoint: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = command(endpoint, variables);
    tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap()
}

fn one(service: &Arc<Service>, operation: &str) -> Value {
    let calls = service.called(operation);
    assert_eq!(calls.len(), 1, "{operation}: {calls:?}");
    calls.into_iter().next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_task_of_the_environment_is_done_and_its_token_kept_from_the_function() {
    let (service, endpoint) = Service::start().await;
    let output = run(&endpoint, &[("TASK_INPUT", r#"{"do": "environment"}"#)]).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let answer = one(&service, "SendTaskSuccess");
    assert_eq!(answer["taskToken"], "the token");
    let environment: Value = serde_json::from_str(answer["output"].as_str().unwrap()).unwrap();
    for secret in ["TASK_TOKEN", "TASK_INPUT"] {
        assert_eq!(environment.get(secret), None, "{secret}");
    }
    assert!(service.called("GetActivityTask").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_input_comes_from_s3() {
    let (service, endpoint) = Service::start().await;
    let event = json!({"do": "echo", "ballast": "x".repeat(100_000)}).to_string();
    let path = "/inputs/runs/1.json".to_owned();
    service.objects.lock().unwrap().insert(path, event.clone());
    let output = run(&endpoint, &[("TASK_INPUT_S3", "s3://inputs/runs/1.json")]).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let answer = one(&service, "SendTaskSuccess");
    let result: Value = serde_json::from_str(answer["output"].as_str().unwrap()).unwrap();
    assert_eq!(result, serde_json::from_str::<Value>(&event).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_that_cannot_be_had_fails_the_task_instead_of_leaving_it() {
    let (service, endpoint) = Service::start().await;
    for (variables, words) in [
        (&[("TASK_INPUT_S3", "s3://inputs/nowhere")][..], "NoSuchKey"),
        (
            &[("TASK_INPUT_S3", "inputs/1")][..],
            "is not s3://BUCKET/KEY",
        ),
        (&[("TASK_INPUT", "{no JSON")][..], "not JSON"),
        (&[][..], "--input"),
    ] {
        service.calls.lock().unwrap().clear();
        let output = run(&endpoint, variables).await;
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        let answer = one(&service, "SendTaskFailure");
        assert_eq!(answer["error"], "Loveless.InputUnreadable");
        assert!(
            answer["cause"].as_str().unwrap().contains(words),
            "{answer}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_the_function_and_of_its_start_are_handed_in() {
    let (service, endpoint) = Service::start().await;
    let output = run(&endpoint, &[("TASK_INPUT", r#"{"do": "exit", "code": 3}"#)]).await;
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(
        one(&service, "SendTaskFailure")["error"],
        "Runtime.ExitError"
    );

    // Nobody else could take this task, so one that cannot be started must not wait either.
    service.calls.lock().unwrap().clear();
    let mut broken = Command::new(env!("CARGO_BIN_EXE_loveless"));
    broken
        .args(["run-task", "--input", "{}", "--", "/nowhere/at/all"])
        .env_remove("AWS_LAMBDA_RUNTIME_API")
        .env("AWS_ENDPOINT_URL", &endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "eu-west-1")
        .env("TASK_TOKEN", "the token");
    let output = tokio::task::spawn_blocking(move || broken.output());
    let output = output.await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let answer = one(&service, "SendTaskFailure");
    assert_eq!(answer["error"], "Runtime.InvalidEntrypoint");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_before_the_work_is_done_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let (path, pid_file) = file(&directory, "pid");
    let (service, endpoint) = Service::start().await;
    let event = json!({"do": "hang", "pid_file": pid_file}).to_string();
    let child = command(&endpoint, &[("TASK_INPUT", &event)])
        .spawn()
        .unwrap();
    let function = written_pid(&path).await;
    signal(child.id(), Signal::TERM);
    let output = tokio::task::spawn_blocking(|| child.wait_with_output());
    let output = output.await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(one(&service, "SendTaskFailure")["error"], loveless::STOPPED);
    assert!(!service.called("SendTaskHeartbeat").is_empty());
    is_gone(function).await;
}
