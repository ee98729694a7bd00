//! How quick the dashboard's feed is: `watch [EXECUTIONS] [EVENTS]` makes so many executions (10,000) in a fresh local
//! cloud that runs in a process of its own, watches them without and with a cache, and opens a history of so many events
//! (25,000). It prints the times, the calls by kind and the peak of this process's memory. `watch --serve FOLDER` only
//! serves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr
)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures::StreamExt;
use local_cloud::{Cloud, CloudConfig, Durability, Rehearsal, Stack, StateMachineConfig};
use serde_json::{Value, json};
use whiteboarder_core::cost::Capacity;
use whiteboarder_jobs::track::ExecutionStatus;
use whiteboarder_jobs::watch::{FeedOptions, News, Order, start};
use whiteboarder_jobs::{Profile, Target, stack};

const REGION: &str = "us-east-1";
const ACCOUNT: &str = "000000000000";
/// Events of a round of the long machine.
const ROUND: usize = 4;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [serve, folder] = arguments.as_slice()
        && serve == "--serve"
    {
        return self::serve(Path::new(folder)).await;
    }
    let number = |index: usize, usual: usize| {
        let given = arguments.get(index);
        given.map_or(usual, |text| text.parse().expect("a number"))
    };
    let (executions, events) = (number(0, 10_000), number(1, 25_000));
    let folder = tempfile::tempdir().unwrap();
    let mut server = Command::new(std::env::current_exe().unwrap())
        .args(["--serve".as_ref(), folder.path().join("store").as_os_str()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut endpoint = String::new();
    BufReader::new(server.stdout.take().unwrap())
        .read_line(&mut endpoint)
        .unwrap();
    let profile = Profile::local(
        endpoint.trim(),
        REGION,
        ACCOUNT,
        "access",
        "secret",
        Capacity::lambda(2_048, 60.0),
    );
    let target = Target::connect(profile).await.unwrap();

    let began = Instant::now();
    make(&target, "short", "{}", executions).await;
    println!(
        "made {executions} executions in {:.1} s",
        began.elapsed().as_secs_f64()
    );
    let rounds = json!({"rounds": events / ROUND}).to_string();
    make(&target, "long", &rounds, 1).await;

    let cache = folder.path().join("cache");
    for title in ["without a cache", "with a cache"] {
        watch(title, &target, &cache, executions).await;
    }
    open(&target, events).await;
    println!("{}", peak());
    server.kill().unwrap();
    server.wait().unwrap();
}

async fn serve(folder: &Path) {
    let pass = json!({"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": true}}});
    let long = json!({"StartAt": "Zero", "States": {
        "Zero": {"Type": "Pass", "Result": 0, "ResultPath": "$.n", "Next": "Count"},
        "Count": {"Type": "Pass", "Next": "Enough", "Parameters": {
            "rounds.$": "$.rounds", "n.$": "States.MathAdd($.n, 1)"}},
        "Enough": {"Type": "Choice", "Default": "Count", "Choices": [
            {"Variable": "$.n", "NumericGreaterThanEqualsPath": "$.rounds", "Next": "Done"}]},
        "Done": {"Type": "Succeed"},
    }});
    let machine = |name: &str, definition: Value| StateMachineConfig {
        name: name.to_owned(),
        definition: definition.to_string(),
    };
    let cloud = Cloud::start(CloudConfig {
        root: folder.to_owned(),
        port: None,
        access_key: "access".into(),
        secret_key: "secret".into(),
        region: REGION.into(),
        account: ACCOUNT.into(),
        build: "example".into(),
        idle_after: None,
        durability: Durability::Normal,
        keep: None,
        rehearsal: Rehearsal::default(),
        stack: Stack {
            buckets: vec![stack::LOCAL_BUCKET.to_owned()],
            state_machines: vec![
                machine(stack::STATE_MACHINE_NAME, pass.clone()),
                machine("short", pass),
                machine("long", long),
            ],
            ..Stack::default()
        },
    })
    .await
    .unwrap();
    println!("http://{}", cloud.address());
    std::future::pending::<()>().await;
}

/// Starts executions, and waits until all have ended.
async fn make(target: &Target, machine: &str, input: &str, count: usize) {
    let arn = stack::state_machine_arn(REGION, ACCOUNT, machine);
    let starts = (0..count).map(|_| {
        let start = target.sfn().start_execution().state_machine_arn(&arn);
        start.input(input).send()
    });
    let mut starts = futures::stream::iter(starts).buffer_unordered(8);
    while let Some(started) = starts.next().await {
        started.unwrap();
    }
    loop {
        let running = target.sfn().list_executions().state_machine_arn(&arn);
        let running = running.status_filter("RUNNING".into()).max_results(1);
        if running.send().await.unwrap().executions().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Watches until every history is known.
async fn watch(title: &str, target: &Target, cache: &Path, executions: usize) {
    let began = Instant::now();
    let (feed, mut news) = start(
        target.clone(),
        FeedOptions {
            machine: Some("short".to_owned()),
            cache: Some(cache.to_owned()),
            ..FeedOptions::default()
        },
    );
    let mut known = std::collections::HashSet::new();
    let (mut first, mut listed) = (None, None);
    while known.len() < executions || listed.is_none() {
        match news.recv().await.unwrap() {
            News::Runs(runs) => {
                first.get_or_insert_with(|| began.elapsed());
                let ended = runs
                    .into_iter()
                    .filter(|run| run.status == ExecutionStatus::Succeeded && run.digest.is_some());
                known.extend(ended.map(|run| run.arn));
            }
            News::Listed { complete: true, .. } => listed = Some(began.elapsed()),
            _ => {}
        }
    }
    println!(
        "{title}: first executions after {:.0} ms, all listed after {:.0} ms, all histories after {:.2} s; {:?}; {}",
        first.unwrap().as_secs_f64() * 1e3,
        listed.unwrap().as_secs_f64() * 1e3,
        began.elapsed().as_secs_f64(),
        feed.calls(),
        peak(),
    );
    drop((feed, news));
    // Its task writes the rest of the cache.
    tokio::time::sleep(Duration::from_millis(300)).await;
}

/// Opens the long history, three times.
async fn open(target: &Target, events: usize) {
    let (feed, mut news) = start(
        target.clone(),
        FeedOptions {
            machine: Some("long".to_owned()),
            ..FeedOptions::default()
        },
    );
    let arn = loop {
        if let News::Runs(runs) = news.recv().await.unwrap()
            && let Some(run) = runs.into_iter().find(|run| run.digest.is_some())
        {
            break run.arn;
        }
    };
    for _ in 0..3 {
        let began = Instant::now();
        feed.order(Order::Open(Some(arn.clone())));
        let mut first = None;
        let found = loop {
            if let News::Opened(opened) = news.recv().await.unwrap() {
                first.get_or_insert_with(|| began.elapsed());
                if opened.complete {
                    break opened.events.len();
                }
            }
        };
        println!(
            "opened {found} events (of about {events}) in {:.0} ms, the first after {:.0} ms",
            began.elapsed().as_secs_f64() * 1e3,
            first.unwrap().as_secs_f64() * 1e3,
        );
        feed.order(Order::Open(None));
    }
}

/// Peak memory of this process, where the system tells.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    peak.unwrap_or("no peak known").to_owned()
}
