//! States that need nothing from outside: Pass, Choice, Wait, Succeed, Fail, and the path fields.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::too_many_lines,
    missing_docs
)]

mod common;

use common::{Host, START, fail, machine, run};
use serde_json::{Value, json};
use states_language::{Event, Status};

fn pass(fields: &Value) -> Value {
    let mut state = json!({ "Type": "Pass", "End": true });
    for (key, value) in fields.as_object().unwrap() {
        state[key] = value.clone();
    }
    json!({ "P": state })
}

#[test]
fn path_fields_work_in_their_order() {
    let input = json!({"a": {"b": 1}, "c": [1, 2, 3]});
    let table = [
        (json!({}), input.clone()),
        (json!({"InputPath": "$.a"}), json!({"b": 1})),
        (json!({"InputPath": null}), json!({})),
        (json!({"OutputPath": "$.c[1]"}), json!(2)),
        (json!({"OutputPath": "$.c[1:]"}), json!([2, 3])),
        (json!({"OutputPath": null}), json!({})),
        (json!({"Result": {"x.$": "$.a"}}), json!({"x.$": "$.a"})),
        (
            json!({"Result": 5, "ResultPath": "$.a.r"}),
            json!({"a": {"b": 1, "r": 5}, "c": [1, 2, 3]}),
        ),
        (json!({"Result": 5, "ResultPath": null}), input.clone()),
        (json!({"Result": 5, "Parameters": {"x": 1}}), json!(5)),
        (
            json!({"InputPath": "$.a", "Parameters": {"x.$": "$.b"}}),
            json!({"x": 1}),
        ),
        // ResultPath writes into the raw input, not into what InputPath left.
        (
            json!({"InputPath": "$.a", "Parameters": {"x.$": "$.b"}, "ResultPath": "$.r",
                   "OutputPath": "$.r"}),
            json!({"x": 1}),
        ),
        (
            json!({"InputPath": "$.a", "ResultPath": "$.a.copy", "OutputPath": "$.a"}),
            json!({"b": 1, "copy": {"b": 1}}),
        ),
        (
            json!({"Parameters": {"deep": {"list": ["$.a", {"n.$": "$.c[*]"}]}}}),
            json!({"deep": {"list": ["$.a", {"n": [1, 2, 3]}]}}),
        ),
        (
            json!({"Parameters": {"all.$": "$", "literal": "$.a"}, "OutputPath": "$.literal"}),
            json!("$.a"),
        ),
        (json!({"InputPath": "$$.Execution.Name"}), json!("run")),
        (json!({"OutputPath": "$$.State.Name"}), json!("P")),
    ];
    for (fields, expected) in table {
        assert_eq!(run(&pass(&fields), &input), expected, "{fields}");
    }
}

#[test]
fn the_context_object_tells_who_and_when() {
    let states = pass(&json!({ "Parameters": {"context.$": "$$"} }));
    let mut host = Host::new(&machine(&states), &json!({"x": 1}));
    host.now = START + 123;
    host.send(Event::Started);
    assert_eq!(
        host.output()["context"],
        json!({
            "Execution": {
                "Id": "arn:aws:states:us-east-1:000000000000:execution:machine:run",
                "Input": {"x": 1},
                "Name": "run",
                "RoleArn": "arn:aws:iam::000000000000:role/role",
                "StartTime": "2023-11-14T22:13:20.123Z",
                "RedriveCount": 0,
            },
            "StateMachine": {
                "Id": "arn:aws:states:us-east-1:000000000000:stateMachine:machine",
                "Name": "machine",
            },
            "State": { "Name": "P", "EnteredTime": "2023-11-14T22:13:20.123Z" },
        })
    );
}

#[test]
fn a_path_that_leads_nowhere_is_told_in_the_services_words() {
    let prefix = "An error occurred while executing the state 'P' (entered at the event id #2). ";
    let table = [
        (
            json!({"InputPath": "$.no.such.path"}),
            "Invalid path '$.no.such.path' : Missing property in path $['no']",
        ),
        (
            json!({"OutputPath": "$.none"}),
            "Invalid path '$.none' : No results for path: $['none']",
        ),
        (
            json!({"Parameters": {"x.$": "$.none"}}),
            "The JSONPath '$.none' specified for the field 'x.$' could not be found in the input \
             '{\"a\":1}'",
        ),
    ];
    for (fields, message) in table {
        let (error, cause) = fail(&pass(&fields), &json!({"a": 1}));
        assert_eq!(error, "States.Runtime", "{fields}");
        assert_eq!(cause, format!("{prefix}{message}"), "{fields}");
    }
}

