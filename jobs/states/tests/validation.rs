//! Definitions that are refused: what is said, and where.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::too_many_lines,
    missing_docs
)]

mod common;

use common::{ACTIVITY, machine};
use serde_json::{Value, json};
use states_language::{Definition, Diagnostic, Severity};

fn findings(text: &str) -> Vec<Diagnostic> {
    match Definition::parse(text) {
        Ok(_) => Vec::new(),
        Err(invalid) => {
            assert!(!invalid.diagnostics.is_empty());
            invalid.diagnostics
        }
    }
}

/// `message at location` of every finding about a definition.
fn said(definition: &Value) -> Vec<String> {
    findings(&definition.to_string())
        .into_iter()
        .map(|finding| format!("{} at {}", finding.message, finding.location))
        .collect()
}

/// A state `S` and nothing else.
fn state(fields: &Value) -> Value {
    machine(&json!({ "S": fields }))
}

fn task_with(key: &str, value: &Value) -> Value {
    let mut fields = json!({ "Type": "Task", "Resource": ACTIVITY, "End": true });
    fields[key] = value.clone();
    state(&fields)
}

#[test]
fn a_whole_machine_is_accepted() {
    let definition = json!({
        "Comment": "c", "Version": "1.0", "TimeoutSeconds": 100, "QueryLanguage": "JSONPath",
        "StartAt": "T",
        "States": {
            "T": {
                "Type": "Task", "Comment": "c", "Resource": ACTIVITY, "InputPath": "$.a",
                "Parameters": {"a.$": "$$.Execution.Id", "b.$": "States.UUID()"},
                "ResultSelector": {"c.$": "$.x"}, "ResultPath": "$.r", "OutputPath": null,
                "TimeoutSeconds": 10, "HeartbeatSeconds": 9,
                "Retry": [
                    {"ErrorEquals": ["A", "B"], "IntervalSeconds": 1, "MaxAttempts": 0,
                     "BackoffRate": 1.0, "MaxDelaySeconds": 2, "JitterStrategy": "NONE"},
                    {"ErrorEquals": ["States.ALL"]}
                ],
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": null, "Next": "F"}],
                "Next": "C"
            },
            "C": {
                "Type": "Choice",
                "Choices": [
                    {"And": [{"Variable": "$.a", "IsPresent": true},
                             {"Not": {"Variable": "$.b", "StringMatches": "*"}}], "Next": "W"},
                    {"Variable": "$.a", "TimestampLessThanPath": "$$.Execution.StartTime",
                     "Comment": "c", "Next": "S"}
                ],
                "Default": "P"
            },
            "W": { "Type": "Wait", "Seconds": 1, "Next": "S" },
            "P": { "Type": "Pass", "Result": {"x.$": "untouched"}, "End": true },
            "S": { "Type": "Succeed" },
            "F": { "Type": "Fail", "ErrorPath": "$.Error", "Cause": "c" }
        }
    });
    assert_eq!(said(&definition), Vec::<String>::new());
    let parsed = Definition::parse(&definition.to_string()).unwrap();
    assert_eq!(parsed.start_at(), "T");
    assert_eq!(parsed.timeout_seconds(), Some(100));
    assert_eq!(parsed.resources().len(), 1);
}

