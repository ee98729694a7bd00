//! What a worker costs:
//!
//! ```sh
//! cargo bench -p loveless --bench overhead            # all of it, about a minute
//! cargo bench -p loveless --bench overhead -- --quick # a smoke test
//! ```
//!
//! *Overhead* is the time from the moment a task is handed to the worker to the moment its answer is handed in, with a
//! function that answers at once and a queue in memory: what worker, Runtime API and client add to a call of the
//! function itself, which takes nothing measurable. The function is `lambda_runtime` in a process of its own: this
//! program, started again. *Cold start* is the time from the start of that process to its first request for an
//! event. *Memory* is that of the program `loveless` itself, with one slot, after its tasks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

#[path = "../tests/function/mod.rs"]
mod function;
#[path = "../tests/service/mod.rs"]
mod service;

use std::collections::{BTreeMap, VecDeque};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use loveless::{
    Answers, FunctionPool, FunctionSpec, Invocation, SourceError, Task, TaskSource, WorkerSettings,
    WorkerStatus, run_watched_worker,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const ROLE: &str = "LOVELESS_BENCH_FUNCTION";

fn main() {
    if std::env::var_os(ROLE).is_some() {
        return serve();
    }
    // Cargo passes `--bench`; a test run of all targets does not.
    let quick = std::env::args().any(|argument| argument == "--quick")
        || !std::env::args().any(|argument| argument == "--bench");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(measure(quick));
}

/// The function: waits as long as the event says, and answers with it.
fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(lambda_runtime::run(service_fn(echo)))
        .unwrap();
}

