//! What is measured of an engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::client::{Connection, Target};
use super::server::Server;
use super::{ms, row};

/// How much is done.
pub struct Size {
    /// Executions one after the other whose times are taken.
    pub rounds: usize,
    /// Clients at the same time.
    pub clients: usize,
    /// For how long they go on.
    pub seconds: f64,
    /// Polls that wait at the same time.
    pub polls: usize,
    /// Executions that are stored for the lists.
    pub stored: usize,
}

impl Size {
    pub const WHOLE: Size = Size {
        rounds: 2_000,
        clients: 8,
        seconds: 10.0,
        polls: 1_000,
        stored: 100_000,
    };
    /// For an engine that takes a tenth of a second for an execution.
    pub const SLOW: Size = Size {
        rounds: 100,
        ..Size::WHOLE
    };
    pub const QUICK: Size = Size {
        rounds: 20,
        clients: 8,
        seconds: 0.5,
        polls: 50,
        stored: 500,
    };
}

/// So many Pass states in a row.
pub fn chain(length: usize) -> Value {
    let mut states = Map::new();
    for number in 0..length {
        let mut state = json!({ "Type": "Pass" });
        if number + 1 == length {
            state["End"] = json!(true);
        } else {
            state["Next"] = json!(format!("S{}", number + 1));
        }
        states.insert(format!("S{number}"), state);
    }
    json!({ "StartAt": "S0", "States": states })
}

/// An inline Map over so many items, with one Pass state for each.
pub fn map(items: usize) -> Value {
    let items: Vec<usize> = (0..items).collect();
    json!({ "StartAt": "Items", "States": {
        "Items": { "Type": "Pass", "Result": items, "Next": "Each" },
        "Each": { "Type": "Map", "End": true, "ItemProcessor": {
            "StartAt": "One", "States": { "One": { "Type": "Pass", "End": true } } } } } })
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() - 1) * percent / 100]
}

async fn timed(connection: &mut Connection, machine: &str, rounds: usize) -> Vec<Duration> {
    // The first ones pay for caches.
    for _ in 0..rounds / 20 {
        connection.execute(machine, "{}").await;
    }
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let started = Instant::now();
        connection.execute(machine, "{}").await;
        times.push(started.elapsed());
    }
    times
}

/// From asking for an execution of three Pass states to seeing that it has succeeded.
pub async fn three_passes(target: &Target, rounds: usize) {
    let mut connection = Connection::open(target).await;
    let machine = connection.machine("three", &chain(3)).await;
    let mut times = timed(&mut connection, &machine, rounds).await;
    row(
        "three Pass, start to seen SUCCEEDED, p50",
        &ms(percentile(&mut times, 50)),
    );
    row(
        "three Pass, start to seen SUCCEEDED, p95",
        &ms(percentile(&mut times, 95)),
    );
}

/// Runs executions with many clients; gives how many were seen to succeed, in which time.
async fn together(
    target: &Target,
    machine: &str,
    clients: usize,
    seconds: f64,
) -> (usize, Duration) {
    let started = Instant::now();
    let limit = Duration::from_secs_f64(seconds);
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..clients {
        let (target, machine) = (target.clone(), machine.to_owned());
        running.spawn(async move {
            let mut connection = Connection::open(&target).await;
            let mut done = 0;
            while started.elapsed() < limit {
                connection.execute(&machine, "{}").await;
                done += 1;
            }
            done
        });
    }
    let done = running.join_all().await.into_iter().sum();
    (done, started.elapsed())
}

/// Executions of three Pass states that many clients start and see succeeded.
pub async fn clients(target: &Target, clients: usize, seconds: f64) {
    let machine = Connection::open(target)
        .await
        .machine("clients", &chain(3))
        .await;
    let (done, took) = together(target, &machine, clients, seconds).await;
    row(
        &format!("executions of three Pass, {clients} clients"),
        &format!("{:.0} per second", done as f64 / took.as_secs_f64()),
    );
}

