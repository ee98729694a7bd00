//! A store that is full of executions.

use std::time::Instant;

use serde_json::json;

use super::client::Connection;
use super::measures::chain;
use super::server::Server;
use super::{ms, row};

/// Connections that fill the store.
const FILLERS: usize = 16;

/// Stores so many executions, then lists some.
pub async fn fill_and_list(server: &Server, count: usize) {
    let mut connection = Connection::open(&server.target).await;
    let machine = connection.machine("stored", &chain(3)).await;
    let started = Instant::now();
    let mut fillers = tokio::task::JoinSet::new();
    for filler in 0..FILLERS {
        let (target, machine) = (server.target.clone(), machine.clone());
        fillers.spawn(async move {
            let mut connection = Connection::open(&target).await;
            let body = json!({ "stateMachineArn": machine, "input": "{}" });
            for _ in 0..count / FILLERS + usize::from(filler < count % FILLERS) {
                connection.call("StartExecution", &body).await;
            }
        });
    }
    fillers.join_all().await;
    let took = started.elapsed();
    row(
        &format!("{count} executions stored"),
        &format!("{:.0} per second", count as f64 / took.as_secs_f64()),
    );
    if let Some((_, memory)) = server.threads_and_memory() {
        row("memory with those stored", &format!("{memory:.0} MB"));
    }
    for (what, filter) in [("", None), (" of those that succeeded", Some("SUCCEEDED"))] {
        for page in [100, 1000] {
            let mut times = Vec::new();
            let mut token = json!(null);
            for _ in 0..50 {
                let mut body = json!({ "stateMachineArn": machine, "maxResults": page });
                if let Some(filter) = filter {
                    body["statusFilter"] = json!(filter);
                }
                if token.is_string() {
                    body["nextToken"] = token.clone();
                }
                let asked = Instant::now();
                let answer = connection.call("ListExecutions", &body).await;
                times.push(asked.elapsed());
                token = answer["nextToken"].clone();
            }
            times.sort_unstable();
            row(
                &format!("ListExecutions, a page of {page}{what}, p50"),
                &format!(
                    "{}, at most {}",
                    ms(times[times.len() / 2]),
                    ms(times[times.len() - 1])
                ),
            );
        }
    }
}