#[test]
fn a_result_that_fits_nowhere_fails() {
    let states = pass(&json!({"Result": 1, "ResultPath": "$.a.b"}));
    assert_eq!(
        fail(&states, &json!("text")).0,
        "States.ResultPathMatchFailure"
    );
}

#[test]
fn numbers_and_key_order_come_out_as_they_went_in() {
    let input = r#"{"z":1,"a":1.0,"big":18446744073709551615,"f":0.1,"neg":-9007199254740993}"#;
    let value: Value = serde_json::from_str(input).unwrap();
    let host = Host::start(
        &pass(&json!({"Parameters": {"v.$": "$"}, "OutputPath": "$.v"})),
        &value,
    );
    assert_eq!(host.execution.output(), Some(input));
}

fn choose(rule: &Value, input: &Value) -> Result<bool, (String, String)> {
    let mut rule = rule.clone();
    rule["Next"] = json!("Yes");
    let states = json!({
        "C": { "Type": "Choice", "Choices": [rule], "Default": "No" },
        "Yes": { "Type": "Pass", "Result": true, "End": true },
        "No": { "Type": "Pass", "Result": false, "End": true }
    });
    let host = Host::start(&states, input);
    if host.status() == Status::Failed {
        let (error, cause) = host.failure();
        return Err((error.to_owned(), cause.to_owned()));
    }
    Ok(host.output() == json!(true))
}

#[test]
fn comparisons_hold_when_they_should() {
    let input = json!({
        "s": "abc", "n": 5, "f": 5.0, "t": true, "z": null, "same": "abc", "list": [1],
        "time": "2024-01-01T00:00:00Z", "later": "2024-01-01T00:00:01.5Z", "nine": 9
    });
    let table = [
        ("$.s", "StringEquals", json!("abc"), true),
        ("$.s", "StringEquals", json!("abd"), false),
        ("$.s", "StringLessThan", json!("abd"), true),
        ("$.s", "StringGreaterThan", json!("ab"), true),
        ("$.s", "StringLessThanEquals", json!("abc"), true),
        ("$.s", "StringGreaterThanEquals", json!("abd"), false),
        ("$.s", "StringMatches", json!("a*c"), true),
        ("$.n", "StringMatches", json!("*"), false),
        ("$.s", "StringEqualsPath", json!("$.same"), true),
        ("$.s", "StringLessThanPath", json!("$.same"), false),
        ("$.n", "NumericEquals", json!(5.0), true),
        ("$.f", "NumericEquals", json!(5), true),
        ("$.n", "NumericLessThan", json!(5), false),
        ("$.n", "NumericLessThanEquals", json!(5), true),
        ("$.n", "NumericGreaterThan", json!(4.9), true),
        ("$.n", "NumericGreaterThanEquals", json!(6), false),
        ("$.n", "NumericLessThanPath", json!("$.nine"), true),
        ("$.n", "NumericGreaterThanEqualsPath", json!("$.f"), true),
        ("$.s", "NumericEquals", json!(5), false),
        ("$.t", "BooleanEquals", json!(true), true),
        ("$.t", "BooleanEqualsPath", json!("$.s"), false),
        (
            "$.time",
            "TimestampEquals",
            json!("2024-01-01T01:00:00+01:00"),
            true,
        ),
        ("$.time", "TimestampLessThanPath", json!("$.later"), true),
        (
            "$.later",
            "TimestampGreaterThanEquals",
            json!("2024-01-01T00:00:01Z"),
            true,
        ),
        (
            "$.s",
            "TimestampEquals",
            json!("2024-01-01T00:00:00Z"),
            false,
        ),
        ("$.z", "IsNull", json!(true), true),
        ("$.s", "IsNull", json!(false), true),
        ("$.none", "IsPresent", json!(false), true),
        ("$.none", "IsPresent", json!(true), false),
        ("$.z", "IsPresent", json!(true), true),
        ("$.n", "IsNumeric", json!(true), true),
        ("$.s", "IsString", json!(true), true),
        ("$.t", "IsBoolean", json!(true), true),
        ("$.time", "IsTimestamp", json!(true), true),
        ("$.s", "IsTimestamp", json!(true), false),
        ("$$.Execution.Name", "StringEquals", json!("run"), true),
        ("$.list[*]", "NumericEquals", json!(1), false),
    ];
    for (variable, operator, operand, expected) in table {
        let rule = json!({ "Variable": variable, operator: operand });
        assert_eq!(choose(&rule, &input), Ok(expected), "{rule}");
    }
}

