//! The images of `assets/containers`, built and run: as Lambda would, and as a worker.
//!
//! `LOVELESS_CONTAINERS` is a folder made by `assets/containers/build --example echo --no-images --folder FOLDER`. Without it,
//! or without a Docker engine that answers, this says so and passes, unless `LOVELESS_REQUIRE_CONTAINERS=1`.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod function;
mod service;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use function::eventually;
use loveless::{FunctionPool, FunctionSpec, Invocation};
use serde_json::{Value, json};
use service::Service;

fn tell(line: &str) {
    // Not by the macro, whose text is kept back from those whose tests pass.
    let line = format!("{line}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Where the programs are, if images can be built of them here.
fn folder() -> Option<PathBuf> {
    let docker = Command::new("docker")
        .args(["info", "--format", "{{.ServerVersion}}"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let missing = if !docker.is_ok_and(|status| status.success()) {
        "no Docker engine answers"
    } else if let Some(folder) = std::env::var_os("LOVELESS_CONTAINERS") {
        return Some(folder.into());
    } else {
        "LOVELESS_CONTAINERS is not set (assets/containers/build)"
    };
    let required = std::env::var_os("LOVELESS_REQUIRE_CONTAINERS");
    assert!(
        required.is_none_or(|value| value != "1"),
        "{missing}, and LOVELESS_REQUIRE_CONTAINERS is 1"
    );
    tell(&format!("skipped: {missing}"));
    None
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "docker {arguments:?}: {text}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// An image that goes when it is dropped.
struct Image(String);

impl Image {
    fn build(kind: &str, folder: &Path) -> Image {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../../assets/containers/{kind}.Dockerfile"));
        // Of its own, because it goes with its test.
        let tag = format!("loveless-test-{kind}-{}", uuid::Uuid::new_v4().simple());
        // The classic builder is what every engine has.
        let output = Command::new("docker")
            .env("DOCKER_BUILDKIT", "0")
            .args([
                "build",
                "--quiet",
                "--network",
                "none",
                "--tag",
                &tag,
                "--file",
            ])
            .arg(file)
            .arg(folder)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}");
        Image(tag)
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let _ = Command::new("docker")
            .args(["image", "rm", "--force", &self.0])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}

/// The image as a function: our own host of the Runtime API calls it, as Lambda's does.
async fn as_lambda(image: &Image, event: &str) -> (Vec<u8>, f64) {
    let command = [
        "docker",
        "run",
        "--rm",
        "--init=false",
        "--network=host",
        "--read-only",
        "-e",
        "AWS_LAMBDA_RUNTIME_API",
        "-e",
        "AWS_LAMBDA_FUNCTION_NAME",
        "-e",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "-e",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        &image.0,
    ];
    let pool = FunctionPool::new(
        FunctionSpec {
            command: command.map(str::to_owned).to_vec(),
            memory_mb: 0,
            ..function::spec()
        },
        1,
    );
    let completed = pool
        .invoke(Invocation::new(event.to_owned()))
        .await
        .unwrap();
    pool.shutdown().await;
    let start = completed.report.init_duration.unwrap().as_secs_f64();
    (completed.result.unwrap().to_vec(), start)
}

/// The image as a worker of an activity.
async fn as_worker(image: &Image, event: &Value) -> Vec<u8> {
    let (service, endpoint) = Service::start().await;
    service.add("the token", event.clone());
    let endpoint = format!("AWS_ENDPOINT_URL={endpoint}");
    let activity = format!("LOVELESS_ACTIVITY={}", service::ARN);
    let container = docker(&[
        "run",
        "--detach",
        "--network=host",
        "--read-only",
        "-e",
        &endpoint,
        "-e",
        &activity,
        "-e",
        "AWS_ACCESS_KEY_ID=test",
        "-e",
        "AWS_SECRET_ACCESS_KEY=test",
        &image.0,
    ]);
    let answer = eventually("an answer of the container", || {
        service.called("SendTaskSuccess").pop()
    })
    .await;
    // A stop that has to be cut short would be told by the exit code 137.
    docker(&["stop", "--time", "30", &container]);
    let code = docker(&["inspect", "--format", "{{.State.ExitCode}}", &container]);
    let logs = Command::new("docker")
        .args(["logs", &container])
        .output()
        .unwrap();
    docker(&["rm", "--force", &container]);
    assert_eq!(code, "0", "{}", String::from_utf8_lossy(&logs.stderr));
    answer["output"].as_str().unwrap().as_bytes().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_image_is_a_function_on_lambda_and_a_worker_elsewhere() {
    let Some(folder) = folder() else {
        return;
    };
    let (function, worker) = (
        Image::build("function", &folder),
        Image::build("worker", &folder),
    );
    let event = json!({"text": "é", "numbers": [1, 2.5, null], "ballast": "x".repeat(100_000)});
    let text = event.to_string();
    let (alone, cold_alone) = as_lambda(&function, &text).await;
    let (lambda, cold) = as_lambda(&worker, &text).await;
    let elsewhere = as_worker(&worker, &event).await;
    assert_eq!(alone, lambda);
    assert_eq!(lambda, elsewhere, "the same image, the same bytes");
    let answer: Value = serde_json::from_slice(&lambda).unwrap();
    assert_eq!((&answer["event"], &answer["user"]), (&event, &json!(65532)));
    for (image, cold) in [(&function, cold_alone), (&worker, cold)] {
        let size = docker(&["image", "inspect", "--format", "{{.Size}}", &image.0]);
        let size: f64 = size.parse().unwrap();
        let kind = image.0.rsplit_once('-').unwrap().0;
        tell(&format!(
            "{kind}: {:.1} MB, {:.0} ms from `docker run` to the first request for an event",
            size / 1e6,
            cold * 1e3
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_image_does_a_single_task() {
    let Some(folder) = folder() else {
        return;
    };
    let image = Image::build("worker", &folder);
    let (service, endpoint) = Service::start().await;
    let endpoint = format!("AWS_ENDPOINT_URL={endpoint}");
    let run = tokio::task::spawn_blocking(move || {
        docker(&[
            "run",
            "--rm",
            "--network=host",
            "--entrypoint=/loveless",
            "-e",
            &endpoint,
            "-e",
            "AWS_ACCESS_KEY_ID=test",
            "-e",
            "AWS_SECRET_ACCESS_KEY=test",
            "-e",
            "AWS_REGION=eu-west-1",
            "-e",
            "TASK_TOKEN=the token",
            "-e",
            "TASK_INPUT={\"a\": 1}",
            &image.0,
            "run-task",
            "--",
            "/function",
        ])
    });
    run.await.unwrap();
    let answer = service.called("SendTaskSuccess").pop().unwrap();
    assert_eq!(answer["taskToken"], "the token");
    let output: Value = serde_json::from_str(answer["output"].as_str().unwrap()).unwrap();
    assert_eq!(output["event"], json!({"a": 1}));
}
