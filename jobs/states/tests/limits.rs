//! The limits of the service: 25,000 events, 262,144 bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::too_many_lines,
    missing_docs
)]

mod common;

use common::{ACTIVITY, FUNCTION, Host, INVOKE, fail, info, machine};
use serde_json::{Value, json};
use states_language::{
    Command, Definition, Event, Execution, MAX_BYTES, MAX_DEPTH, MAX_EVENTS, Moment, PayloadError,
    Status, Timestamp, step,
};

/// A string whose JSON text has so many bytes.
fn text_of(bytes: usize) -> Value {
    Value::String("x".repeat(bytes - 2))
}

#[test]
fn an_endless_machine_ends_with_its_last_event() {
    let states = json!({
        "A": { "Type": "Pass", "Next": "B" },
        "B": { "Type": "Choice", "Default": "A",
               "Choices": [{"Variable": "$.stop", "IsPresent": true, "Next": "End"}] },
        "End": { "Type": "Succeed" }
    });
    let host = Host::start(&states, &json!({}));
    assert_eq!(host.history.len() as u64, MAX_EVENTS);
    assert_eq!(host.types().last(), Some(&"ExecutionFailed"));
    assert_eq!(
        host.failure(),
        (
            "States.Runtime",
            "The execution reached the maximum number of history events (25000)."
        )
    );
}

#[test]
fn the_limit_also_ends_an_execution_between_a_task_and_its_answer() {
    // Four events before the loop of retries, then three for each attempt.
    let states = json!({
        "T": { "Type": "Task", "Resource": ACTIVITY, "End": true, "Retry": [
            {"ErrorEquals": ["States.ALL"], "MaxAttempts": 99_999_999, "BackoffRate": 1.0}
        ] }
    });
    let definition = Definition::parse(&machine(&states).to_string()).unwrap();
    let moment = Moment {
        now: Timestamp(0),
        seed: 0,
    };
    let execution = Execution::new(info(), "{}").unwrap();
    let mut last = step(&definition, execution, Event::Started, moment);
    let mut commands = last.commands.clone();
    while last.execution.status() == Status::Running {
        let event = if let Some(task) = last.execution.open_tasks().next().map(|task| task.task) {
            if last.execution.task_started(task) {
                Event::TaskFailed {
                    task,
                    error: None,
                    cause: None,
                }
            } else {
                Event::TaskStarted {
                    task,
                    worker_name: None,
                }
            }
        } else {
            let timer = last.execution.timers().next().unwrap().0;
            Event::TimerFired { timer }
        };
        last = step(&definition, last.execution, event, moment);
        assert!(!last.ignored);
        commands.extend(last.commands.iter().cloned());
    }
    assert_eq!(last.execution.last_event_id(), MAX_EVENTS);
    assert!(last.execution.cause().unwrap().contains("25000"));
    let started = commands
        .iter()
        .filter(|c| matches!(c, Command::StartTask(_)))
        .count();
    assert!(started > 8000);
    assert!(
        step(&definition, last.execution, Event::Redriven, moment).ignored,
        "no room to go on"
    );
}

#[test]
fn an_input_has_its_limit() {
    let text = text_of(MAX_BYTES).to_string();
    assert!(Execution::new(info(), &text).is_ok());
    let text = text_of(MAX_BYTES + 1).to_string();
    assert_eq!(
        Execution::new(info(), &text),
        Err(PayloadError::TooLarge(MAX_BYTES + 1))
    );
}

#[test]
fn a_result_above_the_limit_fails_the_task_and_is_caught() {
    for (resource, named) in [
        (INVOKE, "lambda"),
        (FUNCTION, FUNCTION),
        (ACTIVITY, ACTIVITY),
    ] {
        let states = json!({
            "T": { "Type": "Task", "Resource": resource, "End": true,
                   "Parameters": {"FunctionName": "f"},
                   "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "H"}] },
            "H": { "Type": "Succeed" }
        });
        let mut host = Host::start(&states, &json!({}));
        host.task_starts();
        host.task_succeeds(&text_of(MAX_BYTES + 1));
        let cause = format!(
            "The state/task '{named}' returned a result with a size exceeding the maximum number \
             of bytes service limit."
        );
        assert!(host.types()[4].ends_with("Failed"));
        assert_eq!(host.details(5)["error"], "States.DataLimitExceeded");
        assert_eq!(
            host.output(),
            json!({"Error": "States.DataLimitExceeded", "Cause": cause})
        );

        let mut host = Host::start(&states, &json!({}));
        host.task_succeeds(&text_of(MAX_BYTES));
        assert_eq!(host.status(), Status::Succeeded);
    }
}

#[test]
fn an_output_above_the_limit_fails_the_execution() {
    let states = json!({
        "P": { "Type": "Pass", "End": true, "Parameters": {"a.$": "$", "b.$": "$"} }
    });
    assert_eq!(
        fail(&states, &text_of(MAX_BYTES / 2 + 1)).0,
        "States.DataLimitExceeded"
    );
    let host = Host::start(&states, &text_of(MAX_BYTES / 2 - 100));
    assert_eq!(host.status(), Status::Succeeded);
}

#[test]
fn a_tasks_input_above_the_limit_fails_the_execution_even_with_a_catch_all() {
    let states = json!({
        "T": { "Type": "Task", "Resource": ACTIVITY, "End": true,
               "Parameters": {"a.$": "$", "b.$": "$"},
               "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "H"}] },
        "H": { "Type": "Succeed" }
    });
    let host = Host::start(&states, &text_of(MAX_BYTES - 100));
    assert_eq!(host.failure().0, "States.DataLimitExceeded");
    assert!(
        host.commands
            .iter()
            .all(|command| !matches!(command, Command::StartTask(_)))
    );
}

#[test]
fn values_have_a_depth_that_can_be_stored_and_read_again() {
    // Each turn wraps the value once more; the execution must end in words, not in a stack.
    let states = json!({
        "A": { "Type": "Pass", "Parameters": {"v.$": "$"}, "Next": "B" },
        "B": { "Type": "Choice", "Default": "A",
               "Choices": [{"Variable": "$.stop", "IsPresent": true, "Next": "End"}] },
        "End": { "Type": "Succeed" }
    });
    let host = Host::start(&states, &json!({}));
    assert!(
        host.failure().1.contains(&format!("{MAX_DEPTH} levels")),
        "{:?}",
        host.failure()
    );
    assert!(host.history.len() < 500);
    let deep = "[".repeat(MAX_DEPTH + 1) + &"]".repeat(MAX_DEPTH + 1);
    assert_eq!(Execution::new(info(), &deep), Err(PayloadError::TooDeep));
}

#[test]
fn a_stored_execution_is_small() {
    let states = json!({
        "A": { "Type": "Pass", "Next": "T" },
        "T": { "Type": "Task", "Resource": ACTIVITY, "End": true, "Retry": [
            {"ErrorEquals": ["States.ALL"], "MaxAttempts": 1000, "BackoffRate": 1.0}
        ] }
    });
    let mut host = Host::start(&states, &json!({"a": "x".repeat(1000)}));
    let size = |host: &Host| serde_json::to_string(&host.execution).unwrap().len();
    let before = size(&host);
    for _ in 0..200 {
        host.task_fails("E");
        host.wait();
    }
    assert!(before < 5000, "{before}");
    assert!(size(&host) < before + 100, "the history is not in it");
}