#[test]
fn the_machine_itself() {
    let good = json!({ "S": { "Type": "Succeed" } });
    let table = [
        (
            json!({}),
            vec!["These fields are required: [StartAt, States] at /"],
        ),
        (
            json!({"StartAt": "S"}),
            vec!["These fields are required: [States] at /"],
        ),
        (
            json!({"States": good}),
            vec!["These fields are required: [StartAt] at /"],
        ),
        (
            json!([]),
            vec!["Expected an object, but found an array at /"],
        ),
        (
            json!({"StartAt": 5, "States": good}),
            vec!["Expected a string, but found a number at /StartAt"],
        ),
        (
            json!({"StartAt": "X", "States": good}),
            vec!["Missing 'Next' target: X at /StartAt"],
        ),
        (
            json!({"StartAt": "S", "States": {}}),
            vec![
                "Missing 'Next' target: S at /StartAt",
                "There must be at least one state at /States",
            ],
        ),
        (
            json!({"StartAt": "S", "States": good, "Version": "2.0"}),
            vec!["Version '2.0' is not supported, only '1.0' at /Version"],
        ),
        (
            json!({"StartAt": "S", "States": good, "TimeoutSeconds": 0}),
            vec!["Minimum value is 1 at /TimeoutSeconds"],
        ),
        (
            json!({"StartAt": "S", "States": good, "Timeout": 5}),
            vec!["Field 'Timeout' is not supported at /"],
        ),
        (
            json!({"StartAt": "S", "States": good, "QueryLanguage": "SQL"}),
            vec!["There is no query language 'SQL', only JSONPath and JSONata at /QueryLanguage"],
        ),
        (
            json!({"StartAt": "S", "States": {"S": 5}}),
            vec![
                "Expected an object, but found a number at /States/S",
                "Workflow has no terminal state at ",
            ],
        ),
    ];
    for (definition, expected) in table {
        assert_eq!(said(&definition), expected, "{definition}");
    }
}

#[test]
fn each_language_has_its_own_fields() {
    let jsonata = |mut fields: Value| {
        fields["QueryLanguage"] = json!("JSONata");
        state(&fields)
    };
    let table = [
        (
            task_with("Arguments", &json!({})),
            vec![
                "The QueryLanguage is set to 'JSONPath', but field 'Arguments' is only supported for the \
             'JSONata' QueryLanguage at /States/S",
            ],
        ),
        (
            jsonata(json!({"Type": "Pass", "InputPath": "$", "End": true})),
            vec![
                "The QueryLanguage is set to 'JSONata', but field 'InputPath' is only supported for the \
             'JSONPath' QueryLanguage at /States/S",
            ],
        ),
        (
            jsonata(json!({"Type": "Wait", "SecondsPath": "$.x", "End": true})),
            vec![
                "One of the following fields is required: [Seconds, Timestamp] at /States/S",
                "The QueryLanguage is set to 'JSONata', but field 'SecondsPath' is only supported for the \
             'JSONPath' QueryLanguage at /States/S",
            ],
        ),
        (
            jsonata(json!({"Type": "Pass", "Output": "{% $states.input. %}", "End": true})),
            vec![
                "The value is not a valid JSONata expression: S0207: Unexpected end of expression at \
                 /States/S/Output",
            ],
        ),
        (
            jsonata(json!({"Type": "Pass", "Output": {"a": ["{% $eval('1') %}"]}, "End": true})),
            vec![
                "The value is not a valid JSONata expression: the function $eval is not available at \
                 /States/S/Output/a[0]",
            ],
        ),
        (
            json!({"StartAt": "S", "QueryLanguage": "JSONata", "States": {
                "S": {"Type": "Succeed", "QueryLanguage": "JSONPath"}}}),
            vec![
                "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine at \
                 /States/S",
            ],
        ),
    ];
    for (definition, expected) in table {
        assert_eq!(said(&definition), expected, "{definition}");
    }
}

#[test]
fn variables_have_proper_names() {
    let assign = |name: &str| state(&json!({"Type": "Pass", "Assign": {name: 1}, "End": true}));
    for name in ["a", "_x1", "größe", "x.$"] {
        let definition = if name == "x.$" {
            state(&json!({"Type": "Pass", "Assign": {"x.$": "$.y"}, "End": true}))
        } else {
            assign(name)
        };
        assert_eq!(said(&definition), [""; 0], "{name}");
    }
    for (name, message) in [
        (
            "1a",
            "'1a' is not a valid name of a variable at /States/S/Assign",
        ),
        (
            "a-b",
            "'a-b' is not a valid name of a variable at /States/S/Assign",
        ),
        (
            "",
            "'' is not a valid name of a variable at /States/S/Assign",
        ),
        (
            "states",
            "The name 'states' is reserved at /States/S/Assign",
        ),
    ] {
        assert_eq!(said(&assign(name)), [message]);
    }
    let long = assign(&"x".repeat(81));
    assert_eq!(
        said(&long),
        ["The name of a variable has 1 to 80 characters at /States/S/Assign"]
    );
}

