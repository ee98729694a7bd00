//! The comparison of what was acknowledged with what the engine says.

use std::collections::BTreeSet;

use local_cloud::states::Engine;
use serde_json::{Value, json};

use super::super::support::text;
use super::journal::Notes;
use super::machine::{self, Machines};

/// How much was checked.
#[derive(Debug, Default)]
pub struct Sums {
    executions: usize,
    events: usize,
    pub failed_calls: usize,
}

/// Every execution that was acknowledged is there; every one that is there, acknowledged or not, has ended once, with
/// the right output and a whole history, and what workers were thanked for is what counts.
pub async fn check(engine: &Engine, machines: &Machines, notes: &Notes) -> Sums {
    let mut sums = Sums::default();
    let mut found = BTreeSet::new();
    for machine in [&machines.work, &machines.spread] {
        for name in names(engine, machine).await {
            let arn = machine.replace(":stateMachine:", ":execution:");
            let body = json!({ "executionArn": format!("{arn}:{name}") });
            let described = request(engine, "DescribeExecution", body).await;
            assert_eq!(described["status"], "SUCCEEDED", "{described}");
            let history = history(engine, &described).await;
            let input = fold(&described, &history);
            let output = parsed(&described["output"]);
            if *machine == machines.spread {
                assert_eq!(output, machine::spreads(&input));
            } else {
                let activity = &output["parts"][0];
                assert_eq!(output, machine::worked(&input, activity));
                // The work that was accepted is the work that counts, and none was accepted twice. The worker may
                // have been killed between the answer and its note: then the result is a stranger's.
                let accepted = notes.worked.get(&name).cloned().unwrap_or_default();
                assert!(
                    accepted.is_empty() || accepted == [text(activity)],
                    "{accepted:?}"
                );
                assert_eq!(count(&history, "ActivitySucceeded"), 1, "{name}");
                // One by its token, one that failed at first.
                assert_eq!(count(&history, "TaskSucceeded"), 2, "{name}");
                sums.failed_calls += count(&history, "TaskFailed");
            }
            sums.executions += 1;
            sums.events += history.len();
            assert!(found.insert((name, machine.clone())), "listed twice");
        }
    }
    for start in &notes.started {
        assert!(
            found.contains(start),
            "{start:?} was acknowledged and is lost"
        );
    }
    sums
}

/// Whether each of these executions was told of as succeeded, once.
pub fn told_once(told: &[(String, String)], started: &[(String, String)]) -> bool {
    started.iter().all(|(name, _)| {
        let ends = told
            .iter()
            .filter(|(of, status)| of == name && status == "SUCCEEDED");
        ends.count() == 1
    })
}

async fn request(engine: &Engine, operation: &str, body: Value) -> Value {
    match engine.request(operation, body.clone()).await {
        Ok(answer) => answer,
        Err(error) => panic!("{operation} {body}: {error}"),
    }
}

/// The names of all executions of a machine.
async fn names(engine: &Engine, machine: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut body = json!({ "stateMachineArn": machine, "maxResults": 1000 });
    loop {
        let page = request(engine, "ListExecutions", body.clone()).await;
        let executions = page["executions"].as_array().unwrap();
        names.extend(executions.iter().map(|execution| text(&execution["name"])));
        if page["nextToken"].is_null() {
            return names;
        }
        body["nextToken"] = page["nextToken"].clone();
    }
}

async fn history(engine: &Engine, described: &Value) -> Vec<Value> {
    let body = json!({ "executionArn": described["executionArn"], "maxResults": 1000 });
    let page = request(engine, "GetExecutionHistory", body).await;
    assert!(page["nextToken"].is_null(), "more events than a page has");
    page["events"].as_array().unwrap().clone()
}

/// Goes through a history and checks that it is one: ids without gaps, a beginning and an end, every state entered with
/// what the one before it gave and left once, and in the end what the description says. Gives the input.
fn fold(described: &Value, history: &[Value]) -> Value {
    for (event, id) in history.iter().zip(1_u64..) {
        assert_eq!(event["id"], id, "{history:?}");
        assert!(event["previousEventId"].as_u64() < Some(id), "{event}");
    }
    let (first, last) = (&history[0], &history[history.len() - 1]);
    assert_eq!(first["type"], "ExecutionStarted");
    assert_eq!(last["type"], "ExecutionSucceeded");
    for only in ["ExecutionStarted", "ExecutionSucceeded"] {
        assert_eq!(count(history, only), 1, "{only}: {history:?}");
    }
    assert_eq!(
        last["executionSucceededEventDetails"]["output"],
        described["output"]
    );
    let input = parsed(&first["executionStartedEventDetails"]["input"]);
    for event in history {
        if let Some(entered) = event.get("stateEnteredEventDetails") {
            let given = given(history, event, &input);
            assert_eq!(parsed(&entered["input"]), given, "{event}");
        }
    }
    let (entered, left) = (
        named(history, "stateEnteredEventDetails"),
        named(history, "stateExitedEventDetails"),
    );
    assert_eq!(entered, left, "{history:?}");
    let mut exits = history.iter().rev();
    let exit = exits.find_map(|event| event.get("stateExitedEventDetails"));
    assert_eq!(exit.map(|exit| &exit["output"]), Some(&described["output"]));
    input
}

/// What the event before a state's beginning hands to it.
fn given(history: &[Value], event: &Value, input: &Value) -> Value {
    let before = |event: &Value| {
        let id = event["previousEventId"].as_u64().unwrap() as usize;
        id.checked_sub(1).map(|place| &history[place])
    };
    let Some(previous) = before(event) else {
        return input.clone();
    };
    match previous["type"].as_str().unwrap() {
        // Its branches get what it was entered with.
        "ParallelStateStarted" => {
            let entered = before(previous).unwrap();
            parsed(&entered["stateEnteredEventDetails"]["input"])
        }
        "MapIterationStarted" => {
            let index = &previous["mapIterationStartedEventDetails"]["index"];
            input["items"][index.as_u64().unwrap() as usize].clone()
        }
        _ => parsed(&previous["stateExitedEventDetails"]["output"]),
    }
}

fn named(history: &[Value], details: &str) -> Vec<String> {
    let details = history.iter().filter_map(|event| event.get(details));
    let mut names: Vec<String> = details.map(|details| text(&details["name"])).collect();
    names.sort();
    names
}

fn count(history: &[Value], kind: &str) -> usize {
    let of_kind = history.iter().filter(|event| event["type"] == kind);
    of_kind.count()
}

fn parsed(value: &Value) -> Value {
    serde_json::from_str(&text(value)).unwrap()
}
