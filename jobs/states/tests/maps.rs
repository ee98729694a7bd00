//! Inline Map states: their histories are those that were recorded on the service.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::too_many_lines,
    missing_docs
)]

mod common;

use common::{ACTIVITY, Host, fail, run};
use serde_json::{Value, json};
use states_language::{Event, Status};

fn each(inner: &Value, fields: &Value) -> Value {
    let first = inner.as_object().unwrap().keys().next().unwrap();
    let mut state = json!({
        "Type": "Map",
        "ItemProcessor": {"StartAt": first, "States": inner},
        "End": true
    });
    for (key, value) in fields.as_object().unwrap() {
        state[key] = value.clone();
    }
    json!({ "Each": state })
}

fn ask() -> Value {
    json!({"Ask": {"Type": "Task", "Resource": ACTIVITY, "TimeoutSeconds": 5, "End": true}})
}

#[test]
fn items_come_from_the_path_and_results_in_their_order() {
    let double = json!({"N": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($, 1)"},
                              "End": true}});
    let states = each(
        &double,
        &json!({"ItemsPath": "$.list", "ResultPath": "$.done"}),
    );
    assert_eq!(
        run(&states, &json!({"list": [1, 2, 3]})),
        json!({"list": [1, 2, 3], "done": [{"n": 2}, {"n": 3}, {"n": 4}]})
    );
}