/// How many states pass in a second, with one client and with many.
pub async fn states(target: &Target, what: &str, definition: &Value, size: &Size) {
    let mut connection = Connection::open(target).await;
    let name = what.replace(' ', "-");
    let machine = connection.machine(&name, definition).await;
    // The Map's own states are not counted.
    let states = 200.0;
    let rounds = size.rounds.min(400);
    let mut times = timed(&mut connection, &machine, rounds).await;
    let total: Duration = times.iter().sum();
    let rate = states * rounds as f64 / total.as_secs_f64();
    row(
        &format!("{what}, 1 client"),
        &format!("{rate:.0} states per second"),
    );
    row(
        &format!("{what}, 1 client, p50"),
        &ms(percentile(&mut times, 50)),
    );
    let (done, took) = together(target, &machine, size.clients, size.seconds).await;
    let rate = states * done as f64 / took.as_secs_f64();
    row(
        &format!("{what}, {} clients", size.clients),
        &format!("{rate:.0} states per second"),
    );
}

/// What a step costs that a worker does: the same three states with an activity in the middle.
pub async fn activity(target: &Target, rounds: usize) {
    let mut connection = Connection::open(target).await;
    let activity = connection
        .call("CreateActivity", &json!({ "name": "load" }))
        .await;
    let activity = activity["activityArn"].as_str().unwrap().to_owned();
    let plain = connection.machine("without-activity", &chain(3)).await;
    let mut definition = chain(3);
    definition["States"]["S1"]["Type"] = json!("Task");
    definition["States"]["S1"]["Resource"] = json!(activity);
    definition["States"]["S1"]["HeartbeatSeconds"] = json!(60);
    let machine = connection.machine("with-activity", &definition).await;

    let ended = Arc::new(AtomicBool::new(false));
    let worker = tokio::spawn({
        let (target, activity) = (target.clone(), activity.clone());
        let ended = Arc::clone(&ended);
        async move {
            let mut connection = Connection::open(&target).await;
            while !ended.load(Ordering::Acquire) {
                let body = json!({ "activityArn": activity, "workerName": "load" });
                let task = connection.call("GetActivityTask", &body).await;
                let body = json!({ "taskToken": task["taskToken"], "output": "{}" });
                connection.call("SendTaskSuccess", &body).await;
            }
        }
    });
    let mut without = timed(&mut connection, &plain, rounds).await;
    let mut with = timed(&mut connection, &machine, rounds).await;
    ended.store(true, Ordering::Release);
    connection.execute(&machine, "{}").await;
    worker.await.unwrap();
    for percent in [50, 95] {
        let (with, without) = (
            percentile(&mut with, percent),
            percentile(&mut without, percent),
        );
        row(
            &format!("an activity step adds, p{percent}"),
            &format!(
                "{} ({} to {})",
                ms(with.saturating_sub(without)),
                ms(without),
                ms(with)
            ),
        );
    }
}

/// What so many waiting workers cost.
pub async fn polls(server: &Server, count: usize) {
    let mut connection = Connection::open(&server.target).await;
    let activity = connection
        .call("CreateActivity", &json!({ "name": "polls" }))
        .await;
    let body = json!({ "activityArn": activity["activityArn"] });
    let before = server.threads_and_memory();
    let mut polls = tokio::task::JoinSet::new();
    for _ in 0..count {
        let (target, body) = (server.target.clone(), body.clone());
        polls.spawn(async move {
            // What is asked below may have the last place for a moment.
            loop {
                let mut connection = Connection::open(&target).await;
                let (status, _) = connection.try_call("GetActivityTask", &body).await;
                if status.is_success() {
                    break;
                }
            }
        });
    }
    // One more poll than an activity may have is refused: then all the others wait. In the quick form they have to be
    // given a moment instead.
    if count == 1_000 {
        loop {
            let mut one_more = Connection::open(&server.target).await;
            let asked = one_more.try_call("GetActivityTask", &body);
            match tokio::time::timeout(Duration::from_millis(200), asked).await {
                Ok((status, _)) if !status.is_success() => break,
                _ => {}
            }
        }
    } else {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let during = server.threads_and_memory();
    polls.abort_all();
    if let (Some((threads, memory)), Some((threads_now, memory_now))) = (before, during) {
        row(
            &format!("{count} waiting polls"),
            &format!(
                "{memory_now:.0} MB and {threads_now} threads; {memory:.0} MB and {threads} before"
            ),
        );
    }
}
