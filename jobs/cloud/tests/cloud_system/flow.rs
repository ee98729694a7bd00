//! From an object to its result, through everything.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::Value;

use crate::support::{self, Running, eventually, executions, full_stack, keys, put, s3, sfn};
use crate::{roles, support::ACCESS, support::SECRET};

#[tokio::test(flavor = "multi_thread")]
async fn an_object_becomes_an_execution_on_the_lambda_lane_and_ends_with_its_result() {
    let running = Running::new(full_stack()).await;
    let (s3, sfn) = (running.s3(), running.sfn());
    put(&s3, "elsewhere/board.png", "no rule is for this").await;
    put(&s3, "in/lambda.png", "twelve bytes").await;
    let done = eventually("an execution succeeds", async || {
        executions(&sfn, ExecutionStatus::Succeeded).await.pop()
    })
    .await;
    let described = sfn
        .describe_execution()
        .execution_arn(&done)
        .send()
        .await
        .unwrap();
    let output: Value = serde_json::from_str(described.output().unwrap()).unwrap();
    assert_eq!(output["length"], 12);
    assert_eq!(output["worker"], "measure");
    assert_eq!(
        keys(&s3, "boards", "measured/").await,
        ["measured/in/lambda.png"]
    );

    // Register wrote where the execution is, and the event's id is its name.
    let name = described.name().unwrap();
    let run = format!("runs/in/lambda.png/{name}");
    let run = s3
        .get_object()
        .bucket("boards")
        .key(run)
        .send()
        .await
        .unwrap();
    let run = run.body.collect().await.unwrap().into_bytes();
    assert_eq!(
        serde_json::from_slice::<Value>(&run).unwrap()["execution"],
        done
    );
    let input: Value = serde_json::from_str(described.input().unwrap()).unwrap();
    assert_eq!(input["id"], name);
    assert_eq!(input["detail"]["object"]["size"], 12);

    // One execution, and it says that it ran on Lambda.
    let listed = sfn
        .list_executions()
        .state_machine_arn(support::MACHINE_ARN)
        .send()
        .await;
    assert_eq!(listed.unwrap().executions.len(), 1);
    let history = sfn
        .get_execution_history()
        .execution_arn(&done)
        .send()
        .await
        .unwrap();
    let scheduled: Vec<String> = history
        .events
        .iter()
        .filter_map(|event| event.task_scheduled_event_details.as_ref())
        .map(|details| format!("{}:{}", details.resource_type, details.resource))
        .collect();
    assert_eq!(scheduled, ["aws-sdk:s3:putObject", "lambda:invoke"]);
    running.cloud.stop(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_takes_what_goes_to_the_activity() {
    let running = Running::new(full_stack()).await;
    let (s3, sfn) = (running.s3(), running.sfn());
    put(&s3, "in/activity.png", "seven b").await;
    let done = eventually("an execution succeeds", async || {
        executions(&sfn, ExecutionStatus::Succeeded).await.pop()
    })
    .await;
    let described = sfn
        .describe_execution()
        .execution_arn(&done)
        .send()
        .await
        .unwrap();
    let output: Value = serde_json::from_str(described.output().unwrap()).unwrap();
    assert_eq!(output["length"], 7);
    assert_eq!(output["worker"], "on-ecs-1");
    let history = sfn
        .get_execution_history()
        .execution_arn(&done)
        .send()
        .await
        .unwrap();
    let worker = history
        .events
        .iter()
        .find_map(|event| event.activity_started_event_details.as_ref())
        .and_then(|details| details.worker_name.clone());
    assert_eq!(worker.as_deref(), Some("ecs-1"));
    running.cloud.stop(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_execution_is_told_to_the_function_of_the_second_rule() {
    let running = Running::new(full_stack()).await;
    let (s3, sfn) = (running.s3(), running.sfn());
    put(&s3, "in/fail.png", "x").await;
    let noted = eventually("the failure is noted", async || {
        keys(&s3, "notes", "ended/").await.pop()
    })
    .await;
    let failed = executions(&sfn, ExecutionStatus::Failed)
        .await
        .pop()
        .unwrap();
    let described = sfn
        .describe_execution()
        .execution_arn(&failed)
        .send()
        .await
        .unwrap();
    assert_eq!(described.error(), Some("ImageCorrupt"));
    assert!(described.cause().unwrap().contains("as you wish"));
    let note = s3
        .get_object()
        .bucket("notes")
        .key(noted)
        .send()
        .await
        .unwrap();
    let note = note.body.collect().await.unwrap().into_bytes();
    let event: Value = serde_json::from_slice(&note).unwrap();
    assert_eq!(
        event["detail-type"],
        "Step Functions Execution Status Change"
    );
    assert_eq!(event["detail"]["executionArn"], failed);
    assert_eq!(event["detail"]["error"], "ImageCorrupt");
    running.cloud.stop(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_objects_than_processes_wait_their_turn() {
    let running = Running::new(full_stack()).await;
    let (s3, sfn) = (running.s3(), running.sfn());
    for number in 0..25 {
        put(&s3, &format!("in/lambda-{number}.png"), "x").await;
    }
    eventually("all executions succeed", async || {
        let failed = executions(&sfn, ExecutionStatus::Failed).await;
        assert!(failed.is_empty(), "{failed:?}");
        (executions(&sfn, ExecutionStatus::Succeeded).await.len() == 25).then_some(())
    })
    .await;
    assert_eq!(keys(&s3, "boards", "measured/").await.len(), 25);
    running.cloud.stop(true).await;
}

/// A cloud in a process of its own.
struct Process {
    child: Child,
    address: std::net::SocketAddr,
}

impl Process {
    async fn start(root: &Path, address: &Path) -> Self {
        let _ = std::fs::remove_file(address);
        let (command, env) = roles::command("cloud");
        let child = Command::new(&command[0])
            .args(&command[1..])
            .envs(env)
            .env("CLOUD_ROOT", root)
            .env("CLOUD_ADDRESS_FILE", address)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let found = eventually("the cloud's address", async || {
            std::fs::read_to_string(address).ok()?.parse().ok()
        })
        .await;
        Self {
            child,
            address: found,
        }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_cloud_loses_nothing_that_it_acknowledged() {
    const OBJECTS: usize = 12;
    let folder = tempfile::tempdir().unwrap();
    let (root, address) = (folder.path().join("cloud"), folder.path().join("address"));
    let process = Process::start(&root, &address).await;
    let s3_client = s3(process.address, ACCESS, SECRET);
    for number in 0..OBJECTS {
        let lane = if number % 3 == 0 {
            "activity"
        } else {
            "lambda"
        };
        put(&s3_client, &format!("in/{lane}-{number}.png"), "x").await;
    }
    let measured = eventually("the first result", async || {
        let done = keys(&s3_client, "boards", "measured/").await.len();
        (done > 0).then_some(done)
    })
    .await;
    assert!(measured < OBJECTS, "there was something left to do");
    process.kill();

    let process = Process::start(&root, &address).await;
    let (s3_client, sfn) = (
        s3(process.address, ACCESS, SECRET),
        sfn(process.address, ACCESS, SECRET),
    );
    eventually("every execution succeeds", async || {
        let failed = executions(&sfn, ExecutionStatus::Failed).await;
        assert!(failed.is_empty(), "{failed:?}");
        (executions(&sfn, ExecutionStatus::Succeeded).await.len() >= OBJECTS).then_some(())
    })
    .await;
    // Every object once, whatever was delivered twice.
    assert_eq!(
        executions(&sfn, ExecutionStatus::Succeeded).await.len(),
        OBJECTS
    );
    assert_eq!(executions(&sfn, ExecutionStatus::Running).await.len(), 0);
    assert_eq!(keys(&s3_client, "boards", "measured/").await.len(), OBJECTS);
    let runs: BTreeSet<String> = keys(&s3_client, "boards", "runs/")
        .await
        .into_iter()
        .collect();
    assert_eq!(runs.len(), OBJECTS);
    process.kill();
}
