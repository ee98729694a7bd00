//! States in `JSONata`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::too_many_lines,
    missing_docs
)]

mod common;

use common::{ACTIVITY, Host, INVOKE, START};
use serde_json::{Value, json};
use states_language::{Definition, Event, Status};

fn jsonata(states: &Value) -> Value {
    let mut machine = common::machine(states);
    machine["QueryLanguage"] = json!("JSONata");
    machine
}

fn start(states: &Value, input: &Value) -> Host {
    let mut host = Host::new(&jsonata(states), input);
    host.send(Event::Started);
    host
}

fn output_of(expression: &str, input: &Value) -> Value {
    let states = json!({"P": {"Type": "Pass", "Output": expression, "End": true}});
    start(&states, input).output()
}

fn failure_of(expression: &str, input: &Value) -> (String, String) {
    let states = json!({"P": {"Type": "Pass", "Output": expression, "End": true}});
    let host = start(&states, input);
    let (error, cause) = host.failure();
    (error.to_owned(), cause.to_owned())
}

#[test]
fn expressions_give_what_the_language_says() {
    let input = json!({"n": 3, "list": [{"p": 1.5, "t": "a"}, {"p": 2, "t": "b"}], "text": "Ada"});
    let table = [
        ("{% $states.input.n + 1 %}", json!(4)),
        ("{% $states.input.n / 2 %}", json!(1.5)),
        ("  {%$states.input.text & '!'%}  ", json!("Ada!")),
        ("{% $sum($states.input.list.p) %}", json!(3.5)),
        ("{% $states.input.list[p > 1.6].t %}", json!("b")),
        ("{% [$states.input.list.t] %}", json!(["a", "b"])),
        (
            "{% $map([1..3], function($v) { $v * $v }) %}",
            json!([1, 4, 9]),
        ),
        (
            "{% {'a': $states.input.n, 'none': $states.input.nothing} %}",
            json!({"a": 3}),
        ),
        ("{% $states.context.Execution.Name %}", json!("run")),
        ("{% $states.context.State.Name %}", json!("P")),
        ("{% ($x := 2; $x * $states.input.n) %}", json!(6)),
        ("{% $exists($states.input.nothing) %}", json!(false)),
        ("{% null %}", json!(null)),
        ("no expression", json!("no expression")),
        ("{% not closed", json!("{% not closed")),
    ];
    for (expression, expected) in table {
        assert_eq!(output_of(expression, &input), expected, "{expression}");
    }
}

#[test]
fn the_added_functions() {
    let table = [
        (
            "{% $partition([1,2,3,4,5], 2) %}",
            json!([[1, 2], [3, 4], [5]]),
        ),
        ("{% $range(0, 10, 5) %}", json!([0, 5, 10])),
        (
            "{% $hash('abc', 'SHA-1') %}",
            json!("a9993e364706816aba3e25717850c26c9cd0d89d"),
        ),
        ("{% $parse('{\"a\": [1]}') %}", json!({"a": [1]})),
        ("{% $length($uuid()) %}", json!(36)),
        ("{% ($r := $random(); $r >= 0 and $r < 1) %}", json!(true)),
        ("{% $random(5) = $random(5) %}", json!(true)),
        ("{% $millis() %}", json!(START)),
        ("{% $now() %}", json!("2023-11-14T22:13:20.000Z")),
        ("{% $now('[Y0001]-[M01]-[D01]') %}", json!("2023-11-14")),
        ("{% $sort($shuffle([3, 1, 2])) %}", json!([1, 2, 3])),
    ];
    for (expression, expected) in table {
        assert_eq!(output_of(expression, &json!({})), expected, "{expression}");
    }
}