#[test]
fn branches_and_processors_are_machines_of_their_own() {
    let inner = json!({"StartAt": "I", "States": {"I": {"Type": "Pass", "Next": "S"}}});
    let expected = [
        "Missing 'Next' target: S at /States/S/Branches[0]/States/I/Next",
        "Workflow has no terminal state at /States/S/Branches[0]",
    ];
    let mut found = said(&state(
        &json!({"Type": "Parallel", "Branches": [inner], "End": true}),
    ));
    found.sort();
    assert_eq!(found, expected);

    let twice = json!({"StartAt": "S", "States": {"S": {"Type": "Succeed"}}});
    let definition = state(&json!({"Type": "Map", "ItemProcessor": twice, "End": true}));
    assert_eq!(
        said(&definition),
        ["Duplicate state name: S at /States/S/ItemProcessor/States/S"]
    );

    let table = [
        (
            json!({"Type": "Parallel", "Branches": [], "End": true}),
            vec!["There must be at least one branch at /States/S/Branches"],
        ),
        (
            json!({"Type": "Map", "End": true}),
            vec!["One of the following fields is required: [ItemProcessor, Iterator] at /States/S"],
        ),
        (
            json!({"Type": "Map", "ItemProcessor": {}, "End": true}),
            vec!["These fields are required: [StartAt, States] at /States/S/ItemProcessor"],
        ),
        (
            json!({"Type": "Map", "Label": "l", "End": true, "ItemProcessor": {
                "StartAt": "I", "States": {"I": {"Type": "Succeed"}}}}),
            vec![
                "Field 'Label' is only supported for Map states in DISTRIBUTED mode at /States/S/Label",
            ],
        ),
        (
            json!({"Type": "Map", "End": true, "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED"},
                "StartAt": "I", "States": {"I": {"Type": "Succeed"}}}}),
            vec![
                "These fields are required: [ExecutionType] at \
                 /States/S/ItemProcessor/ProcessorConfig",
            ],
        ),
    ];
    for (fields, expected) in table {
        assert_eq!(said(&state(&fields)), expected, "{fields}");
    }
}

#[test]
fn fields_that_a_state_does_not_have() {
    for (kind, fields, foreign) in [
        (
            "Pass",
            json!({"End": true}),
            vec!["TimeoutSeconds", "Catch", "Retry", "Resource"],
        ),
        (
            "Wait",
            json!({"Seconds": 1, "End": true}),
            vec!["TimeoutSeconds", "Catch", "Retry", "ResultPath"],
        ),
        (
            "Succeed",
            json!({}),
            vec!["TimeoutSeconds", "Catch", "Next", "End", "Parameters"],
        ),
        (
            "Fail",
            json!({}),
            vec!["TimeoutSeconds", "Catch", "End", "InputPath", "OutputPath"],
        ),
        (
            "Task",
            json!({"Resource": ACTIVITY, "End": true}),
            vec!["Result", "Seconds", "Choices"],
        ),
    ] {
        for field in foreign {
            let mut fields = fields.clone();
            fields["Type"] = json!(kind);
            fields[field] = json!("x");
            let said = said(&state(&fields));
            let expected = format!("Field '{field}' is not supported at /States/S");
            assert!(said.contains(&expected), "{kind} {field}: {said:?}");
        }
    }
}

