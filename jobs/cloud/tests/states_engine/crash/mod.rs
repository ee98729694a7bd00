//! SIGKILL at random moments under load: nothing that was acknowledged is lost, and nothing happens twice.
//!
//! The test binary runs itself: the child is the test [`child`], which does nothing unless it is told a folder. It
//! starts executions, works on them, answers their tokens, and notes every acknowledgement in a file after it came.
//! [`ledger`] compares what the engine says in the end with these notes.

mod journal;
mod ledger;
mod machine;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use local_cloud::states::Engine;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::support::*;
use journal::Journal;
use machine::Machines;

const FOLDER: &str = "LOCAL_CLOUD_TEST_CRASH_FOLDER";
const ROUND: &str = "LOCAL_CLOUD_TEST_CRASH_ROUND";
/// How often the cloud is killed: a number, else [`KILLS`].
const KILLS_VARIABLE: &str = "LOCAL_CLOUD_TEST_KILLS";

const KILLS: u64 = 100;
/// Executions that one life of the child starts at most.
const STARTS: u64 = 24;
/// A life is not longer than this after the child's start, in microseconds; when it ends within is anybody's guess.
const LONGEST_LIFE_US: u64 = 450_000;

/// One life of the engine with everything around it.
struct Life {
    engine: Arc<Engine>,
    services: Arc<Services>,
    machines: Machines,
    journal: Arc<Journal>,
}

impl Life {
    async fn begin(folder: &Path) -> Self {
        let services = Arc::new(Services::default());
        let engine = open_at(&folder.join("states.db"), &services);
        let machines = Machines::ensure(&engine).await;
        let journal = Arc::new(Journal::open(folder));
        let life = Self {
            engine,
            services,
            machines,
            journal,
        };
        for _ in 0..3 {
            tokio::spawn(work(
                Arc::clone(&life.engine),
                life.machines.activity.clone(),
                Arc::clone(&life.journal),
            ));
        }
        let unanswered = Journal::read(folder).tokens;
        tokio::spawn(call_back(
            Arc::clone(&life.engine),
            Arc::clone(&life.services),
            unanswered,
            Arc::clone(&life.journal),
        ));
        life
    }
}

/// Works on tasks until killed (or aborted); notes what it was thanked for.
async fn work(engine: Arc<Engine>, activity: String, journal: Arc<Journal>) {
    loop {
        let body = json!({ "activityArn": activity, "workerName": "w" });
        let Ok(task) = engine.request("GetActivityTask", body).await else {
            return;
        };
        if task["taskToken"].is_null() {
            continue;
        }
        let result = uuid::Uuid::new_v4().to_string();
        let input: Value = serde_json::from_str(&text(&task["input"])).unwrap();
        let output = json!(result).to_string();
        let body = json!({ "taskToken": task["taskToken"], "output": output });
        if engine.request("SendTaskSuccess", body).await.is_ok() {
            journal.note(&format!("worked {} {result}", text(&input["name"])));
        }
    }
}

/// Answers the tokens that earlier lives have left, and then those that come. Each is noted before it is answered.
async fn call_back(
    engine: Arc<Engine>,
    services: Arc<Services>,
    mut tokens: Vec<String>,
    journal: Arc<Journal>,
) {
    loop {
        for token in tokens.drain(..) {
            let body = json!({ "taskToken": token, "output": machine::ANSWER.to_string() });
            match engine.request("SendTaskSuccess", body).await {
                Ok(_) => journal.note(&format!("answered {token}")),
                // Answered by an earlier life that had no time to note it, or given up by its state.
                Err(refused) if refused.code == "TaskTimedOut" => {}
                Err(other) => panic!("{token}: {other}"),
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        tokens.append(&mut services.tokens.lock().unwrap());
        for token in &tokens {
            journal.note(&format!("token {token}"));
        }
    }
}

#[test]
fn child() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let round = std::env::var(ROUND).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let life = Life::begin(folder.as_ref()).await;
        for number in 0..STARTS {
            let name = format!("r{round}-{number}");
            let machine = life.machines.of(number);
            let input = machine::input(&name, number).to_string();
            let body = json!({ "stateMachineArn": machine, "name": name, "input": input });
            life.engine.request("StartExecution", body).await.unwrap();
            life.journal.note(&format!("started {name} {machine}"));
            tokio::time::sleep(Duration::from_millis(number % 8)).await;
        }
        std::future::pending::<()>().await;
    });
}

/// A child on this folder.
fn spawn(folder: &Path, round: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child", "--nocapture"])
        .env(FOLDER, folder)
        .env(ROUND, round.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Some number below the limit, from the clock.
fn anything_below(limit: u64) -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    // A factor that spreads neighbouring moments over the whole range.
    let spread = u64::from(now.unwrap().subsec_nanos()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (spread >> 32) % limit
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_at_any_moment_lose_nothing_and_double_nothing() {
    let kills: u64 = std::env::var(KILLS_VARIABLE).map_or(KILLS, |number| number.parse().unwrap());
    let kept = tempfile::tempdir().unwrap();
    let folder = kept.path();
    let begun = Instant::now();
    for round in 0..kills {
        let mut child = spawn(folder, round);
        tokio::time::sleep(Duration::from_micros(anything_below(LONGEST_LIFE_US))).await;
        assert_eq!(child.try_wait().unwrap(), None, "the child ended by itself");
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let killed = begun.elapsed();

    let life = Life::begin(folder).await;
    let (sink, stop) = (Arc::new(Sink::default()), CancellationToken::new());
    let deliver = Arc::clone(&life.engine).deliver_events(Arc::clone(&sink) as _, stop.clone());
    let events = tokio::spawn(deliver);
    eventually(|| async { (!life.engine.busy()).then_some(()) }).await;
    let ended = begun.elapsed();

    let notes = Journal::read(folder);
    let sums = ledger::check(&life.engine, &life.machines, &notes).await;
    assert!(
        notes.started.len() as u64 > kills,
        "too little happened: {}",
        notes.started.len()
    );
    assert!(sums.failed_calls > 0, "nothing was tried again");
    // Nobody took events before: all of them have waited in the store, over every kill.
    eventually(|| async { ledger::told_once(&sink.told(), &notes.started).then_some(()) }).await;
    stop.cancel();
    events.await.unwrap();
    life.engine.close().await;
    println!(
        "{kills} kills in {killed:?}, all ended after {ended:?}, checked after {:?}: {sums:?}, \
         {} starts, {} activity tasks and {} tokens acknowledged",
        begun.elapsed(),
        notes.started.len(),
        notes.worked.values().map(Vec::len).sum::<usize>(),
        notes.answered,
    );
}
