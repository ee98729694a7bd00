//! One state by itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{ACTIVITY, INVOKE, START, info};
use serde_json::{Value, json};
use states_language::{
    Definition, Moment, Outcome, StateTest, TestStatus, Tested, TestedError, Timestamp, test_state,
};

fn test(state: &Value, change: impl FnOnce(&mut StateTest)) -> Tested {
    let definition = Definition::parse_state(&state.to_string(), "It").unwrap();
    let mut test = StateTest {
        state: "It".to_owned(),
        input: r#"{"a": {"b": 1}, "keep": true}"#.to_owned(),
        info: info(),
        ..StateTest::default()
    };
    change(&mut test);
    let moment = Moment {
        now: Timestamp(START),
        seed: 1,
    };
    test_state(&definition, &test, moment).unwrap()
}

fn done(tested: Tested) -> Outcome {
    match tested {
        Tested::Done(outcome) => *outcome,
        other => panic!("{other:?}"),
    }
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_pass_tells_what_its_fields_made() {
    let state = json!({"Type": "Pass", "InputPath": "$.a", "Parameters": {"c.$": "$.b"},
                       "ResultPath": "$.r", "Next": "Elsewhere"});
    let outcome = done(test(&state, |_| {}));
    assert_eq!(outcome.status, TestStatus::Succeeded);
    assert_eq!(outcome.next_state.as_deref(), Some("Elsewhere"));
    assert_eq!(
        value(outcome.output.as_deref().unwrap()),
        json!({"a": {"b": 1}, "keep": true, "r": {"c": 1}})
    );
    assert_eq!(outcome.inspection["afterInputPath"], r#"{"b":1}"#);
    assert_eq!(outcome.inspection["afterParameters"], r#"{"c":1}"#);
    assert!(!outcome.inspection.contains_key("result"));
}

#[test]
fn a_task_asks_for_its_work_and_goes_on_with_the_result() {
    let state = json!({"Type": "Task", "Resource": INVOKE,
        "Parameters": {"FunctionName": "f", "Payload.$": "$.a"},
        "ResultSelector": {"p.$": "$.Payload"}, "ResultPath": "$.r", "End": true});
    let Tested::Needs(request) = test(&state, |_| {}) else {
        panic!("no work")
    };
    assert_eq!(request.input, r#"{"FunctionName":"f","Payload":{"b":1}}"#);
    let outcome = done(test(&state, |test| {
        test.result = Some(Ok(r#"{"Payload": 7, "StatusCode": 200}"#.to_owned()));
    }));
    assert_eq!(outcome.next_state, None);
    assert_eq!(outcome.inspection["afterResultSelector"], r#"{"p":7}"#);
    assert_eq!(value(&outcome.output.unwrap())["r"], json!({"p": 7}));
}

#[test]
fn errors_are_retried_caught_or_final() {
    let state = json!({"Type": "Task", "Resource": ACTIVITY, "End": true,
        "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 2}],
        "Catch": [{"ErrorEquals": ["Busy", "Odd"], "ResultPath": "$.e", "Next": "Mend"}]});
    let with = |error: &str, retries: u32| {
        done(test(&state, |test| {
            let error = Some(error.to_owned());
            test.result = Some(Err(TestedError { error, cause: None }));
            test.retries = retries;
        }))
    };
    assert_eq!(with("Busy", 0).status, TestStatus::Retriable);
    let caught = with("Busy", 2);
    assert_eq!(caught.status, TestStatus::CaughtError);
    assert_eq!(caught.next_state.as_deref(), Some("Mend"));
    assert_eq!(caught.failure.error.as_deref(), Some("Busy"));
    let failed = with("Broken", 0);
    assert_eq!(failed.status, TestStatus::Failed);
    assert_eq!(failed.failure.error.as_deref(), Some("Broken"));
    assert_eq!(failed.output, None);
}

#[test]
fn choices_waits_and_ends_need_nobody() {
    let choice = json!({"Type": "Choice", "Default": "No", "Choices": [
        {"Variable": "$.a.b", "NumericEquals": 1, "Next": "Yes"}]});
    assert_eq!(
        done(test(&choice, |_| {})).next_state.as_deref(),
        Some("Yes")
    );
    let wait = json!({"Type": "Wait", "Seconds": 100, "Next": "Later"});
    assert_eq!(
        done(test(&wait, |_| {})).next_state.as_deref(),
        Some("Later")
    );
    let fail = json!({"Type": "Fail", "Error": "E", "Cause": "c"});
    let outcome = done(test(&fail, |_| {}));
    assert_eq!(outcome.status, TestStatus::Failed);
    assert_eq!(outcome.failure.cause.as_deref(), Some("c"));
    let map = json!({"Type": "Map", "ItemsPath": "$.list", "End": true, "ItemProcessor": {
        "StartAt": "S", "States": {"S": {"Type": "Succeed"}}}});
    let list = |test: &mut StateTest| test.input = r#"{"list": [1]}"#.to_owned();
    assert_eq!(test(&map, list), Tested::NeedsMock);
    let outcome = done(test(&map, |test| {
        list(test);
        test.result = Some(Ok("[2]".to_owned()));
    }));
    assert_eq!(outcome.output.as_deref(), Some("[2]"));
}

#[test]
fn variables_and_context_are_as_given() {
    let state = json!({"Type": "Pass", "QueryLanguage": "JSONata", "End": true,
        "Assign": {"n": "{% $n + 1 %}"}, "Output": "{% $states.context.Execution.Name & $n %}"});
    let outcome = done(test(&state, |test| {
        test.variables.insert("n".to_owned(), json!(4));
        test.context
            .insert("Execution".to_owned(), json!({"Name": "given"}));
    }));
    assert_eq!(outcome.output.as_deref(), Some("\"given4\""));
    assert_eq!(outcome.inspection["variables"], r#"{"n":5}"#);
}

#[test]
fn a_broken_state_is_refused_with_places_of_its_own() {
    let state = json!({"Type": "Pass", "Nix": 1, "End": true});
    let error = Definition::parse_state(&state.to_string(), "It").unwrap_err();
    assert_eq!(error.diagnostics[0].location, "/");
    assert!(Definition::parse_state("[]", "It").is_err());
    assert!(Definition::parse_state("nonsense", "It").is_err());
}