#[test]
fn each_field_is_checked() {
    let long = "x".repeat(81);
    let fail = |fields: Value| {
        let mut state_fields = fields;
        state_fields["Type"] = json!("Fail");
        state(&state_fields)
    };
    let wait = |fields: Value| {
        let mut state_fields = fields;
        state_fields["Type"] = json!("Wait");
        state_fields["End"] = json!(true);
        state(&state_fields)
    };
    let table = [
        (
            state(&json!({"End": true})),
            "These fields are required: [Type] at /States/S",
        ),
        (
            state(&json!({"Type": "Nap", "End": true})),
            "There is no state type 'Nap'",
        ),
        (
            state(&json!({"Type": "Task", "End": true})),
            "required: [Resource] at /States/S",
        ),
        (
            state(&json!({"Type": "Pass"})),
            "One of the following fields is required: [Next, End]",
        ),
        (
            state(&json!({"Type": "Pass", "Next": "S", "End": true})),
            "There should only be one of the following fields: [Next, End] at /States/S",
        ),
        (
            state(&json!({"Type": "Pass", "End": false})),
            "'End' must be true",
        ),
        (
            machine(&json!({ long.clone(): {"Type": "Succeed"} })),
            "1 to 80 characters",
        ),
        (
            task_with("Resource", &json!("nonsense")),
            "not a valid resource ARN: 'nonsense'",
        ),
        (
            task_with("Resource", &json!("${Arn}")),
            "not a valid resource ARN",
        ),
        (
            task_with("Resource", &json!("arn:aws:states:::lambda:invoke")),
            "The field 'FunctionName' is required but was missing at /States/S/Parameters",
        ),
        (
            task_with("TimeoutSeconds", &json!(0)),
            "Minimum value is 1 at /States/S/TimeoutSeconds",
        ),
        (
            task_with("TimeoutSeconds", &json!(100_000_000)),
            "Maximum value is 99999999",
        ),
        (
            task_with("TimeoutSeconds", &json!(1.5)),
            "Expected an integer, but found a number",
        ),
        (
            task_with("TimeoutSecondsPath", &json!("x")),
            "Value is not a valid JSONPath",
        ),
        (
            task_with("InputPath", &json!("a")),
            "not a valid JSONPath: a path begins with '$'",
        ),
        (
            task_with("InputPath", &json!(5)),
            "Expected a string, but found a number",
        ),
        (
            task_with("ResultPath", &json!("$.a[*]")),
            "Value is not a Reference Path at /States/S/ResultPath",
        ),
        (
            task_with("ResultPath", &json!("$$.a")),
            "Value is not a Reference Path",
        ),
        (
            task_with("Parameters", &json!({"x.$": "nope"})),
            "The value for the field 'x.$' must be a valid JSONPath or a valid intrinsic function \
             call: a path begins with '$' (at character 1) at /States/S/Parameters",
        ),
        (
            task_with("Parameters", &json!({"deep": {"x.$": 5}})),
            "function call: it is a number at /States/S/Parameters/deep",
        ),
        (
            task_with("Parameters", &json!({"x.$": "States.Nope()"})),
            "no function 'States.Nope'",
        ),
        (
            task_with("Parameters", &json!({"x": 1, "x.$": "$"})),
            "'x' is given twice",
        ),
        (
            task_with("ResultSelector", &json!("$.x")),
            "Expected an object, but found a string",
        ),
        (
            task_with("Retry", &json!({})),
            "Expected an array, but found an object at /States/S/Retry",
        ),
        (
            task_with("Retry", &json!([{}])),
            "required: [ErrorEquals] at /States/S/Retry[0]",
        ),
        (
            task_with("Retry", &json!([{"ErrorEquals": []}])),
            "at least one error name",
        ),
        (
            task_with("Retry", &json!([{"ErrorEquals": [5]}])),
            "found a number at /States/S/Retry[0]/ErrorEquals[0]",
        ),
        (
            task_with("Retry", &json!([{"ErrorEquals": ["States.ALL", "A"]}])),
            "must appear alone",
        ),
        (
            task_with(
                "Retry",
                &json!([{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}]),
            ),
            "States.ALL must be in the last entry at /States/S/Retry[0]/ErrorEquals",
        ),
        (
            task_with(
                "Retry",
                &json!([{"ErrorEquals": ["A"], "IntervalSeconds": 0}]),
            ),
            "Minimum value is 1 at /States/S/Retry[0]/IntervalSeconds",
        ),
        (
            task_with("Retry", &json!([{"ErrorEquals": ["A"], "MaxAttempts": -1}])),
            "Minimum value is 0",
        ),
        (
            task_with(
                "Retry",
                &json!([{"ErrorEquals": ["A"], "BackoffRate": 0.9}]),
            ),
            "Minimum value is 1.0",
        ),
        (
            task_with(
                "Retry",
                &json!([{"ErrorEquals": ["A"], "MaxDelaySeconds": 1}]),
            ),
            "must be greater than IntervalSeconds",
        ),
        (
            task_with(
                "Retry",
                &json!([{"ErrorEquals": ["A"], "JitterStrategy": "SOME"}]),
            ),
            "no jitter strategy 'SOME'",
        ),
        (
            task_with("Retry", &json!([{"ErrorEquals": ["A"], "Max": 1}])),
            "Field 'Max' is not supported at /States/S/Retry[0]",
        ),
        (
            task_with("Catch", &json!([{"ErrorEquals": ["A"]}])),
            "required: [Next] at /States/S/Catch[0]",
        ),
        (
            task_with("Catch", &json!([{"ErrorEquals": ["A"], "Next": "X"}])),
            "Missing 'Next' target: X at /States/S/Catch[0]/Next",
        ),
        (
            wait(json!({})),
            "required: [Seconds, Timestamp, SecondsPath, TimestampPath] at /States/S",
        ),
        (
            wait(json!({"Seconds": 1, "SecondsPath": "$.s"})),
            "There should only be one of",
        ),
        (
            wait(json!({"Seconds": -1})),
            "Minimum value is 0 at /States/S/Seconds",
        ),
        (
            wait(json!({"Timestamp": "2016-12-05 21:29:29Z"})),
            "String does not match RFC3339 timestamp at /States/S/Timestamp",
        ),
        (
            wait(json!({"Timestamp": "2016-12-05T21:29:29"})),
            "does not match RFC3339",
        ),
        (
            fail(json!({"Error": "E", "ErrorPath": "$.e"})),
            "only be one of the following fields: [Error, ErrorPath]",
        ),
        (
            fail(json!({"CausePath": "cause"})),
            "must be a valid JSONPath or a valid intrinsic",
        ),
    ];
    for (definition, expected) in table {
        let said = said(&definition);
        assert!(
            said.iter().any(|line| line.contains(expected)),
            "{definition}\n{said:#?}"
        );
    }
}

