//! What can be seen of a worker from outside: pages, logs, whose credentials it uses.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod function;
mod service;

use std::process::{Child, Stdio};

use function::eventually;
use rustix::process::Signal;
use serde_json::{Value, json};
use service::{Service, signal, stderr, worker};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[test]
#[ignore = "is the function that the other tests start"]
fn function_process() {
    function::serve();
}

/// An address that was free a moment ago.
async fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Status and body of a page; nothing while nobody listens.
async fn page(address: &str, request: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let request = format!("{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head[9..12].parse().unwrap(), body.to_owned()))
}

async fn until(address: &str, request: &str, found: impl Fn(u16, &str) -> bool) {
    for _ in 0..2000 {
        if let Some((status, body)) = page(address, request).await
            && found(status, &body)
        {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("never: {request}");
}

async fn ended(child: Child) -> std::process::Output {
    tokio::task::spawn_blocking(|| child.wait_with_output())
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_tell_of_life_readiness_and_counts() {
    let (service, endpoint) = Service::start().await;
    service.add("1", json!({"do": "echo"}));
    service.add("2", json!({"do": "exit", "code": 3}));
    let address = free_address().await;
    let child = worker(&endpoint, &["--listen", &address]).spawn().unwrap();
    until(&address, "GET /metrics", |status, body| {
        status == 200
            && body.contains("loveless_tasks_total{outcome=\"succeeded\"} 1\n")
            && body.contains("loveless_tasks_total{outcome=\"failed\"} 1\n")
            && body.contains("loveless_invocation_failures_total{error=\"Runtime.ExitError\"} 1\n")
    })
    .await;
    until(&address, "GET /health", |status, body| {
        status == 200 && body == "alive\n"
    })
    .await;
    until(&address, "GET /ready", |status, _| status == 200).await;
    for (request, status) in [("GET /", 404), ("POST /metrics", 405)] {
        assert_eq!(
            page(&address, request).await.unwrap().0,
            status,
            "{request}"
        );
    }
    // While it drains it is alive and not ready.
    service.add("3", json!({"do": "sleep", "ms": 1500}));
    until(&address, "GET /metrics", |_, body| {
        body.contains("loveless_slots{phase=\"working\"} 1\n")
    })
    .await;
    signal(child.id(), Signal::TERM);
    until(&address, "GET /ready", |status, _| status == 503).await;
    assert_eq!(page(&address, "GET /health").await.unwrap().0, 200);
    assert_eq!(ended(child).await.status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_does_not_start_is_alive_and_not_ready() {
    let (_service, endpoint) = Service::start().await;
    let address = free_address().await;
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_loveless"))
        .args([
            "worker",
            "--activity",
            service::ARN,
            "--listen",
            &address,
            "--",
            "false",
        ])
        .env_remove("AWS_LAMBDA_RUNTIME_API")
        .env("AWS_ENDPOINT_URL", &endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until(&address, "GET /metrics", |_, body| {
        !body.contains("loveless_process_checks_total{result=\"failed\"} 0\n")
    })
    .await;
    assert_eq!(page(&address, "GET /health").await.unwrap().0, 200);
    assert_eq!(page(&address, "GET /ready").await.unwrap().0, 503);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_objects_with_the_request_id_of_their_invocation() {
    let (service, endpoint) = Service::start().await;
    service.add("1", json!({"do": "log", "lines": 3}));
    let child = worker(&endpoint, &["--log-format", "json"])
        .spawn()
        .unwrap();
    eventually("an answer", || service.called("SendTaskSuccess").pop()).await;
    signal(child.id(), Signal::TERM);
    let output = ended(child).await;
    let lines: Vec<Value> = stderr(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    let message = |line: &Value| line["message"].as_str().unwrap_or_default().to_owned();
    let logged: Vec<&Value> = lines
        .iter()
        .filter(|line| line["target"] == "loveless::function" && line["request_id"] != "")
        .collect();
    // What goes to the other stream may overtake it.
    let first = logged
        .iter()
        .find(|line| message(line) == "line 0")
        .unwrap();
    assert_eq!(
        (&first["stream"], &first["function"]),
        (&json!("stdout"), &json!("resize"))
    );
    let id = &first["request_id"];
    assert!(uuid::Uuid::parse_str(id.as_str().unwrap()).is_ok());
    let report = lines
        .iter()
        .find(|line| message(line).starts_with("REPORT RequestId: "))
        .unwrap();
    assert_eq!(&report["request_id"], id);
    let start = lines
        .iter()
        .find(|line| message(line) == "worker started")
        .unwrap();
    let limits = start["memory_limit"].as_str().unwrap();
    assert!(
        limits.starts_with("cgroup v") || limits.starts_with("rlimits"),
        "{limits}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_with_credentials_of_its_own_keeps_them_from_the_function() {
    let (service, endpoint) = Service::start().await;
    service.add("1", json!({"do": "environment"}));
    let child = worker(&endpoint, &[])
        .env("LOVELESS_AWS_ACCESS_KEY_ID", "the-workers")
        .env("LOVELESS_AWS_SECRET_ACCESS_KEY", "secret")
        .spawn()
        .unwrap();
    let answer = eventually("an answer", || service.called("SendTaskSuccess").pop()).await;
    signal(child.id(), Signal::TERM);
    ended(child).await;
    let keys = service.keys.lock().unwrap().clone();
    assert!(keys.iter().all(|key| key == "the-workers"), "{keys:?}");
    let environment: Value = serde_json::from_str(answer["output"].as_str().unwrap()).unwrap();
    assert_eq!(
        environment["AWS_ACCESS_KEY_ID"], "test",
        "the function's own"
    );
    let ours = environment.as_object().unwrap().keys();
    let ours: Vec<_> = ours.filter(|name| name.starts_with("LOVELESS_")).collect();
    assert_eq!(ours, ["LOVELESS_CHILD"], "the mark of what it starts");
}

/// What others of the worker's user could read from `/proc`: nothing.
#[tokio::test(flavor = "multi_thread")]
#[cfg(target_os = "linux")]
async fn the_workers_environment_cannot_be_read_by_its_user() {
    use std::os::unix::fs::MetadataExt;

    let (_service, endpoint) = Service::start().await;
    let address = free_address().await;
    let mut child = worker(&endpoint, &["--listen", &address])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until(&address, "GET /health", |status, _| status == 200).await;
    // The kernel gives the files of a process that cannot be dumped to root.
    let owner = std::fs::metadata(format!("/proc/{}/environ", child.id()))
        .unwrap()
        .uid();
    assert_eq!(owner, 0);
    child.kill().unwrap();
    child.wait().unwrap();
}
