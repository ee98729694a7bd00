//! Whiteboarder's image, the very one that `assets/containers/build` makes: called as Lambda calls it, through a Runtime
//! API host that is not its own, and as a worker on an activity of the local cloud. What comes out is the same.
//!
//! `WHITEBOARDER_IMAGE` names the image with function and worker. Without it, or without a Docker engine that answers, this
//! says so and passes, unless `WHITEBOARDER_REQUIRE_IMAGE=1`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use local_cloud::{Cloud, CloudConfig, Durability, Rehearsal, Stack, StateMachineConfig};
use loveless::{FunctionPool, FunctionSpec, Invocation};
use serde_json::{Value, json};
use whiteboarder_core::clean::clean_bytes;
use whiteboarder_core::cost::Capacity;
use whiteboarder_core::image::{Channels, Limits, Picture, encode_png};
use whiteboarder_core::recipe::Recipe;
use whiteboarder_jobs::{Profile, Target, stack};

const REGION: &str = "us-east-1";
const ACCOUNT: &str = "000000000000";
const ACCESS: &str = "local";
const SECRET: &str = "secret";
const INBOX: &str = "inbox/01B/board.png";
const CLEANED: &str = "cleaned/01B/board.png.png";

/// The image, if there is one and it can be run.
fn image() -> Option<String> {
    let docker = Command::new("docker")
        .args(["info", "--format", "{{.ServerVersion}}"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let missing = if !docker.is_ok_and(|status| status.success()) {
        "no Docker engine answers"
    } else if let Ok(image) = std::env::var("WHITEBOARDER_IMAGE") {
        return Some(image);
    } else {
        "WHITEBOARDER_IMAGE is not set (assets/containers/build)"
    };
    let required = std::env::var_os("WHITEBOARDER_REQUIRE_IMAGE");
    assert!(
        required.is_none_or(|value| value != "1"),
        "{missing}, and WHITEBOARDER_REQUIRE_IMAGE is 1"
    );
    // Not by the macro, whose text is kept back from those whose tests pass.
    let line = format!("skipped: {missing}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    None
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "docker {arguments:?}: {text}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A container that goes when it is dropped.
struct Container(String);

impl Drop for Container {
    fn drop(&mut self) {
        let _ = Command::new("docker")
            .args(["rm", "--force", &self.0])
            .stdout(Stdio::null())
            .status();
    }
}

/// A local cloud with a picture in it, and a state machine whose one task is an activity's.
struct World {
    _folder: tempfile::TempDir,
    cloud: Cloud,
    target: Target,
}

impl World {
    async fn with(picture: Bytes) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let activity = format!("arn:aws:states:{REGION}:{ACCOUNT}:activity:work");
        let machine = json!({"StartAt": "Work", "States": {"Work": {
            "Type": "Task", "Resource": activity, "TimeoutSeconds": 120, "HeartbeatSeconds": 30, "End": true,
        }}});
        let cloud = Cloud::start(CloudConfig {
            root: folder.path().join("cloud"),
            port: None,
            access_key: ACCESS.into(),
            secret_key: SECRET.into(),
            region: REGION.into(),
            account: ACCOUNT.into(),
            build: "test".into(),
            idle_after: None,
            durability: Durability::Normal,
            rehearsal: Rehearsal::default(),
            keep: None,
            stack: Stack {
                buckets: vec![stack::LOCAL_BUCKET.into()],
                activities: vec!["work".into()],
                state_machines: vec![StateMachineConfig {
                    name: stack::STATE_MACHINE_NAME.into(),
                    definition: machine.to_string(),
                }],
                ..Stack::default()
            },
        })
        .await
        .unwrap();
        let endpoint = format!("http://{}", cloud.address());
        let lambda = Capacity::lambda(256, 60.0);
        let profile = Profile::local(endpoint, REGION, ACCOUNT, ACCESS, SECRET, lambda);
        let target = Target::connect(profile).await.unwrap();
        let put = target.s3().put_object().bucket(stack::LOCAL_BUCKET);
        put.key(INBOX).body(picture.into()).send().await.unwrap();
        Self {
            _folder: folder,
            cloud,
            target,
        }
    }

    /// What every program needs to reach this cloud.
    fn environment(&self) -> BTreeMap<String, String> {
        let endpoint = format!("http://{}", self.cloud.address());
        [
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", ACCESS),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
            ("AWS_REGION", REGION),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// The result's bytes; taken away, so that the next one has it to make again.
    async fn take_cleaned(&self) -> Bytes {
        let s3 = self.target.s3();
        let get = s3.get_object().bucket(stack::LOCAL_BUCKET).key(CLEANED);
        let body = get.send().await.unwrap().body;
        let bytes = body.collect().await.unwrap().into_bytes();
        let delete = s3.delete_object().bucket(stack::LOCAL_BUCKET).key(CLEANED);
        delete.send().await.unwrap();
        bytes
    }
}

/// What comes of one image in one of its two lives.
#[derive(Debug)]
struct Came {
    plan: Vec<u8>,
    failure: Value,
    report: Value,
    picture: Bytes,
}

fn events() -> [Value; 3] {
    [
        json!({"action": "plan", "bucket": stack::LOCAL_BUCKET, "key": INBOX,
               "limits": {"memory_mb": 1769, "timeout_s": 60}}),
        json!({"action": "dance"}),
        json!({"action": "clean", "bucket": stack::LOCAL_BUCKET, "key": INBOX, "place": "ecs"}),
    ]
}

/// As on Lambda: the container finds the Runtime API of somebody else.
async fn as_lambda(world: &World, image: &str) -> (Came, Duration) {
    let passed = [
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_ENDPOINT_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
    ];
    let mut command = ["docker", "run", "--rm", "--network=host", "--read-only"].to_vec();
    command.extend(passed.iter().flat_map(|name| ["-e", name]));
    command.push(image);
    let pool = FunctionPool::new(
        FunctionSpec {
            name: "images".into(),
            command: command.into_iter().map(str::to_owned).collect(),
            env: world.environment(),
            // The engine's, not ours, because we start its client only.
            memory_mb: 0,
            timeout: Duration::from_mins(2),
            region: REGION.into(),
            arn: stack::function_arn(REGION, ACCOUNT, "images"),
            extensions: None,
        },
        1,
    );
    let mut came = Vec::new();
    let mut cold = Duration::ZERO;
    for event in events() {
        let completed = pool
            .invoke(Invocation::new(event.to_string()))
            .await
            .unwrap();
        cold = completed.report.init_duration.unwrap_or(cold);
        came.push(match completed.result {
            Ok(result) => result.to_vec(),
            Err(error) => error.body.to_vec(),
        });
    }
    pool.shutdown().await;
    (all(world, &came).await, cold)
}

/// As a worker: the container asks for tasks.
async fn as_worker(world: &World, image: &str) -> Came {
    let activity = format!("LOVELESS_ACTIVITY=arn:aws:states:{REGION}:{ACCOUNT}:activity:work");
    let mut command = [
        "run",
        "--detach",
        "--network=host",
        "--read-only",
        "-e",
        &activity,
    ]
    .to_vec();
    let environment = world.environment();
    let environment: Vec<String> = environment
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    command.extend(environment.iter().flat_map(|both| ["-e", both.as_str()]));
    command.push(image);
    let container = Container(docker(&command));
    let mut came = Vec::new();
    for event in events() {
        let sfn = world.target.sfn();
        let machine = stack::state_machine_arn(REGION, ACCOUNT, stack::STATE_MACHINE_NAME);
        let start = sfn.start_execution().state_machine_arn(machine);
        let started = start.input(event.to_string()).send().await.unwrap();
        let began = Instant::now();
        came.push(loop {
            let told = sfn
                .describe_execution()
                .execution_arn(&started.execution_arn);
            let told = told.send().await.unwrap();
            if let Some(text) = told.output.or(told.cause) {
                break text.into_bytes();
            }
            let logs = || {
                let logs = Command::new("docker").args(["logs", &container.0]).output();
                String::from_utf8_lossy(&logs.unwrap().stderr).into_owned()
            };
            assert!(
                began.elapsed() < Duration::from_mins(2),
                "no end: {}",
                logs()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        });
    }
    docker(&["stop", "--time", "30", &container.0]);
    let code = docker(&["inspect", "--format", "{{.State.ExitCode}}", &container.0]);
    assert_eq!(code, "0", "it was not stopped, it was killed");
    all(world, &came).await
}

async fn all(world: &World, came: &[Vec<u8>]) -> Came {
    let [plan, failure, report] = came else {
        panic!("{came:?}")
    };
    let mut report: Value = serde_json::from_slice(report).unwrap();
    // How long it took and how much memory is the machine's affair; all the rest is the result.
    for measured in ["seconds", "cold_start", "peak_memory_mb"] {
        assert!(
            report.as_object_mut().unwrap().remove(measured).is_some(),
            "{report}"
        );
    }
    Came {
        plan: plan.clone(),
        failure: serde_json::from_slice(failure).unwrap(),
        report,
        picture: world.take_cleaned().await,
    }
}

/// A board with uneven light and some strokes.
fn board() -> Vec<u8> {
    let (width, height) = (420_u32, 310_u32);
    let samples = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let data = samples
        .flat_map(|(x, y)| {
            let ink = x % 41 < 4 && y % 29 < 20;
            let light = (140 + x * 70 / width + y * 30 / height) as u8;
            if ink {
                [45, 60, 160]
            } else {
                [light, light, light - 9]
            }
        })
        .collect();
    encode_png(&Picture::new(width, height, Channels::Rgb, data).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_image_is_whiteboarder_on_lambda_and_on_ecs_with_the_same_bytes() {
    let Some(image) = image() else {
        return;
    };
    let board = board();
    let world = World::with(board.clone().into()).await;
    let (lambda, cold) = as_lambda(&world, &image).await;
    let worker = as_worker(&world, &image).await;
    assert_eq!(lambda.plan, worker.plan, "the plan, byte for byte");
    assert!(
        lambda.picture == worker.picture,
        "the picture, byte for byte"
    );
    assert_eq!(lambda.report, worker.report);
    assert_eq!(lambda.failure["errorType"], "InvalidEvent");
    assert_eq!(lambda.failure, worker.failure);
    // Nor does it matter that a container did it.
    let here = clean_bytes(&board, &Recipe::default(), &Limits::default()).unwrap();
    assert!(lambda.picture == here.png);
    world.cloud.stop(true).await;
    let size: f64 = docker(&["image", "inspect", "--format", "{{.Size}}", &image])
        .parse()
        .unwrap();
    let line = format!(
        "{image}: {:.1} MB, {:.0} ms from `docker run` to the first request for an event\n",
        size / 1e6,
        cold.as_secs_f64() * 1e3
    );
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