#[test]
fn the_selector_and_the_iteration_see_index_and_value() {
    let inner = json!({"N": {"Type": "Pass", "Parameters": {
        "in.$": "$", "index.$": "$$.Map.Item.Index", "value.$": "$$.Map.Item.Value"}, "End": true}});
    for name in ["ItemSelector", "Parameters"] {
        let states = each(
            &inner,
            &json!({"ItemsPath": "$.list", name: {
                "i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "all.$": "$.who"}}),
        );
        assert_eq!(
            run(&states, &json!({"list": ["a", "b"], "who": "me"})),
            json!([
                {"in": {"i": 0, "v": "a", "all": "me"}, "index": 0, "value": "a"},
                {"in": {"i": 1, "v": "b", "all": "me"}, "index": 1, "value": "b"},
            ])
        );
    }
}

#[test]
fn the_former_name_of_the_processor_works() {
    let states = json!({"Each": {"Type": "Map", "End": true, "Iterator": {
        "StartAt": "P", "States": {"P": {"Type": "Succeed"}}}}});
    assert_eq!(run(&states, &json!([1, [2]])), json!([1, [2]]));
}

#[test]
fn an_empty_array_gives_an_empty_result() {
    let host = Host::start(&each(&ask(), &json!({})), &json!([]));
    assert_eq!(
        host.lines(),
        [
            "1 ExecutionStarted <- 0",
            "2 MapStateEntered <- 0",
            "3 MapStateStarted <- 2",
            "4 MapStateSucceeded <- 3",
            "5 MapStateExited <- 3",
            "6 ExecutionSucceeded <- 5",
        ]
    );
    assert_eq!(host.details(3), json!({"length": 0}));
    assert_eq!(host.output(), json!([]));
}

#[test]
fn all_iterations_begin_before_their_states_do() {
    let mut host = Host::start(&each(&ask(), &json!({})), &json!([1, 2]));
    let tasks: Vec<_> = host.execution.open_tasks().cloned().collect();
    host.starts(&tasks[1]);
    host.succeeds(&tasks[1], &json!("b"));
    host.starts(&tasks[0]);
    host.succeeds(&tasks[0], &json!("a"));
    assert_eq!(
        host.lines()[2..],
        [
            "3 MapStateStarted <- 2",
            "4 MapIterationStarted <- 3",
            "5 MapIterationStarted <- 3",
            "6 TaskStateEntered <- 4",
            "7 ActivityScheduled <- 6",
            "8 TaskStateEntered <- 5",
            "9 ActivityScheduled <- 8",
            "10 ActivityStarted <- 9",
            "11 ActivitySucceeded <- 10",
            "12 TaskStateExited <- 11",
            "13 MapIterationSucceeded <- 12",
            "14 ActivityStarted <- 7",
            "15 ActivitySucceeded <- 14",
            "16 TaskStateExited <- 15",
            "17 MapIterationSucceeded <- 16",
            "18 MapStateSucceeded <- 17",
            "19 MapStateExited <- 17",
            "20 ExecutionSucceeded <- 19",
        ]
    );
    assert_eq!(host.details(3), json!({"length": 2}));
    assert_eq!(host.details(5), json!({"name": "Each", "index": 1}));
    assert_eq!(host.output(), json!(["a", "b"]));
}

#[test]
fn one_at_a_time_the_next_follows_what_the_last_ended_with() {
    for (fields, input) in [
        (
            json!({"MaxConcurrency": 1, "ItemsPath": "$.l"}),
            json!({"l": [1, 2]}),
        ),
        (
            json!({"MaxConcurrencyPath": "$.m", "ItemsPath": "$.l"}),
            json!({"l": [1, 2], "m": 1}),
        ),
    ] {
        let mut host = Host::start(&each(&ask(), &fields), &input);
        for _ in 0..2 {
            host.task_starts();
            host.task_succeeds(&json!({}));
        }
        assert_eq!(
            host.lines()[3..],
            [
                "4 MapIterationStarted <- 3",
                "5 TaskStateEntered <- 4",
                "6 ActivityScheduled <- 5",
                "7 ActivityStarted <- 6",
                "8 ActivitySucceeded <- 7",
                "9 TaskStateExited <- 8",
                "10 MapIterationSucceeded <- 9",
                "11 MapIterationStarted <- 9",
                "12 TaskStateEntered <- 11",
                "13 ActivityScheduled <- 12",
                "14 ActivityStarted <- 13",
                "15 ActivitySucceeded <- 14",
                "16 TaskStateExited <- 15",
                "17 MapIterationSucceeded <- 16",
                "18 MapStateSucceeded <- 17",
                "19 MapStateExited <- 17",
                "20 ExecutionSucceeded <- 19",
            ]
        );
    }
}

#[test]
fn no_more_than_forty_iterations_run_at_once() {
    let items: Vec<u32> = (0..100).collect();
    let mut host = Host::start(&each(&ask(), &json!({})), &json!(items));
    assert_eq!(host.execution.open_tasks().count(), 40);
    let task = host.task();
    host.succeeds(&task, &json!(0));
    assert_eq!(host.execution.open_tasks().count(), 40);
    while host.status() == Status::Running {
        let task = host.task();
        host.succeeds(&task, &json!(1));
    }
    assert_eq!(host.output().as_array().unwrap().len(), 100);
}

#[test]
fn an_iteration_that_times_out_fails_the_map_and_stops_the_others() {
    let mut host = Host::start(&each(&ask(), &json!({})), &json!([1, 2, 3]));
    let tasks: Vec<_> = host.execution.open_tasks().cloned().collect();
    for task in &tasks {
        host.starts(task);
    }
    let (timer, millis) = host.timers()[0];
    assert_eq!(millis, 5000);
    host.now += 5000;
    host.send(Event::TimerFired { timer });
    let failed = host
        .types()
        .iter()
        .position(|kind| *kind == "ActivityTimedOut")
        .unwrap()
        + 1;
    assert_eq!(
        host.lines()[failed..],
        [
            format!("{} MapIterationFailed <- {failed}", failed + 1),
            format!("{} TaskStateAborted <- {failed}", failed + 2),
            format!("{} MapIterationAborted <- {failed}", failed + 3),
            format!("{} TaskStateAborted <- {failed}", failed + 4),
            format!("{} MapIterationAborted <- {failed}", failed + 5),
            format!("{} MapStateFailed <- {failed}", failed + 6),
            format!("{} ExecutionFailed <- {}", failed + 7, failed + 6),
        ]
    );
    assert_eq!(
        host.details(failed + 1),
        json!({"name": "Each", "index": 0})
    );
    assert_eq!(
        host.details(failed + 5),
        json!({"name": "Each", "index": 2})
    );
    assert_eq!(host.failure().0, "States.Timeout");
}

#[test]
fn a_retried_map_begins_anew_after_the_failure() {
    let inner = json!({"Refuse": {"Type": "Fail", "Error": "Refused", "Cause": "always"}});
    let states = each(
        &inner,
        &json!({"Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]}),
    );
    let mut host = Host::start(&states, &json!([1]));
    host.wait();
    assert_eq!(
        host.lines()[1..],
        [
            "2 MapStateEntered <- 0",
            "3 MapStateStarted <- 2",
            "4 MapIterationStarted <- 3",
            "5 FailStateEntered <- 4",
            "6 MapIterationFailed <- 5",
            "7 MapStateStarted <- 5",
            "8 MapIterationStarted <- 7",
            "9 FailStateEntered <- 8",
            "10 MapIterationFailed <- 9",
            "11 MapStateFailed <- 9",
            "12 ExecutionFailed <- 11",
        ]
    );
    assert_eq!(host.failure(), ("Refused", "always"));
}

#[test]
fn retry_counts_of_iterations_are_their_own() {
    let mut inner = ask();
    inner["Ask"]["Retry"] = json!([{"ErrorEquals": ["Busy"], "MaxAttempts": 1}]);
    inner["Ask"]["Parameters"] = json!({"tries.$": "$$.State.RetryCount"});
    let mut host = Host::start(&each(&inner, &json!({})), &json!([1, 2]));
    for _ in 0..2 {
        let task = host.task();
        host.starts(&task);
        host.fails(&task, "Busy");
    }
    host.wait();
    host.wait();
    let inputs: Vec<_> = host
        .execution
        .open_tasks()
        .map(|task| task.input.clone())
        .collect();
    assert_eq!(inputs, [r#"{"tries":1}"#, r#"{"tries":1}"#]);
}

#[test]
fn a_redrive_runs_only_the_iterations_that_did_not_succeed() {
    let mut host = Host::start(
        &each(&ask(), &json!({"MaxConcurrency": 2})),
        &json!([0, 1, 2]),
    );
    let first = host.task();
    host.succeeds(&first, &json!("zero"));
    let second = host.task();
    host.starts(&second);
    host.fails(&second, "Broken");
    assert_eq!(host.status(), Status::Failed);
    host.send(Event::Redriven);
    assert_eq!(host.execution.open_tasks().count(), 2);
    while host.status() == Status::Running {
        let task = host.task();
        let input = task.input.clone();
        host.succeeds(&task, &json!(input));
    }
    assert_eq!(host.output(), json!(["zero", "1", "2"]));
}

#[test]
fn what_is_no_array_is_an_error() {
    let states = each(&ask(), &json!({"ItemsPath": "$.x"}));
    let (error, cause) = fail(&states, &json!({"x": 5}));
    assert_eq!(error, "States.Runtime");
    assert!(
        cause.ends_with("Reference path \"$.x\" must point to array."),
        "{cause}"
    );
}

#[test]
fn maps_nest() {
    let inner = json!({"Inner": {"Type": "Map", "End": true, "ItemProcessor": {
        "StartAt": "N", "States": {"N": {"Type": "Pass", "End": true, "Parameters": {
            "v.$": "$", "i.$": "$$.Map.Item.Index"}}}}}});
    assert_eq!(
        run(&each(&inner, &json!({})), &json!([[5, 6], [7]])),
        json!([[{"v": 5, "i": 0}, {"v": 6, "i": 1}], [{"v": 7, "i": 0}]])
    );
}

#[test]
fn the_history_has_its_limit_also_inside() {
    let endless = json!({
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": true, "Next": "C"}],
              "Default": "A"},
        "C": {"Type": "Succeed"}
    });
    let mut states = each(
        &endless,
        &json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Never"}]}),
    );
    states["Never"] = json!({"Type": "Pass", "End": true});
    let host = Host::start(&states, &json!([1, 2, 3]));
    assert_eq!(host.history.len(), 25_000);
    assert_eq!(host.types().last(), Some(&"ExecutionFailed"));
    assert_eq!(host.failure().0, "States.Runtime");
}
