//! A local cloud whose state machine only pretends to clean, and a proxy that counts what is asked of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use local_cloud::{Cloud, CloudConfig, Durability, Rehearsal, Rule, Stack, StateMachineConfig};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use whiteboarder_core::cost::DEFAULT_LOCAL_LAMBDA;
use whiteboarder_core::recipe::Recipe;
use whiteboarder_jobs::submit::{Batch, CreateOptions, Wish, plan, scan};
use whiteboarder_jobs::{Profile, Reporter, Target, stack};

const REGION: &str = "us-east-1";
const ACCOUNT: &str = "000000000000";

pub struct Running {
    pub cloud: Cloud,
    pub folder: TempDir,
    pub target: Target,
    pub counts: Counts,
}

/// Starts a cloud; without `rule` nothing that is uploaded starts an execution.
pub async fn start(rule: bool, wait_seconds: u32) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let machine = StateMachineConfig {
        name: stack::STATE_MACHINE_NAME.to_owned(),
        definition: machine(wait_seconds).to_string(),
    };
    let arrived = Rule {
        name: stack::INBOX_RULE.to_owned(),
        pattern: stack::inbox_pattern(stack::LOCAL_BUCKET),
        target: local_cloud::Target::StateMachine {
            name: stack::STATE_MACHINE_NAME.to_owned(),
        },
    };
    let cloud = Cloud::start(CloudConfig {
        root: folder.path().join("store"),
        port: None,
        access_key: "AKID".into(),
        secret_key: "secret".into(),
        region: REGION.into(),
        account: ACCOUNT.into(),
        build: "test".into(),
        idle_after: None,
        durability: Durability::Normal,
        keep: None,
        rehearsal: Rehearsal::default(),
        stack: Stack {
            buckets: vec![stack::LOCAL_BUCKET.to_owned()],
            state_machines: vec![machine],
            rules: if rule { vec![arrived] } else { Vec::new() },
            ..Stack::default()
        },
    })
    .await
    .unwrap();
    let counts = Counts::default();
    let proxy = proxy(cloud.address(), counts.clone()).await;
    let endpoint = format!("http://{proxy}");
    let profile = Profile::local(
        endpoint,
        REGION,
        ACCOUNT,
        "AKID",
        "secret",
        DEFAULT_LOCAL_LAMBDA,
    );
    let target = Target::connect(profile).await.unwrap();
    Running {
        cloud,
        folder,
        target,
        counts,
    }
}

/// Notes the run and stores a result. What is called `unrecorded…` fails without a note.
fn machine(wait_seconds: u32) -> Value {
    let part = |index: u32| {
        format!("States.ArrayGetItem(States.StringSplit($.detail.object.key, '/'), {index})")
    };
    let put = |key: String, next: &str| {
        json!({
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
            "Parameters": {
                "Bucket.$": "$.detail.bucket.name",
                "Key.$": key,
                "Body": {"execution.$": "$$.Execution.Name"},
            },
            "ResultPath": null,
            "Next": next,
        })
    };
    json!({
        "StartAt": "Which",
        "States": {
            "Which": {
                "Type": "Choice",
                "Choices": [{
                    "Variable": "$.detail.object.key",
                    "StringMatches": "*/unrecorded*",
                    "Next": "Broken",
                }],
                "Default": "Register",
            },
            "Broken": {"Type": "Fail", "Error": "S3.AccessDenied", "Cause": "Register may not write"},
            "Register": put(
                "States.Format('runs/{}/{}', $.detail.object.key, $$.Execution.Name)".to_owned(),
                "Pause",
            ),
            "Pause": {"Type": "Wait", "Seconds": wait_seconds, "Next": "Clean"},
            "Clean": put(
                format!("States.Format('cleaned/{{}}/{{}}.png', {}, {})", part(1), part(2)),
                "Done",
            ),
            "Done": {"Type": "Succeed"},
        },
    })
}

/// Makes tiny pictures and their batch.
pub async fn batch(running: &Running, names: &[String]) -> Batch {
    let folder = running.folder.path().join("photos");
    pictures(&folder, names);
    let found = scan(&[folder]).unwrap();
    let recipe = Recipe::default();
    let planned = plan(found, &recipe, Wish::Auto, &DEFAULT_LOCAL_LAMBDA);
    let cancel = CancellationToken::new();
    let reporter = Reporter::silent();
    Batch::create(
        &running.target,
        planned,
        &recipe,
        &CreateOptions::default(),
        &reporter,
        &cancel,
    )
    .await
    .unwrap()
}

/// Every picture is another one.
fn pictures(folder: &Path, names: &[String]) {
    std::fs::create_dir_all(folder).unwrap();
    for (index, name) in names.iter().enumerate() {
        let [a, b, ..] = (index as u32).to_le_bytes();
        let picture = image::RgbImage::from_pixel(2, 2, image::Rgb([a, b, 200]));
        picture.save(folder.join(name)).unwrap();
    }
}

pub fn names(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("{index:05}.png")).collect()
}

/// How often each operation of Step Functions was called, and how many requests of S3 there were.
#[derive(Clone, Default)]
pub struct Counts(Arc<Mutex<BTreeMap<String, usize>>>);

impl Counts {
    pub fn of(&self, operation: &str) -> usize {
        self.0.lock().unwrap().get(operation).copied().unwrap_or(0)
    }

    pub fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    fn add(&self, operation: &str) {
        *self
            .0
            .lock()
            .unwrap()
            .entry(operation.to_owned())
            .or_default() += 1;
    }
}

/// Passes bytes on, and looks for the heads of requests in those of the client.
async fn proxy(to: std::net::SocketAddr, counts: Counts) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let counts = counts.clone();
            tokio::spawn(async move {
                let server = TcpStream::connect(to).await.unwrap();
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                let back = tokio::spawn(async move {
                    let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
                });
                let mut seen = Vec::new();
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
                    count_requests(&mut seen, &buffer[..count], &counts);
                    if to_server.write_all(&buffer[..count]).await.is_err() {
                        break;
                    }
                }
                drop(to_server);
                let _ = back.await;
            });
        }
    });
    address
}

fn count_requests(seen: &mut Vec<u8>, new: &[u8], counts: &Counts) {
    seen.extend_from_slice(new);
    while let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&seen[..end]).into_owned();
        for line in head.lines() {
            if let Some((name, value)) = line.split_once(": ")
                && name.eq_ignore_ascii_case("x-amz-target")
            {
                counts.add(value.rsplit('.').next().unwrap());
            }
            if line.contains("?list-type=2") {
                counts.add("ListObjectsV2");
            }
        }
        seen.drain(..end + 4);
    }
    // A body without an end of a head need not be kept.
    let keep = seen.len().min(16 * 1024);
    seen.drain(..seen.len() - keep);
}
