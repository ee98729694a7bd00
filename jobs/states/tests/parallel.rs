//! Parallel states: their histories are those that were recorded on the service.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{ACTIVITY, Host, INVOKE, fail, run};
use serde_json::{Value, json};
use states_language::{Event, Status};

fn branch(name: &str, mut state: Value) -> Value {
    if !matches!(state["Type"].as_str(), Some("Fail" | "Succeed")) && state.get("Next").is_none() {
        state["End"] = json!(true);
    }
    json!({ "StartAt": name, "States": { name: state } })
}

fn wait() -> Value {
    branch("Rest", json!({"Type": "Wait", "Seconds": 60}))
}

fn refuse() -> Value {
    branch(
        "Refuse",
        json!({"Type": "Fail", "Error": "Refused", "Cause": "always"}),
    )
}

fn both(branches: &[Value], fields: &Value) -> Value {
    let mut state = json!({"Type": "Parallel", "Branches": branches, "End": true});
    for (key, value) in fields.as_object().unwrap() {
        state[key] = value.clone();
    }
    json!({ "Both": state })
}

#[test]
fn results_come_in_the_order_of_the_branches() {
    let branches = [
        branch("A", json!({"Type": "Pass", "Result": "a"})),
        branch("B", json!({"Type": "Pass", "Parameters": {"in.$": "$.x"}})),
    ];
    assert_eq!(
        run(&both(&branches, &json!({})), &json!({"x": 1})),
        json!(["a", {"in": 1}])
    );
    let fields = json!({
        "InputPath": "$.inner",
        "Parameters": {"x.$": "$.y"},
        "ResultSelector": {"second.$": "$[1].in"},
        "ResultPath": "$.result",
        "OutputPath": "$.result"
    });
    assert_eq!(
        run(&both(&branches, &fields), &json!({"inner": {"y": 2}})),
        json!({"second": 2})
    );
}

#[test]
fn a_branch_that_fails_stops_the_others() {
    let host = Host::start(&both(&[wait(), refuse()], &json!({})), &json!({}));
    assert_eq!(
        host.lines(),
        [
            "1 ExecutionStarted <- 0",
            "2 ParallelStateEntered <- 0",
            "3 ParallelStateStarted <- 2",
            "4 WaitStateEntered <- 3",
            "5 FailStateEntered <- 3",
            "6 WaitStateAborted <- 5",
            "7 ParallelStateFailed <- 5",
            "8 ExecutionFailed <- 7",
        ]
    );
    assert_eq!(host.failure(), ("Refused", "always"));
    assert_eq!(host.timers(), []);
}

#[test]
fn a_failure_is_caught_with_its_own_name() {
    let mut states = both(
        &[wait(), refuse()],
        &json!({"Catch": [{"ErrorEquals": ["Refused"], "ResultPath": "$.e", "Next": "Apologise"}]}),
    );
    states["Apologise"] = json!({"Type": "Pass", "End": true});
    let host = Host::start(&states, &json!({"x": 1}));
    assert_eq!(
        host.lines()[6..],
        [
            "7 ParallelStateFailed <- 5",
            "8 ParallelStateExited <- 7",
            "9 PassStateEntered <- 8",
            "10 PassStateExited <- 9",
            "11 ExecutionSucceeded <- 10",
        ]
    );
    assert_eq!(
        host.output(),
        json!({"x": 1, "e": {"Error": "Refused", "Cause": "always"}})
    );
}

#[test]
fn a_retry_begins_all_branches_again_and_follows_the_failure() {
    let states = both(
        &[wait(), refuse()],
        &json!({"Retry": [{"ErrorEquals": ["Refused"], "MaxAttempts": 1}]}),
    );
    let mut host = Host::start(&states, &json!({}));
    assert_eq!(host.types().last(), Some(&"WaitStateAborted"));
    assert_eq!(host.wait(), 1000);
    assert_eq!(
        host.lines()[6..],
        [
            "7 ParallelStateStarted <- 5",
            "8 WaitStateEntered <- 7",
            "9 FailStateEntered <- 7",
            "10 WaitStateAborted <- 9",
            "11 ParallelStateFailed <- 9",
            "12 ExecutionFailed <- 11",
        ]
    );
}

#[test]
fn success_and_exit_follow_the_last_event_inside() {
    let branches = [
        branch("Polish", json!({"Type": "Task", "Resource": ACTIVITY})),
        branch("Quick", json!({"Type": "Pass"})),
    ];
    let mut host = Host::start(&both(&branches, &json!({})), &json!({}));
    host.task_starts();
    host.task_succeeds(&json!(1));
    assert_eq!(
        host.lines()[2..],
        [
            "3 ParallelStateStarted <- 2",
            "4 TaskStateEntered <- 3",
            "5 ActivityScheduled <- 4",
            "6 PassStateEntered <- 3",
            "7 PassStateExited <- 6",
            "8 ActivityStarted <- 5",
            "9 ActivitySucceeded <- 8",
            "10 TaskStateExited <- 9",
            "11 ParallelStateSucceeded <- 10",
            "12 ParallelStateExited <- 10",
            "13 ExecutionSucceeded <- 12",
        ]
    );
}