async fn echo(event: LambdaEvent<Value>) -> Result<Value, Error> {
    if let Some(millis) = event.payload["ms"].as_u64() {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    Ok(event.payload)
}

fn spec() -> FunctionSpec {
    let own = std::env::current_exe().unwrap();
    FunctionSpec {
        command: vec![own.to_str().unwrap().to_owned()],
        env: BTreeMap::from([(ROLE.to_owned(), "1".to_owned())]),
        memory_mb: 0,
        ..function::spec()
    }
}

/// A queue in memory that takes the times.
#[derive(Default)]
struct Clock {
    waiting: Mutex<VecDeque<Bytes>>,
    begun: Mutex<BTreeMap<String, Instant>>,
    taken: Mutex<Vec<Duration>>,
    done: tokio::sync::Notify,
}

#[async_trait::async_trait]
impl TaskSource for Clock {
    async fn poll(&self) -> Result<Option<Task>, SourceError> {
        let Some(input) = self.waiting.lock().unwrap().pop_front() else {
            return std::future::pending().await;
        };
        let token = uuid::Uuid::new_v4().to_string();
        self.begun
            .lock()
            .unwrap()
            .insert(token.clone(), Instant::now());
        Ok(Some(Task { token, input }))
    }

    async fn heartbeat(&self, _token: &str) -> Result<(), SourceError> {
        Ok(())
    }

    async fn succeed(&self, token: &str, _output: Bytes) -> Result<(), SourceError> {
        let began = self.begun.lock().unwrap().remove(token).unwrap();
        self.taken.lock().unwrap().push(began.elapsed());
        self.done.notify_one();
        Ok(())
    }

    async fn fail(&self, _token: &str, error: &str, cause: &str) -> Result<(), SourceError> {
        unreachable!("the function never fails: {error}: {cause}")
    }

    fn answers(&self) -> Answers {
        Answers::Any
    }
}

/// Runs tasks through a worker; the times they took, in order of size, and the longest time without a heartbeat.
async fn tasks(slots: usize, heartbeat: Duration, inputs: Vec<Bytes>) -> (Vec<Duration>, Duration) {
    let count = inputs.len();
    let clock = Arc::new(Clock {
        waiting: Mutex::new(inputs.into()),
        ..Clock::default()
    });
    let settings = WorkerSettings {
        slots,
        heartbeat,
        drain: Duration::ZERO,
        ..WorkerSettings::default()
    };
    let (stop, status) = (CancellationToken::new(), Arc::new(WorkerStatus::new(slots)));
    let worker = run_watched_worker(
        settings,
        spec(),
        clock.clone(),
        stop.clone(),
        status.clone(),
    );
    let worker = tokio::spawn(worker);
    while clock.taken.lock().unwrap().len() < count {
        clock.done.notified().await;
    }
    stop.cancel();
    worker.await.unwrap();
    let mut taken = clock.taken.lock().unwrap().clone();
    taken.sort();
    (taken, status.longest_heartbeat_gap())
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

fn row(what: &str, measured: &str, wanted: &str) {
    println!("| {what} | {measured} | {wanted} |");
}

async fn measure(quick: bool) {
    let rounds = if quick { 20 } else { 2000 };
    println!("| what | measured | wanted |\n|---|--:|--:|");
    let at = |times: &[Duration], percent: usize| times[(times.len() - 1) * percent / 100];

    let small = Bytes::from_static(b"{}");
    let (times, _) = tasks(1, Duration::from_secs(20), vec![small; rounds]).await;
    let both = format!("{}, {}", millis(at(&times, 50)), millis(at(&times, 99)));
    row("overhead of a task, p50 and p99", &both, "p50 below 1 ms");

    let large = Bytes::from(json!({"ballast": "x".repeat(5 << 20)}).to_string());
    let (times, _) = tasks(1, Duration::from_secs(20), vec![large; rounds / 20]).await;
    row(
        "overhead with 5 MiB in and out, p50",
        &millis(at(&times, 50)),
        "below 25 ms",
    );

    let mut starts = Vec::new();
    for _ in 0..rounds.min(60) {
        let pool = FunctionPool::new(spec(), 1);
        let completed = pool.invoke(Invocation::new("{}")).await.unwrap();
        starts.push(completed.report.init_duration.unwrap());
        pool.shutdown().await;
    }
    starts.sort();
    row("cold start, p50", &millis(at(&starts, 50)), "below 20 ms");

    let beat = Duration::from_secs(1);
    let slots = if quick { 4 } else { 64 };
    let busy = Bytes::from(json!({"ms": if quick { 1500 } else { 8000 }}).to_string());
    let (times, gap) = tasks(slots, beat, vec![busy; slots]).await;
    let what = format!("{slots} tasks at a time: longest time between heartbeats of {beat:?}");
    row(&what, &millis(gap), "below 3 s");
    let what = format!("{slots} tasks at a time: tasks done");
    row(&what, &times.len().to_string(), &slots.to_string());

    let (resident, size) = program(quick).await;
    row(
        "memory of `loveless worker`, one slot",
        &resident,
        "below 15 MB",
    );
    row(
        "its program",
        &size,
        "at most 12 MB with the profile `small`",
    );
}

/// Resident memory of the program after some tasks, and its size. `LOVELESS_PROGRAM` names another build of it.
async fn program(quick: bool) -> (String, String) {
    let program = std::env::var("LOVELESS_PROGRAM")
        .unwrap_or_else(|_| env!("CARGO_BIN_EXE_loveless").to_owned());
    let (service, endpoint) = service::Service::start().await;
    let tasks = if quick { 3 } else { 200 };
    for number in 0..tasks {
        service.add(&number.to_string(), json!({"n": number}));
    }
    let own = std::env::current_exe().unwrap();
    let mut worker = std::process::Command::new(&program)
        .args(["worker", "--activity", service::ARN, "--"])
        .args(["/usr/bin/env", &format!("{ROLE}=1"), own.to_str().unwrap()])
        .env("AWS_ENDPOINT_URL", &endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env_remove("AWS_LAMBDA_RUNTIME_API")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while service.called("SendTaskSuccess").len() < tasks {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", worker.id())).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = resident.and_then(|text| text.split_whitespace().next());
    let kilobytes: f64 = kilobytes.unwrap().parse().unwrap();
    worker.kill().unwrap();
    worker.wait().unwrap();
    let size = std::fs::metadata(&program).unwrap().len();
    (
        format!("{:.1} MB", kilobytes * 1024.0 / 1e6),
        format!("{:.1} MB", size as f64 / 1e6),
    )
}