#[test]
fn rules_combine_and_stop_as_soon_as_they_can() {
    let yes = json!({"Variable": "$.a", "NumericEquals": 1});
    let no = json!({"Variable": "$.a", "NumericEquals": 2});
    let missing = json!({"Variable": "$.none", "NumericEquals": 2});
    let table = [
        (json!({"And": [yes, yes]}), true),
        (json!({"And": [yes, no]}), false),
        (json!({"And": [no, missing]}), false),
        (json!({"Or": [no, yes]}), true),
        (json!({"Or": [yes, missing]}), true),
        (json!({"Or": [no, no]}), false),
        (json!({"Not": no}), true),
        (
            json!({"Not": {"And": [yes, {"Or": [no, {"Not": yes}]}]}}),
            true,
        ),
    ];
    for (rule, expected) in table {
        assert_eq!(choose(&rule, &json!({"a": 1})), Ok(expected), "{rule}");
    }
}

#[test]
fn a_missing_variable_is_an_error() {
    let (error, cause) =
        choose(&json!({"Variable": "$.x", "IsNull": true}), &json!({})).unwrap_err();
    assert_eq!(error, "States.Runtime");
    assert_eq!(
        cause,
        "An error occurred while executing the state 'C' (entered at the event id #2). Invalid \
         path '$.x': The choice state's condition path references an invalid value."
    );
}

#[test]
fn the_first_match_wins_and_none_is_an_error() {
    let states = json!({
        "C": { "Type": "Choice", "InputPath": "$.in", "OutputPath": "$.out", "Choices": [
            {"Variable": "$.n", "NumericGreaterThan": 10, "Next": "Big"},
            {"Variable": "$.n", "NumericGreaterThan": 5, "Next": "Middle"}
        ] },
        "Big": { "Type": "Pass", "Parameters": {"big.$": "$"}, "End": true },
        "Middle": { "Type": "Pass", "Parameters": {"middle.$": "$"}, "End": true }
    });
    let input = |n: i32| json!({"in": {"n": n, "out": n}});
    assert_eq!(run(&states, &input(20)), json!({"big": 20}));
    assert_eq!(run(&states, &input(7)), json!({"middle": 7}));
    assert_eq!(fail(&states, &input(1)).0, "States.NoChoiceMatched");
}

#[test]
fn waits_end_when_they_say() {
    let at = |fields: Value, input: Value| {
        let mut state = json!({ "Type": "Wait", "End": true });
        for (key, value) in fields.as_object().unwrap() {
            state[key] = value.clone();
        }
        let host = Host::start(&json!({ "W": state }), &input);
        match host.status() {
            Status::Running => Ok(host.timers()[0].1),
            Status::Succeeded => Ok(0),
            _ => Err(host.failure().1.to_owned()),
        }
    };
    assert_eq!(at(json!({"Seconds": 5}), json!({})), Ok(5000));
    assert_eq!(at(json!({"Seconds": 0}), json!({})), Ok(0));
    assert_eq!(at(json!({"SecondsPath": "$.s"}), json!({"s": 7})), Ok(7000));
    assert_eq!(
        at(
            json!({"InputPath": "$.in", "SecondsPath": "$.s"}),
            json!({"in": {"s": 7}})
        ),
        Ok(7000)
    );
    assert_eq!(
        at(json!({"Timestamp": "2023-11-14T22:13:50Z"}), json!({})),
        Ok(30_000)
    );
    assert_eq!(
        at(json!({"Timestamp": "2020-01-01T00:00:00Z"}), json!({})),
        Ok(0)
    );
    assert_eq!(
        at(
            json!({"TimestampPath": "$.t"}),
            json!({"t": "2023-11-14T23:13:21.250+01:00"})
        ),
        Ok(1250)
    );
    for (value, words) in [
        (json!(-1), "references a negative value: $.s == -1"),
        (
            json!(1.5),
            "does not reference an integer value: $.s == 1.5",
        ),
        (
            json!("5"),
            "does not reference an integer value: $.s == \"5\"",
        ),
        (json!(100_000_000), "above 99999999"),
    ] {
        let cause = at(json!({"SecondsPath": "$.s"}), json!({"s": value})).unwrap_err();
        assert!(cause.contains(words), "{cause}");
    }
    for text in [
        "2016-12-05 21:29:29Z",
        "2016-12-05T21:29:29",
        "2016-13-05T21:29:29Z",
        "nonsense",
    ] {
        let cause = at(json!({"TimestampPath": "$.t"}), json!({"t": text})).unwrap_err();
        assert_eq!(
            cause,
            format!(
                "An error occurred while executing the state 'W' (entered at the event id #2). The \
                 TimestampPath parameter does not reference a valid ISO-8601 extended offset \
                 date-time format string: $.t == {text}"
            )
        );
    }
}