#[test]
fn chance_comes_from_the_moment() {
    let states = json!({"P": {"Type": "Pass", "End": true,
        "Output": "{% [$uuid(), $string($random()), $shuffle([1..20])] %}"}});
    let draw = |seed: u64| {
        let mut host = Host::new(&jsonata(&states), &json!({}));
        host.seed = seed;
        host.send(Event::Started);
        host.output()
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}

#[test]
fn a_failing_expression_is_told_in_the_history_and_can_be_caught() {
    let states = json!({
        "Call": {"Type": "Task", "Resource": ACTIVITY, "Arguments": "{% $number('x') %}",
                 "Catch": [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Caught",
                            "Output": {"name": "{% $states.errorOutput.Error %}"}}], "End": true},
        "Caught": {"Type": "Succeed"}
    });
    let host = start(&states, &json!({}));
    assert_eq!(
        host.lines(),
        [
            "1 ExecutionStarted <- 0",
            "2 TaskStateEntered <- 0",
            "3 EvaluationFailed <- 0",
            "4 TaskStateExited <- 3",
            "5 SucceedStateEntered <- 4",
            "6 SucceedStateExited <- 5",
            "7 ExecutionSucceeded <- 6",
        ]
    );
    let details = host.details(3);
    assert_eq!(details["location"], "Arguments");
    assert_eq!(details["state"], "Call");
    assert_eq!(details["error"], "States.QueryEvaluationError");
    assert_eq!(
        host.output(),
        json!({"name": "States.QueryEvaluationError"})
    );
}

#[test]
fn results_that_do_not_fit_are_errors() {
    let (error, cause) = failure_of("{% $states.input.nothing %}", &json!({}));
    assert_eq!(error, "States.QueryEvaluationError");
    assert_eq!(
        cause,
        "An error occurred while executing the state 'P' (entered at the event id #2). The JSONata \
         expression '$states.input.nothing' specified for the field 'Output' returned nothing \
         (undefined)."
    );
    for expression in ["{% function($x) { $x } %}", "{% $sum %}", "{% 1/0 %}"] {
        assert_eq!(
            failure_of(expression, &json!({})).0,
            "States.QueryEvaluationError"
        );
    }
    let states = json!({"M": {"Type": "Map", "Items": "{% 1 %}", "End": true, "ItemProcessor": {
        "StartAt": "S", "States": {"S": {"Type": "Succeed"}}}}});
    let host = start(&states, &json!({}));
    assert_eq!(
        host.lines()[1..],
        [
            "2 MapStateEntered <- 0",
            "3 EvaluationFailed <- 0",
            "4 MapStateFailed <- 3",
            "5 ExecutionFailed <- 4",
        ]
    );
    assert_eq!(
        host.details(3)["cause"],
        "The JSONata expression '1' specified for the field 'Items' returned an unexpected result \
         type. Expected 'array', but was 'number' for value: 1"
    );
}

#[test]
fn every_kind_of_state_speaks_it() {
    let states = json!({
        "Begin": {"Type": "Pass", "Assign": {"n": "{% $states.input.n %}", "list": [1, "{% 1 + 1 %}"]},
                  "Next": "Which"},
        "Which": {"Type": "Choice", "Default": "Never", "Choices": [
            {"Condition": "{% $n > 5 %}", "Next": "Never"},
            {"Condition": "{% $n = 3 and $count($list) = 2 %}", "Next": "Rest",
             "Assign": {"way": "second"}, "Output": {"was": "{% $states.input.n %}"}}]},
        "Rest": {"Type": "Wait", "Seconds": "{% $n %}", "Output": {"rested": "{% $states.input.was %}"},
                 "Next": "Call"},
        "Call": {"Type": "Task", "Resource": INVOKE, "TimeoutSeconds": "{% $n * 10 %}",
                 "Arguments": {"FunctionName": "f", "Payload": {"in": "{% $states.input %}", "way": "{% $way %}"}},
                 "Assign": {"answer": "{% $states.result.Payload %}"},
                 "Output": "{% $states.result.Payload.list %}", "Next": "Each"},
        "Each": {"Type": "Map", "Items": "{% $states.input %}", "MaxConcurrency": "{% 1 %}",
                 "ItemSelector": {"v": "{% $states.context.Map.Item.Value %}",
                                  "i": "{% $states.context.Map.Item.Index %}"},
                 "ItemProcessor": {"StartAt": "One", "States": {
                    "One": {"Type": "Pass", "Output": "{% $states.input.v * 10 + $states.input.i %}",
                            "End": true}}},
                 "Next": "Both"},
        "Both": {"Type": "Parallel", "Arguments": {"all": "{% $states.input %}"}, "Branches": [
                    {"StartAt": "L", "States": {"L": {"Type": "Pass", "End": true,
                        "Output": "{% $states.input.all[0] %}"}}},
                    {"StartAt": "R", "States": {"R": {"Type": "Succeed",
                        "Output": "{% $answer.list[1] %}"}}}],
                 "Output": {"both": "{% $states.result %}"}, "Next": "Stop"},
        "Stop": {"Type": "Fail", "Error": "{% 'E' & $n %}", "Cause": "{% $string($states.input.both) %}"},
        "Never": {"Type": "Succeed"}
    });
    let mut host = start(&states, &json!({"n": 3}));
    assert_eq!(host.wait(), 3000);
    let task = host.task();
    assert_eq!(task.timeout_seconds, Some(30));
    assert_eq!(
        serde_json::from_str::<Value>(&task.input).unwrap(),
        json!({"FunctionName": "f", "Payload": {"in": {"rested": 3}, "way": "second"}})
    );
    host.starts(&task);
    host.succeeds(&task, &json!({"Payload": {"list": [4, 5]}}));
    assert_eq!(host.failure(), ("E3", "[40,5]"));
}

