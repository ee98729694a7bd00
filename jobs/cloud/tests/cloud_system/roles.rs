//! What this program is when a test starts it again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use lambda_runtime::{LambdaEvent, service_fn};
use local_cloud::Cloud;
use loveless::{ActivitySource, FunctionSpec, WorkerSettings};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::support;

const ROLE: &str = "LOCAL_CLOUD_TEST_ROLE";

/// The command line that starts this program in a role, and the environment that says which.
pub fn command(role: &str) -> (Vec<String>, BTreeMap<String, String>) {
    let program = std::env::current_exe().unwrap();
    let command = [
        program.to_str().unwrap(),
        "roles::role",
        "--exact",
        "--nocapture",
        "--test-threads=1",
    ];
    let env = [(ROLE.to_owned(), role.to_owned())];
    (command.map(str::to_owned).to_vec(), env.into())
}

/// Not a test: does nothing unless a test started this program in a role.
#[test]
fn role() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match role.as_str() {
        "function" => runtime
            .block_on(lambda_runtime::run(service_fn(handle)))
            .unwrap(),
        "worker" => runtime.block_on(work()),
        "cloud" => runtime.block_on(cloud()),
        other => panic!("no role {other}"),
    }
}

/// The test function. `action` says what it does; an event of the bus is noted in the bucket `notes`.
async fn handle(event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Diagnostic> {
    let event = event.payload;
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let failure = |error_type: String, error_message: String| lambda_runtime::Diagnostic {
        error_type,
        error_message,
    };
    match event["action"].as_str() {
        Some("echo") => Ok(event["value"].clone()),
        Some("environment") => Ok(std::env::var(text("name")).ok().into()),
        Some("fail") => Err(failure(text("error"), "as you wish".to_owned())),
        Some("sleep") => {
            tokio::time::sleep(Duration::from_millis(event["ms"].as_u64().unwrap())).await;
            Ok(json!("slept"))
        }
        // Reads the object that the event is about and writes its length.
        Some("measure") => {
            let s3 = support::s3_from_environment();
            let (bucket, key) = (text("bucket"), text("key"));
            let object = s3.get_object().bucket(&bucket).key(&key).send().await;
            let body = object
                .map_err(|error| failure("ObjectMissing".to_owned(), format!("{error:?}")))?
                .body
                .collect()
                .await
                .map_err(|error| failure("Broken".to_owned(), error.to_string()))?;
            tokio::time::sleep(Duration::from_millis(event["ms"].as_u64().unwrap_or(0))).await;
            let length = body.into_bytes().len();
            note(
                &s3,
                &bucket,
                &format!("measured/{key}"),
                &length.to_string(),
            )
            .await;
            Ok(json!({"length": length, "worker": std::env::var("AWS_LAMBDA_FUNCTION_NAME").ok()}))
        }
        // Fails as often as there are no three notes of the same name, to be tried again.
        Some("third-time") => {
            let s3 = support::s3_from_environment();
            let tries = support::keys(&s3, "notes", &text("name")).await.len() + 1;
            note(&s3, "notes", &format!("{}{tries}", text("name")), "").await;
            if tries < 3 {
                return Err(failure("NotYet".to_owned(), format!("try {tries}")));
            }
            Ok(json!(tries))
        }
        _ if event["detail-type"].is_string() => {
            let s3 = support::s3_from_environment();
            let name = event["detail"]["name"].as_str().unwrap_or("none");
            note(&s3, "notes", &format!("ended/{name}"), &event.to_string()).await;
            Ok(Value::Null)
        }
        other => Err(failure(
            "Unknown".to_owned(),
            format!("no action {other:?}"),
        )),
    }
}

async fn note(s3: &aws_sdk_s3::Client, bucket: &str, key: &str, text: &str) {
    let body = ByteStream::from(text.as_bytes().to_vec());
    s3.put_object()
        .bucket(bucket)
        .key(key)
        .body(body)
        .send()
        .await
        .unwrap();
}

/// A worker as the program `loveless` would be.
async fn work() {
    let arn = std::env::var("ACTIVITY_ARN").unwrap();
    let name = std::env::var("LOVELESS_WORKER_NAME").unwrap();
    let (command, mut env) = command("function");
    for name in support::SDK_VARIABLES {
        env.insert(name.to_owned(), std::env::var(name).unwrap());
    }
    let function = FunctionSpec {
        name: format!("on-{name}"),
        command,
        env,
        memory_mb: 1024,
        timeout: Duration::from_mins(1),
        region: std::env::var("AWS_REGION").unwrap(),
        arn: "arn:aws:lambda:us-east-1:000000000000:function:worker".to_owned(),
        extensions: None,
    };
    let settings = WorkerSettings {
        slots: 1,
        heartbeat: Duration::from_secs(1),
        name: name.clone(),
        ..WorkerSettings::default()
    };
    let source = ActivitySource::connect(&arn, &name).await.unwrap();
    let stop = CancellationToken::new();
    let mut term = signal(SignalKind::terminate()).unwrap();
    let asked = stop.clone();
    tokio::spawn(async move {
        term.recv().await;
        asked.cancel();
    });
    loveless::run_worker(settings, function, Arc::new(source), stop).await;
}

/// A cloud in a process of its own, to be killed. Its address goes into a file when it is ready.
async fn cloud() {
    let root = std::env::var("CLOUD_ROOT").unwrap();
    let cloud = Cloud::start(support::config(root.as_ref(), support::full_stack()))
        .await
        .unwrap();
    let address = std::env::var("CLOUD_ADDRESS_FILE").unwrap();
    let fresh = format!("{address}.new");
    std::fs::write(&fresh, cloud.address().to_string()).unwrap();
    std::fs::rename(fresh, address).unwrap();
    cloud.wait().await;
}