#[test]
fn heartbeats_are_shorter_than_time_outs() {
    let mut definition = task_with("TimeoutSeconds", &json!(5));
    definition["States"]["S"]["HeartbeatSeconds"] = json!(5);
    assert_eq!(
        said(&definition),
        ["HeartbeatSeconds must be smaller than TimeoutSeconds at /States/S/HeartbeatSeconds"]
    );
    definition["States"]["S"]["HeartbeatSecondsPath"] = json!("$.x");
    assert!(
        said(&definition)
            .iter()
            .any(|line| line.contains("only be one of"))
    );
}

#[test]
fn choice_rules_are_checked() {
    let choice = |rule: Value| {
        machine(&json!({
            "C": { "Type": "Choice", "Choices": [rule], "Default": "S" },
            "S": { "Type": "Succeed" }
        }))
    };
    let table = [
        (
            json!({"Variable": "$.a", "Next": "S"}),
            "There must be a comparison",
        ),
        (
            json!({"Variable": "$.a", "IsNull": true}),
            "required: [Next] at /States/C/Choices[0]",
        ),
        (
            json!({"IsNull": true, "Next": "S"}),
            "required: [Variable] at /States/C/Choices[0]",
        ),
        (
            json!({"Variable": "$.a", "IsNull": true, "IsString": true, "Next": "S"}),
            "There should only be one of the following fields: [IsNull, IsString]",
        ),
        (
            json!({"Variable": "$.a", "IsNull": "yes", "Next": "S"}),
            "Expected a boolean",
        ),
        (
            json!({"Variable": "$.a", "NumericEquals": "1", "Next": "S"}),
            "Expected a number",
        ),
        (
            json!({"Variable": "$.a", "StringEquals": 1, "Next": "S"}),
            "Expected a string",
        ),
        (
            json!({"Variable": "$.a", "TimestampEquals": "today", "Next": "S"}),
            "RFC3339",
        ),
        (
            json!({"Variable": "$.a", "StringEqualsPath": "b", "Next": "S"}),
            "not a valid JSONPath: a path begins with '$' (at character 1) at \
             /States/C/Choices[0]/StringEqualsPath",
        ),
        (
            json!({"Variable": "$.a", "Equals": 1, "Next": "S"}),
            "Field 'Equals' is not supported at /States/C/Choices[0]",
        ),
        (
            json!({"Variable": "$.a", "BooleanLessThan": true, "Next": "S"}),
            "'BooleanLessThan'",
        ),
        (
            json!({"And": [], "Next": "S"}),
            "at least one rule at /States/C/Choices[0]/And",
        ),
        (
            json!({"And": [{"Variable": "$.a", "IsNull": true, "Next": "S"}], "Next": "S"}),
            "Field 'Next' is not supported at /States/C/Choices[0]/And[0]",
        ),
        (
            json!({"Not": 5, "Next": "S"}),
            "Expected an object, but found a number",
        ),
        (
            json!({"Condition": "{% true %}", "Next": "S"}),
            "only supported for the 'JSONata'",
        ),
        (
            json!({"Variable": "$.a", "IsNull": true, "Next": "X"}),
            "Missing 'Next' target: X at /States/C/Choices[0]/Next",
        ),
    ];
    for (rule, expected) in table {
        let said = said(&choice(rule.clone()));
        assert!(
            said.iter().any(|line| line.contains(expected)),
            "{rule}\n{said:#?}"
        );
    }
    let empty = machine(&json!({ "C": { "Type": "Choice", "Choices": [] } }));
    assert!(
        said(&empty)
            .iter()
            .any(|line| line.contains("at least one choice"))
    );
}

