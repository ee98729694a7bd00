//! SIGKILL at random moments under load: nothing that was acknowledged is lost.
//!
//! The test binary runs itself: the child is the test [`child`], which does nothing unless it is told a
//! folder. It starts executions, works on them, and notes every acknowledgement in a file after it came.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::support::*;

const FOLDER: &str = "LOCAL_CLOUD_TEST_CRASH_FOLDER";
const ROUND: &str = "LOCAL_CLOUD_TEST_CRASH_ROUND";

/// Passes on to a worker, waits for a moment, calls a function.
fn definition(activity: &str) -> Value {
    json!({
        "StartAt": "Work",
        "States": {
            "Work": {
                "Type": "Task",
                "Resource": activity,
                "HeartbeatSeconds": 2,
                "TimeoutSeconds": 600,
                "Retry": [{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 50 }],
                "Next": "Rest",
            },
            "Rest": { "Type": "Wait", "Seconds": 1, "Next": "Call" },
            "Call": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": { "FunctionName": "echo", "Payload.$": "$" },
                "OutputPath": "$.Payload",
                "End": true,
            },
        },
    })
}

/// What was acknowledged, one line each, written after the answer came. A line that SIGKILL cut short
/// has no end and does not count.
struct Journal(Mutex<fs::File>);

impl Journal {
    fn open(folder: &Path) -> Self {
        let file = fs::File::options()
            .create(true)
            .append(true)
            .open(folder.join("journal"));
        Self(Mutex::new(file.unwrap()))
    }

    fn note(&self, line: &str) {
        let mut file = self.0.lock().unwrap();
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn read(folder: &Path) -> Vec<Vec<String>> {
        let text = fs::read_to_string(folder.join("journal")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole
            .lines()
            .map(|line| line.split(' ').map(str::to_owned).collect())
            .collect()
    }
}

/// Works on tasks until killed (or aborted); notes what it was thanked for.
async fn work(engine: Arc<local_cloud::states::Engine>, activity: String, journal: Arc<Journal>) {
    loop {
        let body = json!({ "activityArn": activity, "workerName": "w" });
        let Ok(task) = engine.request("GetActivityTask", body).await else {
            return;
        };
        if task["taskToken"].is_null() {
            continue;
        }
        let result = uuid::Uuid::new_v4().to_string();
        let name: Value = serde_json::from_str(&text(&task["input"])).unwrap();
        let output = json!(result).to_string();
        let body = json!({ "taskToken": task["taskToken"], "output": output });
        if engine.request("SendTaskSuccess", body).await.is_ok() {
            journal.note(&format!("worked {} {result}", text(&name)));
        }
    }
}

#[test]
fn child() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let folder = Path::new(&folder);
    let round = std::env::var(ROUND).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let engine = open_at(&folder.join("states.db"), &Arc::new(Services::default()));
        let activity = engine.ensure_activity("a").await.unwrap();
        let definition = definition(&activity).to_string();
        let machine = engine.ensure_state_machine("m", &definition).await.unwrap();
        let journal = Arc::new(Journal::open(folder));
        for _ in 0..3 {
            tokio::spawn(work(
                Arc::clone(&engine),
                activity.clone(),
                Arc::clone(&journal),
            ));
        }
        for number in 0_u64.. {
            let name = format!("r{round}-{number}");
            let input = json!(name).to_string();
            let body = json!({ "stateMachineArn": machine, "name": name, "input": input });
            engine.request("StartExecution", body).await.unwrap();
            journal.note(&format!("started {name}"));
            if number % 16 == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            if number == 600 {
                std::future::pending::<()>().await;
            }
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigkill_at_any_moment_loses_nothing_that_was_acknowledged() {
    let bench_folder = tempfile::tempdir().unwrap();
    let folder = bench_folder.path();
    for round in 0..6_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::child", "--nocapture"])
            .env(FOLDER, folder)
            .env(ROUND, round.to_string())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let before = Journal::read(folder).len();
        // Under way for sure, and then killed at a moment that nobody chose.
        eventually(|| async { (Journal::read(folder).len() > before + 5).then_some(()) }).await;
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap();
        tokio::time::sleep(Duration::from_micros(u64::from(now.subsec_nanos()) / 1_500)).await;
        assert_eq!(child.try_wait().unwrap(), None, "the child ended by itself");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    let engine = open_at(&folder.join("states.db"), &Arc::new(Services::default()));
    let activity = engine.ensure_activity("a").await.unwrap();
    let journal = Arc::new(Journal::open(folder));
    let (sink, stop) = (Arc::new(Sink::default()), CancellationToken::new());
    let events =
        tokio::spawn(Arc::clone(&engine).deliver_events(Arc::clone(&sink) as _, stop.clone()));
    for _ in 0..3 {
        tokio::spawn(work(
            Arc::clone(&engine),
            activity.clone(),
            Arc::clone(&journal),
        ));
    }
    eventually(|| async { (!engine.busy()).then_some(()) }).await;

    let mut results: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut started = Vec::new();
    for line in Journal::read(folder) {
        match line.as_slice() {
            [kind, name] if kind == "started" => started.push(name.clone()),
            [kind, name, result] if kind == "worked" => {
                results
                    .entry(name.clone())
                    .or_default()
                    .push(result.clone());
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(started.len() > 30, "too little happened: {}", started.len());
    for name in &started {
        let arn = format!("arn:aws:states:us-east-1:000000000000:execution:m:{name}");
        let body = json!({ "executionArn": arn });
        let described = engine
            .request("DescribeExecution", body.clone())
            .await
            .unwrap();
        assert_eq!(described["status"], "SUCCEEDED", "{described}");
        // The work that was accepted is the work that counts, and none was accepted twice. The worker
        // may have been killed between the answer and its note: then the result is a stranger's.
        let accepted = results.get(name).cloned().unwrap_or_default();
        let output: String = serde_json::from_str(&text(&described["output"])).unwrap();
        assert!(
            accepted.is_empty() || accepted == [output.clone()],
            "{accepted:?} {output}"
        );

        let history = engine.request("GetExecutionHistory", body).await.unwrap();
        let events = history["events"].as_array().unwrap();
        let ids: Vec<u64> = events
            .iter()
            .map(|event| event["id"].as_u64().unwrap())
            .collect();
        assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>(), "{history}");
        let count = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
        assert_eq!(
            (count("ExecutionStarted"), count("ExecutionSucceeded")),
            (1, 1),
            "{history}"
        );
        assert_eq!(
            (count("ActivitySucceeded"), count("TaskSucceeded")),
            (1, 1),
            "{history}"
        );
    }

    // Nobody took events before: all of them have waited in the store, over every kill.
    eventually(|| async {
        let told = sink.told();
        let ends = |name: &String| {
            told.iter()
                .filter(|(of, status)| of == name && status == "SUCCEEDED")
                .count()
                == 1
        };
        started.iter().all(ends).then_some(())
    })
    .await;
    stop.cancel();
    events.await.unwrap();
    engine.close().await;
}
