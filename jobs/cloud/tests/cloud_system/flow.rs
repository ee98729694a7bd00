//! From an object to its result, through everything.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_sdk_sfn::types::ExecutionStatus;
use local_cloud::control::Client;
use local_cloud::{Stack, StateMachineConfig};
use serde_json::{Value, json};

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

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_process_costs_no_time_of_the_task() {
    const EXECUTIONS: usize = 8;
    // One at a time they take twice as long as each of them may.
    let definition = json!({"StartAt": "Work", "States": {"Work": {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "measure", "Payload": {"action": "sleep", "ms": 1000}},
        "TimeoutSeconds": 4,
        "End": true,
    }}});
    let running = Running::new(Stack {
        functions: vec![support::function("measure", 1)],
        state_machines: vec![StateMachineConfig {
            name: "flow".to_owned(),
            definition: definition.to_string(),
        }],
        ..Stack::default()
    })
    .await;
    let sfn = running.sfn();
    for _ in 0..EXECUTIONS {
        let start = sfn
            .start_execution()
            .state_machine_arn(support::MACHINE_ARN);
        start.send().await.unwrap();
    }
    eventually("all executions end", async || {
        let left = executions(&sfn, ExecutionStatus::Running).await;
        left.is_empty().then_some(())
    })
    .await;
    assert_eq!(
        executions(&sfn, ExecutionStatus::Succeeded).await.len(),
        EXECUTIONS
    );
    running.cloud.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_takes_too_long_ends_in_time_and_frees_its_process() {
    let definition = json!({"StartAt": "Work", "States": {"Work": {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "measure", "Payload": {"action": "sleep", "ms": 25000}},
        "TimeoutSeconds": 2,
        "End": true,
    }}});
    let running = Running::new(Stack {
        functions: vec![support::function("measure", 1)],
        state_machines: vec![StateMachineConfig {
            name: "flow".to_owned(),
            definition: definition.to_string(),
        }],
        ..Stack::default()
    })
    .await;
    let sfn = running.sfn();
    let start = sfn
        .start_execution()
        .state_machine_arn(support::MACHINE_ARN);
    let arn = start.send().await.unwrap().execution_arn;
    let began = Instant::now();
    let ended = eventually("the execution ends", async || {
        let described = sfn
            .describe_execution()
            .execution_arn(&arn)
            .send()
            .await
            .unwrap();
        (described.status != ExecutionStatus::Running).then_some(described)
    })
    .await;
    assert_eq!(ended.error(), Some("States.Timeout"));
    let client = Client::new(running.cloud.address(), ACCESS, SECRET);
    eventually("the process is free", async || {
        (client.status().await.unwrap().running_invocations == 0).then_some(())
    })
    .await;
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "{:?}",
        began.elapsed()
    );
    running.cloud.stop(false).await;
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

    /// Every process below this one, by number.
    #[cfg(target_os = "linux")]
    fn descendants(&self) -> BTreeSet<u32> {
        let parents: Vec<(u32, u32)> = std::fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(|process| Some((process, parent_of(process)?)))
            .collect();
        let mut found = BTreeSet::from([self.child.id()]);
        loop {
            let before = found.len();
            let more = parents.iter().filter(|(_, parent)| found.contains(parent));
            let more: Vec<u32> = more.map(|(process, _)| *process).collect();
            found.extend(more);
            if found.len() == before {
                found.remove(&self.child.id());
                return found;
            }
        }
    }
}

/// The parent of a process that lives; zombies do not.
#[cfg(target_os = "linux")]
fn parent_of(process: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    let state = fields.next()?;
    (state != "Z").then_some(fields.next()?.parse().ok()?)
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_outlives_a_killed_cloud() {
    let folder = tempfile::tempdir().unwrap();
    let (root, address) = (folder.path().join("cloud"), folder.path().join("address"));
    let process = Process::start(&root, &address).await;
    let client = s3(process.address, ACCESS, SECRET);
    for lane in ["lambda", "activity"] {
        put(&client, &format!("in/{lane}.png"), "x").await;
    }
    eventually("both lanes have worked", async || {
        (keys(&client, "boards", "measured/").await.len() == 2).then_some(())
    })
    .await;
    let descendants = process.descendants();
    // A function on Lambda, a worker, and the worker's own function at least.
    assert!(descendants.len() >= 3, "{descendants:?}");
    process.kill();
    eventually("all have ended", async || {
        descendants
            .iter()
            .all(|process| parent_of(*process).is_none())
            .then_some(())
    })
    .await;
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