/// What was measured on the service for graphs that do not hang together.
#[test]
fn graphs_are_checked_as_the_service_does() {
    let pass = |next: &str| json!({ "Type": "Pass", "Next": next });
    let table = [
        (
            json!({"A": pass("B"), "B": pass("A")}),
            vec!["Workflow has no terminal state at "],
        ),
        (
            json!({"A": pass("B"), "B": pass("A"), "C": pass("A")}),
            vec!["Workflow has no terminal state at "],
        ),
        (
            json!({"A": pass("B"), "B": pass("A"), "C": {"Type": "Pass", "End": true}}),
            vec!["State \"C\" is not reachable. at /States/C"],
        ),
        (
            json!({"A": pass("NOPE")}),
            vec![
                "Missing 'Next' target: NOPE at /States/A/Next",
                "Workflow has no terminal state at ",
            ],
        ),
        (
            json!({"pass1": pass("pass3"), "pass2": {"Type": "Pass", "End": true}}),
            vec![
                "Missing 'Next' target: pass3 at /States/pass1/Next",
                "State \"pass2\" is not reachable. at /States/pass2",
            ],
        ),
        (
            json!({
                "A": {"Type": "Choice", "Default": "NOPE",
                      "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "S"}]},
                "S": {"Type": "Succeed"}
            }),
            vec!["Missing 'Next' target: NOPE at /States/A/Default"],
        ),
    ];
    for (states, expected) in table {
        assert_eq!(said(&machine(&states)), expected, "{states}");
    }
}

#[test]
fn the_whole_error_reads_as_the_api_says_it() {
    let error = Definition::parse(r#"{"StartAt": "A"}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /"
    );
    let states = json!({"A": {"Type": "Pass", "Next": "NOPE"}});
    let error = Definition::parse(&machine(&states).to_string()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE at /States/A/Next, \
         MISSING_END_STATE: Workflow has no terminal state at null"
    );
}

#[test]
fn findings_come_all_at_once_in_order_with_line_and_column() {
    let text = r#"{
  "StartAt": "A",
  "States": {
    "A": {
      "Type": "Task",
      "Resource": "nonsense",
      "Naxt": "B",
      "Next": "B"
    },
    "B": {
      "Type": "Map",
      "End": true
    }
  },
  "Ünknown": 1, "StartAt": "B"
}"#;
    let found: Vec<_> = findings(text)
        .into_iter()
        .map(|finding| {
            assert_eq!(finding.severity, Severity::Error);
            assert_eq!(finding.code, "SCHEMA_VALIDATION_FAILED");
            (
                finding.line,
                finding.column,
                finding.location,
                finding.message,
            )
        })
        .collect();
    let expected = [
        (
            6,
            19,
            "/States/A/Resource",
            "Value is not a valid resource ARN: 'nonsense'",
        ),
        (7, 7, "/States/A", "Field 'Naxt' is not supported"),
        (
            10,
            10,
            "/States/B",
            "One of the following fields is required: [ItemProcessor, Iterator]",
        ),
        (15, 3, "/", "Field 'Ünknown' is not supported"),
        (15, 17, "/", "Field 'StartAt' is given twice"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(line, column, location, message)| {
            (
                *line,
                *column,
                (*location).to_owned(),
                (*message).to_owned(),
            )
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_state_that_is_defined_twice_is_found() {
    let text =
        r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "A": {"Type": "Succeed"}}}"#;
    let found = findings(text);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message, "The state 'A' is defined twice");
    assert_eq!((found[0].line, found[0].column), (1, 55));
}

#[test]
fn a_text_that_is_not_json_is_said_to_be_none() {
    let found = findings("{\n  \"StartAt\": nonsense\n}");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code, "INVALID_JSON_DESCRIPTION");
    assert_eq!((found[0].line, found[0].column), (2, 15));
    for text in ["", "{", "nonsense", "{\"a\":1,}"] {
        assert_eq!(findings(text)[0].code, "INVALID_JSON_DESCRIPTION", "{text}");
    }
}