#[test]
fn what_is_inside_of_a_stopped_branch_stops_too() {
    let inner = both(
        &[
            branch("Polish", json!({"Type": "Task", "Resource": ACTIVITY})),
            wait(),
        ],
        &json!({}),
    );
    let inner = json!({"StartAt": "Both", "States": inner});
    let call = branch(
        "Call",
        json!({"Type": "Task", "Resource": INVOKE,
                                     "Parameters": {"FunctionName": "f"}}),
    );
    let states = json!({"Outer": {"Type": "Parallel", "Branches": [inner, call], "End": true}});
    let mut host = Host::start(&states, &json!({}));
    let (polish, call) = (host.task_of("Polish"), host.task_of("Call"));
    host.starts(&polish);
    host.starts(&call);
    host.fails(&call, "Broken");
    let failed = host
        .lines()
        .iter()
        .position(|line| line.contains("TaskFailed"))
        .unwrap()
        + 1;
    assert_eq!(
        host.lines()[failed..],
        [
            format!("{} TaskStateAborted <- {failed}", failed + 1),
            format!("{} WaitStateAborted <- {failed}", failed + 2),
            format!("{} ParallelStateAborted <- {failed}", failed + 3),
            format!("{} ParallelStateFailed <- {failed}", failed + 4),
            format!("{} ExecutionFailed <- {}", failed + 5, failed + 4),
        ]
    );
    assert!(host.succeeds(&polish, &json!(1)).ignored, "it was stopped");
}

#[test]
fn a_redrive_runs_only_the_branches_that_did_not_succeed() {
    let branches = [
        branch(
            "Shrink",
            json!({"Type": "Task", "Resource": INVOKE,
                                "Parameters": {"FunctionName": "f"}}),
        ),
        branch("Polish", json!({"Type": "Task", "Resource": ACTIVITY})),
        branch("Print", json!({"Type": "Task", "Resource": ACTIVITY})),
    ];
    let mut host = Host::start(&both(&branches, &json!({})), &json!({}));
    let (shrink, polish) = (host.task_of("Shrink"), host.task_of("Polish"));
    host.starts(&shrink);
    host.succeeds(&shrink, &json!("small"));
    host.starts(&polish);
    host.fails(&polish, "Scratched");
    assert_eq!(host.status(), Status::Failed);
    host.send(Event::Redriven);
    let redriven = host
        .lines()
        .iter()
        .position(|line| line.contains("Redriven"))
        .unwrap()
        + 1;
    let entered = |name: &str| {
        let at = host.history.iter().position(|event| {
            event.event_type == "TaskStateEntered"
                && event.details.as_ref().unwrap().to_value()["name"] == name
        });
        at.unwrap() + 1
    };
    assert_eq!(
        host.lines()[redriven..],
        [
            format!(
                "{} ActivityScheduled <- {}",
                redriven + 1,
                entered("Polish")
            ),
            format!("{} ActivityScheduled <- {}", redriven + 2, entered("Print")),
        ]
    );
    for name in ["Print", "Polish"] {
        let task = host.task_of(name);
        host.succeeds(&task, &json!(name));
    }
    assert_eq!(host.output(), json!(["small", "Polish", "Print"]));
}

#[test]
fn a_runtime_error_in_a_branch_is_not_caught() {
    let bad = branch("Bad", json!({"Type": "Pass", "InputPath": "$.nothing"}));
    let mut states = both(
        &[bad],
        &json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Never"}]}),
    );
    states["Never"] = json!({"Type": "Pass", "End": true});
    assert_eq!(fail(&states, &json!({})).0, "States.Runtime");
}

#[test]
fn branches_take_turns_so_that_an_endless_one_does_not_hold_up_a_failure() {
    let endless = json!({"StartAt": "A", "States": {
        "A": {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": true, "Next": "E"}],
              "Default": "B"},
        "B": {"Type": "Pass", "Next": "A"},
        "E": {"Type": "Succeed"}}});
    let later = json!({"StartAt": "P", "States": {
        "P": {"Type": "Pass", "Next": "Stop"}, "Stop": {"Type": "Fail", "Error": "Enough"}}});
    let host = Host::start(&both(&[endless, later], &json!({})), &json!({}));
    assert_eq!(host.failure().0, "Enough");
    assert!(host.history.len() < 20);
}