#[test]
fn a_wait_filters_its_input_and_output() {
    let states = json!({
        "W": { "Type": "Wait", "Seconds": 1, "InputPath": "$.in", "OutputPath": "$.out", "End": true }
    });
    let mut host = Host::start(&states, &json!({"in": {"out": 5}}));
    host.wait();
    assert_eq!(host.output(), json!(5));
}

#[test]
fn succeed_filters_its_input_and_output() {
    let states = json!({ "S": { "Type": "Succeed", "InputPath": "$.in", "OutputPath": "$.out" } });
    assert_eq!(run(&states, &json!({"in": {"out": 5}})), json!(5));
}

#[test]
fn fail_looks_its_error_and_cause_up() {
    let states = json!({
        "F": { "Type": "Fail", "ErrorPath": "$.e",
               "CausePath": "States.Format('{} in {}', $.c, $$.State.Name)" }
    });
    let (error, cause) = fail(&states, &json!({"e": "E", "c": "C"}));
    assert_eq!((error.as_str(), cause.as_str()), ("E", "C in F"));
    let (error, cause) = fail(&states, &json!({"c": "C"}));
    assert_eq!(error, "States.Runtime");
    assert_eq!(
        cause,
        "An error occurred while executing the state 'F' (entered at the event id #2). The JSONPath \
         '$.e' specified for the field 'ErrorPath' could not be found in the input '{\"c\":\"C\"}'"
    );
    let (_, cause) = fail(&states, &json!({"e": 5, "c": "C"}));
    assert!(
        cause.contains("ErrorPath parameter does not reference a string"),
        "{cause}"
    );
}

#[test]
fn randomness_comes_from_the_moment_alone() {
    let states = pass(&json!({ "Parameters": {
        "ids.$": "States.Array(States.UUID(), States.UUID(), States.MathRandom(0, 1000000000))"
    } }));
    let with_seed = |seed| {
        let mut host = Host::new(&machine(&states), &json!({}));
        host.seed = seed;
        host.send(Event::Started);
        host.output()
    };
    assert_eq!(with_seed(1), with_seed(1));
    assert_ne!(with_seed(1), with_seed(2));
    assert_ne!(with_seed(1)["ids"][0], with_seed(1)["ids"][1]);
}

#[test]
fn any_json_is_an_input_and_is_kept_as_written() {
    let definition = machine(&pass(&json!({})));
    let definition = states_language::Definition::parse(&definition.to_string()).unwrap();
    for text in ["null", "5", "\"text\"", "[1, 2]", "{ \"a\" : 1 }"] {
        let execution = states_language::Execution::new(common::info(), text).unwrap();
        assert_eq!(execution.input(), text);
        let moment = states_language::Moment {
            now: states_language::Timestamp(START),
            seed: 0,
        };
        let step = states_language::step(&definition, execution, Event::Started, moment);
        assert_eq!(step.execution.output(), Some(text));
    }
    assert!(states_language::Execution::new(common::info(), "{").is_err());
    assert!(states_language::Execution::new(common::info(), "").is_err());
}