#[test]
fn a_definition_has_a_limit() {
    let text = format!("{}{}", " ".repeat(1_048_577), "{}");
    assert!(findings(&text)[0].message.contains("1048576 characters"));
}

fn warned(definition: &Value) -> Vec<String> {
    let definition = Definition::parse(&definition.to_string()).unwrap();
    let warnings = definition.warnings().iter();
    warnings
        .map(|warning| {
            assert_eq!(warning.severity, Severity::Warning);
            format!("{} at {}", warning.code, warning.location)
        })
        .collect()
}

#[test]
fn what_bites_people_is_warned_of() {
    let careful = json!({"Type": "Task", "Resource": ACTIVITY, "HeartbeatSeconds": 5, "End": true});
    assert_eq!(warned(&state(&careful)), [""; 0]);
    let with = |key: &str, value: Value| {
        let mut fields = careful.clone();
        fields[key] = value;
        state(&fields)
    };
    let task = |resource: &str, parameters: Value| {
        state(&json!({"Type": "Task", "Resource": resource, "Parameters": parameters, "End": true}))
    };
    let table = [
        (task(ACTIVITY, json!({})), vec!["NO_HEARTBEAT at /States/S"]),
        (
            task(
                "arn:aws:states:::lambda:invoke",
                json!({"FunctionName": "f"}),
            ),
            vec!["NO_TIMEOUT at /States/S"],
        ),
        (
            task(
                "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                json!({}),
            ),
            vec!["NO_HEARTBEAT at /States/S"],
        ),
        (task("arn:aws:states:::sqs:sendMessage", json!({})), vec![]),
        (
            with(
                "Retry",
                json!([{"ErrorEquals": ["A"]}, {"ErrorEquals": ["A", "B"]},
                                 {"ErrorEquals": ["B", "A"]}]),
            ),
            vec!["NEVER_MATCHES at /States/S/Retry[2]/ErrorEquals"],
        ),
        (
            with(
                "Retry",
                json!([{"ErrorEquals": ["States.TaskFailed"]}, {"ErrorEquals": ["A"]},
                                 {"ErrorEquals": ["States.Timeout"]}, {"ErrorEquals": ["States.ALL"]}]),
            ),
            vec!["NEVER_MATCHES at /States/S/Retry[1]/ErrorEquals"],
        ),
        (
            with("Retry", json!([{"ErrorEquals": ["States.Runtime"]}])),
            vec!["NEVER_MATCHES at /States/S/Retry[0]/ErrorEquals"],
        ),
    ];
    for (definition, expected) in table {
        assert_eq!(warned(&definition), expected, "{definition}");
    }
    let mut call = careful.clone();
    call["Catch"] = json!([{"ErrorEquals": ["States.ALL"], "Next": "Note"}]);
    let definition = json!({"StartAt": "S", "States": {
        "S": call,
        "Note": {"Type": "Pass", "Next": "Stop"},
        "Stop": {"Type": "Fail", "Error": "E"}
    }});
    assert_eq!(warned(&definition), ["DEFEATS_REDRIVE at /States/Stop"]);
}