#[test]
fn a_single_state_may_speak_it_in_a_machine_that_does_not() {
    let states = json!({
        "A": {"Type": "Pass", "Parameters": {"x.$": "$.x"}, "Assign": {"y.$": "$.x"}, "Next": "B"},
        "B": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": {"z": "{% $y + 1 %}"}, "Next": "C"},
        "C": {"Type": "Pass", "Parameters": {"z.$": "$.z"}, "End": true}
    });
    assert_eq!(common::run(&states, &json!({"x": 1})), json!({"z": 2}));
}

#[test]
fn no_expression_holds_up_its_host() {
    let table = [
        "{% ($f := function(){ $f() }; $f()) %}",
        "{% ($f := function($n){ $n + $f($n + 1) }; $f(0)) %}",
        "{% $sum($map([1..9999999], function($v) { $v })) %}",
        "{% ($d := function($t, $n){ $n = 0 ? $t : $d($t & $t, $n - 1) }; $d('0123456789', 20)) %}",
        "{% $reduce([1..1000], function($a, $v) { {'a': $a} }, 1) %}",
        "{% $pad('', 300000) %}",
    ];
    for expression in table {
        let (error, cause) = failure_of(expression, &json!({}));
        assert!(
            ["States.QueryEvaluationError", "States.DataLimitExceeded"].contains(&error.as_str()),
            "{expression}: {error} {cause}"
        );
    }
}

#[test]
fn texts_that_cannot_be_read_are_found_when_the_definition_is() {
    for expression in [
        "{% ( %}",
        "{% $states.input[ %}",
        "{% %}",
        "{% $eval('1') %}",
    ] {
        let states = json!({"P": {"Type": "Pass", "Output": expression, "End": true}});
        assert!(
            Definition::parse(&jsonata(&states).to_string()).is_err(),
            "{expression}"
        );
    }
}

#[test]
fn the_result_of_a_task_is_its_output_unless_said_otherwise() {
    let states = json!({"T": {"Type": "Task", "Resource": ACTIVITY, "Retry": [
        {"ErrorEquals": ["Busy"]}], "Arguments": "{% $states.context.State.RetryCount %}", "End": true}});
    let mut host = start(&states, &json!({"a": 1}));
    assert_eq!(host.task().input, "0");
    host.task_starts();
    host.task_fails("Busy");
    host.wait();
    assert_eq!(host.task().input, "1");
    host.task_starts();
    host.task_succeeds(&json!({"b": 1.0, "c": 1e3}));
    assert_eq!(host.status(), Status::Succeeded);
    assert_eq!(host.execution.output(), Some(r#"{"b":1.0,"c":1000.0}"#));
}

#[test]
fn pad_fills_as_the_language_says_and_no_further_than_a_payload_reaches() {
    let input = json!({"text": "ab"});
    let table = [
        ("{% $pad('ab', 5) & '|' %}", json!("ab   |")),
        ("{% $pad($states.input.text, -5, '#') %}", json!("###ab")),
        ("{% $pad('ab', 7, '12') %}", json!("ab12121")),
        ("{% 'ab' ~> $pad(3, '.') %}", json!("ab.")),
        ("{% $pad('ab', 1) %}", json!("ab")),
        ("{% $length($pad('', 1000)) %}", json!(1000)),
    ];
    for (expression, expected) in table {
        assert_eq!(output_of(expression, &input), expected, "{expression}");
    }
    for width in ["1000000000", "-1e12", "262145"] {
        let (error, cause) = failure_of(&format!("{{% $pad('ab', {width}) %}}"), &input);
        assert_eq!(error, "States.QueryEvaluationError");
        assert!(cause.contains("width"), "{cause}");
    }
}
