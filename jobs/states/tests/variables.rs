//! Variables and `Assign`, in both query languages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{ACTIVITY, Host, fail, run};
use serde_json::json;

#[test]
fn a_variable_is_there_from_the_next_state_on() {
    let states = json!({
        "First": {"Type": "Pass", "Assign": {"x.$": "$.a", "y": {"z": 2}}, "Next": "Second"},
        "Second": {"Type": "Pass", "Parameters": {"x.$": "$x", "z.$": "$y.z",
            "text.$": "States.Format('{}-{}', $x, $y.z)"}, "End": true}
    });
    let host = Host::start(&states, &json!({"a": [1]}));
    assert_eq!(host.output(), json!({"x": [1], "z": 2, "text": "[1]-2"}));
    assert_eq!(
        host.details(3),
        json!({
            "name": "First", "output": r#"{"a":[1]}"#, "outputDetails": {"truncated": false},
            "assignedVariables": {"x": "[1]", "y": r#"{"z":2}"#},
            "assignedVariablesDetails": {"truncated": false},
        })
    );
}

#[test]
fn all_right_sides_see_the_values_before() {
    let states = json!({
        "A": {"Type": "Pass", "Assign": {"x": 1, "y": 2}, "Next": "B"},
        "B": {"Type": "Pass", "Assign": {"x.$": "$y", "y.$": "$x"}, "Next": "C"},
        "C": {"Type": "Pass", "Parameters": {"x.$": "$x", "y.$": "$y"}, "End": true}
    });
    assert_eq!(run(&states, &json!({})), json!({"x": 2, "y": 1}));
}

#[test]
fn a_task_assigns_from_its_result_and_a_catcher_from_the_error() {
    let states = json!({
        "Call": {"Type": "Task", "Resource": ACTIVITY, "Assign": {"got.$": "$.a"},
                 "ResultPath": null, "Next": "Show",
                 "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": {"got.$": "$.Error"},
                            "ResultPath": null, "Next": "Show"}]},
        "Show": {"Type": "Pass", "Parameters": {"got.$": "$got", "in.$": "$"}, "End": true}
    });
    let mut host = Host::start(&states, &json!({"i": 1}));
    host.task_succeeds(&json!({"a": 7}));
    assert_eq!(host.output(), json!({"got": 7, "in": {"i": 1}}));
    let mut host = Host::start(&states, &json!({"i": 1}));
    host.task_fails("Broken");
    assert_eq!(host.output(), json!({"got": "Broken", "in": {"i": 1}}));
}

#[test]
fn a_rule_assigns_its_own_and_the_default_those_of_the_state() {
    let states = json!({
        "Which": {"Type": "Choice", "Assign": {"way": "default"}, "Default": "Show",
                  "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Assign": {"way": "rule"},
                               "Next": "Show"}]},
        "Show": {"Type": "Pass", "Parameters": {"way.$": "$way"}, "End": true}
    });
    assert_eq!(run(&states, &json!({"n": 1})), json!({"way": "rule"}));
    assert_eq!(run(&states, &json!({"n": 2})), json!({"way": "default"}));
}

#[test]
fn an_iteration_reads_outer_variables_and_keeps_its_own() {
    let states = json!({
        "Set": {"Type": "Pass", "Assign": {"x": "outer"}, "Next": "Each"},
        "Each": {"Type": "Map", "ItemsPath": "$.l", "ResultPath": "$.r", "Next": "Show",
            "ItemProcessor": {"StartAt": "Read", "States": {
                "Read": {"Type": "Pass", "Parameters": {"saw.$": "$x"},
                         "Assign": {"x": "inner"}, "Next": "Again"},
                "Again": {"Type": "Pass", "Parameters": {"saw.$": "$.saw", "then.$": "$x"},
                          "End": true}}}},
        "Show": {"Type": "Pass", "Parameters": {"r.$": "$.r", "x.$": "$x"}, "End": true}
    });
    let item = json!({"saw": "outer", "then": "inner"});
    assert_eq!(
        run(&states, &json!({"l": [1, 2]})),
        json!({"r": [item, item], "x": "outer"})
    );
}

#[test]
fn a_variable_that_was_never_assigned_is_an_error() {
    let states = json!({"A": {"Type": "Pass", "Parameters": {"x.$": "$nothing"}, "End": true}});
    let (error, cause) = fail(&states, &json!({}));
    assert_eq!(error, "States.Runtime");
    assert!(
        cause.ends_with("The variable '$nothing' has not been assigned."),
        "{cause}"
    );
}

#[test]
fn variables_have_limits() {
    let text = "x".repeat(140_000);
    let states = json!({
        "A": {"Type": "Pass", "Assign": {"a.$": "$", "b.$": "$"}, "End": true}
    });
    let (error, cause) = fail(&states, &json!(text));
    assert_eq!(error, "States.DataLimitExceeded");
    assert!(cause.contains("262144 bytes"), "{cause}");

    let mut states = json!({});
    for index in 0..80 {
        let next = format!("S{}", index + 1);
        states[format!("S{index}")] =
            json!({"Type": "Pass", "Assign": {format!("v{index}.$"): "$"}, "Next": next});
    }
    states["S80"] = json!({"Type": "Succeed"});
    let (error, cause) = fail(&states, &json!(text));
    assert_eq!(error, "States.DataLimitExceeded");
    assert!(cause.contains("10485760 bytes"), "{cause}");
    // Assigning the same variable again takes no more room.
    let mut states = json!({});
    for index in 0..80 {
        let next = format!("S{}", index + 1);
        states[format!("S{index}")] = json!({"Type": "Pass", "Assign": {"v.$": "$"}, "Next": next});
    }
    states["S80"] = json!({"Type": "Succeed"});
    run(&states, &json!(text));
}