#[test]
fn readers_of_distributed_maps_are_refused_by_what_they_cannot_read() {
    let reader = |action: &str, config: Value| {
        json!({"StartAt": "M", "States": {"M": {
            "Type": "Map", "End": true,
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}},
            },
            "ItemReader": {
                "Resource": format!("arn:aws:states:::s3:{action}"),
                "ReaderConfig": config,
                "Parameters": {"Bucket": "b"},
            },
        }}})
    };
    let fine = [
        ("getObject", json!({"InputType": "MANIFEST"})),
        (
            "getObject",
            json!({"InputType": "MANIFEST", "ManifestType": "S3_INVENTORY"}),
        ),
        (
            "listObjectsV2",
            json!({"InputType": "JSONL", "Transformation": "LOAD_AND_FLATTEN"}),
        ),
    ];
    for (action, config) in fine {
        let text = reader(action, config).to_string();
        assert!(Definition::parse(&text).is_ok(), "{text}");
    }
    let refused = [
        ("getObject", json!({"InputType": "PARQUET"}), "'PARQUET'"),
        (
            "getObject",
            json!({"InputType": "CSV", "ManifestType": "ATHENA_DATA"}),
            "'ATHENA_DATA'",
        ),
        (
            "listObjectsV2",
            json!({"InputType": "MANIFEST"}),
            "getObject",
        ),
        (
            "getObject",
            json!({"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"}),
            "listObjectsV2",
        ),
        (
            "listObjectsV2",
            json!({"Transformation": "LOAD_AND_FLATTEN"}),
            "InputType",
        ),
    ];
    for (action, config, words) in refused {
        let text = reader(action, config).to_string();
        let found = Definition::parse(&text).unwrap_err();
        assert!(found.to_string().contains(words), "{found}");
    }
}
