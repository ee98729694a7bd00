//! Runs one case.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use states_language::{Definition, Event, Status, TaskRequest};

use super::Case;
use super::common::{Host, machine};

/// No case needs more turns.
const MOST_TURNS: usize = 200;

/// Runs a case; the error says what was wrong.
pub fn check(case: &Case) -> Result<(), String> {
    let mut definition = machine(&case.states);
    // A table may take a field of a shared state away by null.
    remove_nulls(&mut definition["States"]);
    if let Some(language) = &case.language {
        definition["QueryLanguage"] = json!(language);
    }
    let definition = Definition::parse(&definition.to_string()).map_err(|e| e.to_string())?;
    let mut host = Host::with(definition, &case.input);
    host.send(Event::Started);
    let mut asked: BTreeMap<String, usize> = BTreeMap::new();
    let mut started = Vec::new();
    let mut waits = Vec::new();
    for _ in 0..MOST_TURNS {
        if host.status() != Status::Running {
            break;
        }
        let tasks: Vec<TaskRequest> = host.execution.open_tasks().cloned().collect();
        let fresh = tasks.iter().find(|task| !started.contains(&task.task));
        let Some(task) = fresh else {
            if host.timers().is_empty() {
                return Err("it waits for nothing".to_owned());
            }
            waits.push(host.wait());
            continue;
        };
        started.push(task.task);
        let time = asked.entry(task.state.clone()).or_default();
        let answers = case.answers.get(&task.state);
        let answer = answers.and_then(|answers| answers.get(*time));
        let answer = answer
            .ok_or_else(|| format!("no answer for {}", task.state))?
            .clone();
        *time += 1;
        perform(&mut host, task, &answer);
    }
    compare(case, &host, &waits)
}

fn remove_nulls(states: &mut Value) {
    for state in states.as_object_mut().into_iter().flatten() {
        if let Some(fields) = state.1.as_object_mut() {
            fields.retain(|key, value| !(value.is_null() && key == "End"));
        }
    }
}

fn perform(host: &mut Host, task: &TaskRequest, answer: &Value) {
    host.starts(task);
    if answer == "start" {
        return;
    }
    if let Some(submitted) = answer.get("submitted") {
        let output = submitted.to_string();
        host.send(Event::TaskSubmitted {
            task: task.task,
            output,
        });
    }
    if answer.get("error").is_some() {
        let text = |key: &str| answer.get(key).and_then(Value::as_str).map(str::to_owned);
        host.send(Event::TaskFailed {
            task: task.task,
            error: text("error"),
            cause: text("cause"),
        });
    } else if let Some(bytes) = answer.get("bytes").and_then(Value::as_u64) {
        host.succeeds(task, &json!("x".repeat(bytes as usize)));
    } else if answer.get("echo").is_some() {
        host.succeeds(task, &serde_json::from_str(&task.input).unwrap());
    } else {
        host.succeeds(task, &answer["output"]);
    }
}

fn compare(case: &Case, host: &Host, waits: &[i64]) -> Result<(), String> {
    let expect = &case.expect;
    if let Some(error) = &expect.error {
        if host.execution.error() != Some(error) {
            let found = (
                host.status(),
                host.execution.error(),
                host.execution.cause(),
            );
            return Err(format!("expected the error {error}, found {found:?}"));
        }
    } else if host.status() != Status::Succeeded {
        let found = (
            host.status(),
            host.execution.error(),
            host.execution.cause(),
        );
        return Err(format!("it did not succeed: {found:?}"));
    }
    if let Some(cause) = &expect.cause
        && !host.execution.cause().unwrap_or_default().contains(cause)
    {
        return Err(format!(
            "expected '{cause}' in {:?}",
            host.execution.cause()
        ));
    }
    if let Some(output) = &expect.output
        && host.output() != *output
    {
        return Err(format!("expected {output}, found {}", host.output()));
    }
    match &expect.waits {
        Some(expected) if expected != waits => {
            Err(format!("expected the waits {expected:?}, found {waits:?}"))
        }
        _ => Ok(()),
    }
}
